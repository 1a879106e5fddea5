package stripeapi

import "fmt"

// refunds gives every charge its refunds: those that were told, and one for each step of amount_refunded that none of them explains.
func (v *view) refunds() {
	for _, charge := range v.kinds["charge"] {
		id := idOf(charge.object)
		var sum int64
		latest := never
		for _, e := range v.kinds["refund"] {
			if !isOf(e.object, charge.object) {
				continue
			}
			if status := e.object["status"]; status != "failed" && status != "canceled" {
				sum += integer(e.object["amount"])
			}
			latest = max(latest, e.told)
		}
		refunded := integer(charge.object["amount_refunded"])
		if sum > refunded && latest > charge.told {
			refunded = sum
			put(charge.object, "/amount_refunded", number(sum))
			put(charge.object, "/refunded", sum >= integer(charge.object["amount"]))
		}
		missing := refunded - sum
		for n, step := range v.steps(id) {
			if missing <= 0 {
				break
			}
			amount := min(missing, step.amount)
			missing -= amount
			refundID := "re_" + suffix(id)
			if n > 0 {
				refundID += fmt.Sprint(n + 1)
			}
			if v.entries[refundID] != nil {
				continue
			}
			o := v.catalog.fresh("refund", refundID)
			v.stamp(o, charge.object)
			put(o, "/created", number(step.created))
			put(o, "/amount", number(amount))
			put(o, "/charge", id)
			for _, key := range []string{"/currency", "/payment_intent"} {
				put(o, key, first(charge.object, key))
			}
			put(o, "/balance_transaction", "txn_"+suffix(refundID))
			v.add(&entry{object: o, told: never, account: charge.account})
		}
	}
}

func isOf(refund, charge object) bool {
	if of := text(refund["charge"]); of != "" {
		return of == idOf(charge)
	}
	return text(refund["payment_intent"]) != "" && refund["payment_intent"] == charge["payment_intent"]
}

// step is an increase of what is refunded of a charge.
type step struct{ amount, created int64 }

// steps are the increases that events tell, those first that no refund of the same amount explains.
func (v *view) steps(charge string) (steps []step) {
	explained := map[int64]int{}
	for _, e := range v.kinds["refund"] {
		if text(e.object["charge"]) == charge && e.told != never {
			explained[integer(e.object["amount"])]++
		}
	}
	var known []step
	var before int64
	for _, t := range v.events {
		if idOf(t.object) != charge {
			continue
		}
		was := before
		if told := t.previous["amount_refunded"]; told != nil {
			was = integer(told)
		}
		now := integer(t.object["amount_refunded"])
		if by := (step{now - was, t.created}); by.amount > 0 && explained[by.amount] > 0 {
			explained[by.amount]--
			known = append(known, by)
		} else if by.amount > 0 {
			steps = append(steps, by)
		}
		before = now
	}
	return append(steps, known...)
}

// prices replaces what a conversion between shapes has made of a price's id by the price, where it is told.
func (v *view) prices() {
	for _, e := range v.entries {
		visit(e.object, func(o object) {
			if made, isObject := o["price"].(object); isObject && made["~made"] != nil {
				if told := v.entries[idOf(made)]; told != nil && told.object["~made"] == nil {
					o["price"] = copyOf(told.object)
				}
			}
		})
	}
}

// lineItems gives every session what was bought: the items of its subscription, or one item at the session's price.
func (v *view) lineItems() {
	for _, session := range v.kinds["checkout.session"] {
		if session.gone {
			continue
		}
		o := session.object
		var data []any
		if e := v.entries[text(o["subscription"])]; e != nil {
			for _, inner := range all(e.object, "/items/data/*") {
				item, _ := inner.(object)
				data = append(data, v.lineItem(o, item, "li_"+suffix(text(item["id"]))))
			}
		}
		if data == nil {
			data = []any{v.lineItem(o, nil, "li_"+suffix(idOf(o)))}
		}
		o["~line_items"] = listOf(data, "/v1/checkout/sessions/"+idOf(o)+"/line_items")
	}
}

func (v *view) lineItem(session, item object, id string) object {
	o := v.catalog.fresh("item", id)
	v.stamp(o, session)
	subtotal, discount := session["amount_subtotal"], first(session, "/total_details/amount_discount")
	put(o, "/currency", session["currency"])
	put(o, "/price/unit_amount", subtotal)
	put(o, "/price/currency", session["currency"])
	if item != nil {
		price := copyOf(item["price"])
		put(o, "/price", price)
		put(o, "/quantity", item["quantity"])
		if unit := first(price, "/unit_amount"); unit != nil && subtotal != number(0) {
			subtotal = number(integer(unit) * max(1, integer(item["quantity"])))
		}
	}
	put(o, "/amount_subtotal", subtotal)
	put(o, "/amount_total", subtotal)
	if discount != nil && integer(discount) > 0 {
		put(o, "/amount_discount", discount)
		put(o, "/amount_total", number(max(0, integer(subtotal)-integer(discount))))
	}
	v.catalog.complete(o)
	return o
}

func listOf(data []any, url string) object {
	if data == nil {
		data = []any{}
	}
	return object{"object": "list", "data": data, "has_more": false, "url": url}
}
