package stripeapi

import (
	"slices"
	"strings"
)

// view is a story's objects after a number of its events. It does not change once it is built.
type view struct {
	catalog *catalog
	events  []told // those that have happened
	later   []told
	entries map[string]*entry
	names   map[string]bool // ids that the objects name
	kinds   map[string][]*entry
	account string
	start   int64
}

// entry is one object of a view.
type entry struct {
	object  object
	told    int    // the event that has told it; never where it is made from others
	event   string // that event's type
	inside  bool   // it was told inside another object
	gone    bool   // it was deleted
	account string
}

// making is the order in which what no event has told is made: what others are made from comes first.
var making = []string{"subscription", "invoice", "invoice_payment", "payment_intent", "charge", "setup_intent", "customer", "payment_method", "balance_transaction", "price", "product"}

// build makes the view. The API's lock is held.
func (s *Story) build(c *catalog, limit int) *view {
	v := &view{catalog: c, events: s.events[:limit], later: s.events[limit:], entries: map[string]*entry{}, names: map[string]bool{}, kinds: map[string][]*entry{}}
	if len(s.events) > 0 {
		v.account, v.start = s.events[0].account, s.events[0].created
	}
	for i, t := range v.events {
		v.tell(i, t)
	}
	told := map[string]bool{}
	for _, t := range v.later {
		if id := idOf(t.object); !told[id] {
			told[id] = true
			v.unmake(t)
		}
	}
	for range 2 { // what the first round made may name what comes before it in the order
		for _, kind := range making {
			v.make(kind)
			if kind == "charge" {
				v.refunds()
			}
		}
	}
	v.lineItems()
	v.prices()
	for id, e := range v.entries {
		v.names[id] = true
		texts(e.object, func(t string) { v.names[t] = true })
	}
	return v
}

// tell takes in an event.
func (v *view) tell(i int, t told) {
	o := v.shaped(t, copyOf(t.object).(object))
	if kind, verb := kindOf(o), t.kind[strings.LastIndexByte(t.kind, '.')+1:]; verb == "deleted" && kind != "subscription" {
		v.add(&entry{object: object{"id": idOf(o), "object": kind, "deleted": true}, told: i, event: t.kind, gone: true, account: t.account})
		return
	}
	v.add(&entry{object: o, told: i, event: t.kind, account: t.account})
	v.addInner(o, i, t.kind, t.account)
}

func (v *view) add(e *entry) {
	id, kind := idOf(e.object), kindOf(e.object)
	if id == "" {
		return
	}
	if old := v.entries[id]; old != nil {
		if old.gone && e.inside || kind == "plan" && kindOf(old.object) == "price" {
			return // a price is a plan of the same id, too
		}
		was := kindOf(old.object)
		v.kinds[was] = slices.DeleteFunc(v.kinds[was], func(other *entry) bool { return other == old })
	}
	v.entries[id] = e
	v.kinds[kind] = append(v.kinds[kind], e)
}

// addInner takes in the objects that stand inside another.
func (v *view) addInner(o object, i int, event, account string) {
	visit(o, func(inner object) {
		kind := kindOf(inner)
		if idOf(inner) == idOf(o) || kind == "list" || inner["deleted"] == true {
			return
		}
		if _, known := v.catalog.resources[kind]; known || innerPrefixes[kind] != "" {
			if old := v.entries[idOf(inner)]; old == nil || kindOf(old.object) == "plan" || i != never && inner["~made"] == nil {
				v.add(&entry{object: inner, told: i, event: event, inside: true, account: account})
			}
		}
	})
}

// unmake takes in what exists already before the first event about it.
func (v *view) unmake(t told) {
	id, kind := idOf(t.object), kindOf(t.object)
	if r := v.catalog.resources[kind]; r == nil || !r.Exists || v.entries[id] != nil || strings.HasSuffix(t.kind, ".created") {
		return
	}
	v.add(&entry{object: v.before(id), told: never, account: t.account})
}

// before returns an object that a later event tells, as it was before that; nil if none does.
func (v *view) before(id string) object {
	for _, t := range v.later {
		if idOf(t.object) != id {
			continue
		}
		o := copyOf(t.object).(object)
		restore(o, t.previous)
		v.shaped(t, o)
		if r := v.catalog.resources[kindOf(o)]; r != nil && len(t.previous) == 0 && !strings.HasSuffix(t.kind, ".created") {
			apply(o, r.Before, copyOf(o).(object), t.created)
		}
		return o
	}
	return nil
}

// restore puts an update's previous attributes back.
func restore(o, previous object) {
	for key, was := range previous {
		inner, isObject := o[key].(object)
		old, both := was.(object)
		if isObject && both && key != "metadata" {
			restore(inner, old)
			continue
		}
		o[key] = copyOf(was)
	}
}

// make makes the objects of a kind that others name and no event has told.
func (v *view) make(kind string) {
	type naming struct {
		rule   rule
		source *entry
	}
	named, ids := map[string][]naming{}, []string{}
	for _, r := range v.catalog.rules[kind] {
		for _, source := range v.kinds[r.Of] {
			if source.gone {
				continue
			}
			for _, id := range r.targets(source.object) {
				if named[id] == nil {
					ids = append(ids, id)
				}
				named[id] = append(named[id], naming{r, source})
			}
		}
	}
	for _, id := range ids {
		target := v.entries[id]
		if target != nil && (target.told == never || target.gone) && v.names[id] {
			continue // made in an earlier round, or deleted
		}
		by := named[id]
		slices.SortStableFunc(by, func(a, b naming) int { return compare(a.source.told, b.source.told) })
		if target == nil {
			o := v.before(id)
			isTold := o != nil
			if !isTold {
				if o = v.catalog.fresh(kind, id); o == nil {
					continue
				}
				v.stamp(o, by[0].source.object)
			}
			target = &entry{object: o, told: never, account: by[0].source.account}
			for _, n := range by {
				n.rule.change(target, n.source, isTold, v.start)
			}
			v.catalog.complete(o)
			v.add(target)
			v.addInner(o, never, "", target.account)
			v.names[id] = true
			continue
		}
		for _, n := range by {
			n.rule.change(target, n.source, true, v.start)
		}
	}
}

func compare(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// stamp gives what is made the time and the mode of what it is made from.
func (v *view) stamp(o, source object) {
	put(o, "/created", source["created"])
	if source["created"] == nil {
		put(o, "/created", number(v.start))
	}
	if mode, has := source["livemode"]; has {
		visit(o, func(inner object) { put(inner, "/livemode", mode) })
	}
	visit(o, func(inner object) {
		if inner["created"] == number(0) {
			inner["created"] = o["created"]
		}
	})
}

// find returns an object of the view; nil if the story has none of that id.
func (v *view) find(id string) *entry {
	if e := v.entries[id]; e != nil {
		return e
	}
	kind := v.catalog.kindOfID(id)
	if kind == "" || !v.names[id] {
		return nil
	}
	o := v.catalog.fresh(kind, id)
	if o == nil {
		return nil
	}
	v.stamp(o, object{"created": number(v.start)})
	v.catalog.complete(o)
	return &entry{object: o, told: never, account: v.account}
}
