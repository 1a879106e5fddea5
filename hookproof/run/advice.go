package run

import (
	"fmt"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/target"
)

// costMayBeForged replaces check.CostForged where only the answer was seen: an endpoint may acknowledge an event that it does not
// believe.
const costMayBeForged = "whoever knows the URL may be able to forge a <grant>: that it was accepted was seen, and not what it did; " +
	"an endpoint that fetches each event from Stripe by its id, and trusts only that, is safe from it"

// These costs and fixes belong to what was observed, whichever check observed it.
const (
	costUnrefused = "the forgery was not accepted, and not refused either: it looks like a fault of the endpoint's own, so whoever knows the URL can fill its log " +
		"and set off its alarms, among which real faults are lost"
	fixUnrefused = "catch what the verification throws, and answer 400"
	fixAnswer    = "answer 200 when the event is stored or has had its effect, however often it comes"
	fixLost      = "keep the target's state in a database: the process's memory ends with it. For a sandbox without a database, leave stop and start out of the target file"
	fixOneFact   = "let a <grant> count once, whichever event reports it: remember the <object> and its outcome, not the event's id alone"
)

// advice returns what a failure costs and how to fix it. Both are chosen by the relation, as it was shrunk, and by what was
// observed. If neither decides, they are those of the check's row. Both have the nouns of the life.
func advice(o Outcome) (cost, fix string) {
	cost, fix = adviceOn(o)
	nouns := check.LifeOf(o.Case.Check).Nouns
	return nouns.In(cost), nouns.In(fix)
}

func adviceOn(o Outcome) (cost, fix string) {
	c := o.Case.Check
	cost, fix = c.Why, c.Fix
	switch o.Symptom {
	case processEnded:
		return o.History.End.costs(c, o.Case.Fault != "" && !check.Faults[o.Case.Fault].OfAPI())
	case doneUnacknowledged:
		return check.CostRetry, fixAnswer
	case neverAcknowledged:
		if o.Case.Fault == "" {
			fix = "look in the target's log for why it refuses " + strings.Join(o.History.Unacknowledged, " and ") + "; " + fixAnswer
		}
		return check.CostRetry, fix
	case stateLost:
		return cost, fixLost
	case wrongState:
		return adviceOnState(o)
	}
	switch {
	case o.Case.Op != "":
	case o.History.onlyUnrefused():
		return costUnrefused, fixUnrefused
	case cost == check.LifeOf(c).Nouns.In(check.CostForged):
		cost = costMayBeForged
	}
	return cost, fix
}

// adviceOnState is the advice on a wrong state: an effect that happened twice, an order of events that changed the state, an event
// that came too late.
func adviceOnState(o Outcome) (cost, fix string) {
	c := o.Case.Check
	if c.Family() == "faults" && !c.Poison && !check.Faults[o.Case.Fault].OfAPI() { // the wrong state counts, not the answer under the fault
		return check.CostLost, check.MendOnce
	}
	repeats := func(s check.Step) bool { return s.Genuine() && o.Case.Delivered.Copies(s) > o.Case.Compared.Copies(s) }
	switch {
	case o.Case.lacksItsVerb() && slices.ContainsFunc(o.Case.Delivered, repeats):
		return check.CostTwice, check.MendDedupe
	case c.Family() != "order" || o.Case.Op != "=":
		return c.Why, c.Fix
	}
	_, more := doubled(o.Want, o.compared())
	late := o.Case.lateTypes()
	switch {
	case more && len(late) > 0:
		return check.CostTwice, fixOneFact
	case more && o.Case.Delivered.Repeats():
		return check.CostTwice, check.MendDedupe
	case len(late) > 0:
		return c.Why, fmt.Sprintf("let %s change only what it is about and what is still open: look at the <subject>'s state, not at the event alone", strings.Join(late, " and "))
	case o.Case.lacksItsVerb():
		return check.CostOrder, check.MendOrder
	}
	return c.Why, c.Fix
}

// lateTypes returns the types of the events that only the delivered side has: they come too late to change anything.
func (c Case) lateTypes() []string {
	var types []string
	for _, s := range c.Delivered {
		if s.Verb == "" && s.Want != "any" && !slices.ContainsFunc(c.Compared, s.Tells) {
			if name := s.Spec.Type; !slices.Contains(types, name) {
				types = append(types, name)
			}
		}
	}
	return types
}

// onlyUnrefused reports whether all deliveries were forgeries, and none was accepted.
func (h History) onlyUnrefused() bool {
	return len(h.Deliveries) > 0 && !slices.ContainsFunc(h.Deliveries, func(d target.Delivery) bool { return d.Genuine || d.Acknowledged() })
}
