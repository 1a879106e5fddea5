package stripeapi

import (
	"maps"
	"slices"
	"strings"
)

// create makes an object from a request's parameters.
func (a *API) create(c *call, r *resource, params object) (object, *failure) {
	if r.kind == "refund" {
		if why := a.refundable(c, params); why != nil {
			return nil, why
		}
	}
	id := a.newID(c.catalog.prefix(r.kind))
	if given := text(params["id"]); given != "" {
		id = given // products, coupons and plans may be named
		if old, _ := a.find(c, id, nil); old != nil && old["deleted"] != true {
			return nil, invalid("id", "resource_already_exists", "%s already exists.", strings.ToUpper(r.kind[:1])+r.kind[1:])
		}
	}
	o := c.catalog.fresh(r.kind, id)
	put(o, "/created", number(c.now))
	a.take(o, params)
	a.special(c, o, params)
	apply(o, r.Create, copyOf(o).(object), c.now)
	if r.kind == "payment_intent" && params["confirm"] == "true" {
		apply(o, r.Actions["confirm"].Put, copyOf(o).(object), c.now)
	}
	c.catalog.complete(o)
	a.keep(c, o)
	return copyOf(o).(object), nil
}

// keep remembers what was made, and what stands inside it.
func (a *API) keep(c *call, o object) {
	visit(o, func(inner object) {
		id := idOf(inner)
		r := c.catalog.resources[kindOf(inner)]
		if r == nil || id == "" || id != idOf(o) && (a.made[id] != nil || !strings.Contains(id, "1Made")) {
			return
		}
		if a.made[id] == nil {
			a.order = append(a.order, id)
		}
		a.made[id] = &entry{object: inner, told: never, account: c.account}
	})
}

// take puts the parameters that an object has a place for into it.
func (a *API) take(o object, params object) {
	for _, key := range slices.Sorted(maps.Keys(params)) {
		given := params[key]
		was, has := o[key]
		switch {
		case key == "metadata":
			metadata, _ := was.(object)
			to := object{}
			maps.Copy(to, metadata)
			if change, isObject := given.(object); isObject {
				mergeMetadata(to, change)
			}
			o[key] = to
		case !has || key == "expand" || key == "id" || key == "items" || key == "discounts" || key == "lines":
		default:
			o[key] = typed(key, was, given)
		}
	}
}

// update changes an object by a request's parameters.
func (a *API) update(c *call, o object, of *Story) (object, *failure) {
	before := copyOf(o).(object)
	a.take(o, c.params)
	a.special(c, o, c.params)
	c.catalog.complete(o)
	a.change(before, o)
	return o, nil
}

// change remembers how a request has changed an object.
func (a *API) change(before, after object) {
	id := idOf(after)
	if made := a.made[id]; made != nil {
		made.object = copyOf(after).(object)
		delete(a.changes, id)
		return
	}
	changes := a.changes[id]
	if changes == nil {
		changes = object{}
		a.changes[id] = changes
	}
	for key, v := range after {
		if same(before[key], v) {
			continue
		}
		if key != "metadata" {
			changes[key] = copyOf(v)
			continue
		}
		delta, _ := changes[key].(object)
		if delta == nil {
			delta = object{}
		}
		was, _ := before[key].(object)
		is, _ := v.(object)
		for name := range was {
			if _, has := is[name]; !has {
				delta[name] = ""
			}
		}
		for name, value := range is {
			if !same(was[name], value) {
				delta[name] = value
			}
		}
		changes[key] = delta
	}
}

// act does what a verb says.
func (a *API) act(c *call, o object, of *Story, how action) (object, *failure) {
	if !matches(o, how.If) || len(how.Unless) > 0 && matches(o, how.Unless) {
		message := strings.NewReplacer("{id}", idOf(o), "{status}", text(o["status"])).Replace(how.Message)
		return nil, invalid("", how.Code, "%s", message)
	}
	before := copyOf(o).(object)
	a.take(o, c.params)
	apply(o, how.Put, copyOf(o).(object), c.now)
	if part := c.params["amount_to_capture"]; part != nil {
		put(o, "/amount_received", typed("amount", nil, part))
	}
	a.change(before, o)
	return o, nil
}

// remove deletes an object, or ends it.
func (a *API) remove(c *call, o object, of *Story) object {
	r := c.route.resource
	if r.Delete == "put" {
		before := copyOf(o).(object)
		apply(o, r.Deleted, copyOf(o).(object), c.now)
		a.change(before, o)
		return o
	}
	stub := object{"id": idOf(o), "object": r.kind, "deleted": true}
	a.change(o, stub)
	if a.made[idOf(o)] == nil {
		a.changes[idOf(o)] = object{"deleted": true}
	}
	return copyOf(stub).(object)
}

// refundable returns why a refund cannot be made; it fills in what the request leaves out.
func (a *API) refundable(c *call, params object) *failure {
	chargeID, intentID := text(params["charge"]), text(params["payment_intent"])
	if chargeID == "" && intentID == "" {
		return invalid("", "parameter_missing", "One of the following params should be provided for this request: payment_intent or charge.")
	}
	if chargeID == "" {
		intent, of := a.find(c, intentID, nil)
		if intent == nil {
			return missing(c.catalog.resources["payment_intent"], intentID)
		}
		if chargeID = text(idIn(intent["latest_charge"])); chargeID == "" {
			return invalid("", "", "This PaymentIntent (%s) does not have a successful charge to refund.", intentID)
		}
		_ = of
	}
	charge, _ := a.find(c, chargeID, nil)
	if charge == nil {
		return missing(c.catalog.resources["charge"], chargeID)
	}
	before := copyOf(charge).(object)
	left := integer(charge["amount"]) - integer(charge["amount_refunded"])
	amount := left
	if given := text(params["amount"]); given != "" {
		amount = integer(given)
	}
	switch {
	case left <= 0:
		return invalid("", "charge_already_refunded", "Charge %s has already been refunded.", chargeID)
	case amount > left:
		return invalid("amount", "", "Refund amount ($%.2f) is greater than unrefunded amount on charge ($%.2f)", float64(amount)/100, float64(left)/100)
	}
	params["charge"], params["payment_intent"] = chargeID, charge["payment_intent"]
	params["amount"], params["currency"] = number(amount).String(), charge["currency"]
	charge["amount_refunded"] = number(integer(charge["amount_refunded"]) + amount)
	charge["refunded"] = amount == left
	a.change(before, charge)
	return nil
}
