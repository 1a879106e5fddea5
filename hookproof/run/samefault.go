package run

import (
	"fmt"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/result"
)

// A failure explains another one if both showed the same: the same places of the state were wrong in the same way, by the same
// events; or the same delivery had the same answer. It is not enough that two checks are about the same subject.

// isSubset reports whether a list has elements, and all of them are in another list.
func isSubset(list, other []string) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(one string) bool { return !slices.Contains(other, one) })
}

// doublesAlike reports whether the events that came several times in one failure did so in the other as well, and were counted
// again at places that were wrong in both.
func doublesAlike(cause, other evidence) bool {
	return cause.doubled && other.doubled && isSubset(other.places, cause.places) && isSubset(other.copied, cause.copied)
}

// sameFacts reports whether two failures were shown by the same events, delivered in the same way, at the same places.
func sameFacts(cause, other evidence) bool {
	return other.facts != "" && other.facts == cause.facts && other.doubled == cause.doubled && isSubset(other.places, cause.places) && !brokeElsewhere(cause, other)
}

// sameBeginning reports whether a state was already wrong at the same places after the first events of a schedule.
func sameBeginning(cause, other evidence) bool {
	return cause.begins != "" && strings.HasPrefix(other.begins, cause.begins+" ") && isSubset(other.places, cause.places) && !brokeElsewhere(cause, other)
}

// order returns the events of a case whose sides tell the same ones, each once, in an order of their own or overlapping; "" for others.
func (c Case) order() string {
	words := func(s check.Schedule) string {
		var list []string
		for _, step := range s {
			if step.Verb == "" && !step.Prepares() {
				list = append(list, step.String())
			}
		}
		slices.Sort(list)
		return strings.Join(list, " ")
	}
	if told := words(c.Compared); c.Op == "=" && c.Fault == "" && told == words(c.Delivered) && c.Delivered.String() != c.Compared.String() {
		return told
	}
	return ""
}

// sameOrder reports whether the same events ended in the same wrong places because of their order.
func sameOrder(cause, other evidence) bool {
	return cause.order != "" && cause.order == other.order && isSubset(other.places, cause.places)
}

// brokeElsewhere reports whether a failure had wrong places, before it was shrunk, that its cause does not have. Then it shows a
// second fault as well, and is not mended with its cause.
func brokeElsewhere(cause, other evidence) bool {
	return slices.ContainsFunc(other.found, func(place string) bool { return !slices.Contains(slices.Concat(cause.places, cause.found), place) })
}

// facts describes the events on both sides of a relation of states, in order: a refund is the first or the second one, whatever
// its amount. It is "" if the relation has a fault or counters.
func (c Case) facts() string {
	if c.Op == "" || c.Fault != "" || c.Counts != nil {
		return ""
	}
	var refunds []string
	side := func(s check.Schedule) string {
		var facts []string
		for _, step := range s {
			copies := 1
			if step.Verb == "" && !step.Together && !step.Fresh { // a word of its own
				copies, step.Copies = step.Copies, 1
			}
			if step.Verb == "" && step.Spec.Type == "charge.refunded" {
				if !slices.Contains(refunds, step.Event) {
					refunds = append(refunds, step.Event)
				}
				step.Event = fmt.Sprint("refund ", slices.Index(refunds, step.Event)+1)
			}
			for range copies {
				facts = append(facts, step.String())
			}
		}
		return strings.Join(facts, ", ")
	}
	return side(c.Delivered) + " " + c.Op + " " + side(c.Compared)
}

// lacksItsVerb reports whether the failure was shown without the verb that its check asks about, such as tie or again. The fault is
// another one then.
func (c Case) lacksItsVerb() bool {
	return slices.ContainsFunc(canGo, func(verb string) bool {
		asks := func(r check.Relation) bool { return slices.Contains(strings.Fields(r.Left), verb) }
		return !c.Delivered.Verb(verb) && len(c.Check.Relations) > 0 && !slices.ContainsFunc(c.Check.Relations, func(r check.Relation) bool { return !asks(r) })
	})
}

// copied returns the events that came several times in a failure: "paid" under one id, "paid+" under several.
func (c Case) copied(timeline []result.Sent) (list []string) {
	for _, step := range c.Delivered {
		if !step.Genuine() || step.Prepares() {
			continue
		}
		times := map[string]int{}
		for _, sent := range timeline {
			if sent.Event == step.Event && event.Signings[sent.Sign].Genuine {
				times[sent.ID]++
			}
		}
		most := 0
		for _, n := range times {
			most = max(most, n)
		}
		for name, is := range map[string]bool{step.Event: most > 1, step.Event + "+": len(times) > 1} {
			if is && !slices.Contains(list, name) {
				list = append(list, name)
			}
		}
	}
	slices.Sort(list)
	return list
}

// taken returns how the deliveries were signed that should have been refused, if their acceptance is all that is wrong: the
// answer, a state that nothing else can have changed, or counters that moved as the answers say.
func (c Case) taken(timeline []result.Sent, counted bool) (list []string) {
	forged := func(step check.Step) bool {
		return step.Verb == "" && !event.Signings[event.OrGenuine(step.Sign)].Genuine
	}
	others := func(step check.Step) bool { return step.Verb == "" && !forged(step) }
	if c.Check.WholeRun != "" || c.Counts != nil && !counted || c.Op != "" && slices.ContainsFunc(c.Delivered, others) {
		return nil
	}
	for _, sent := range timeline {
		if sent.Status/100 == 2 && !slices.Contains(list, sent.Sign) && slices.ContainsFunc(c.Delivered, func(step check.Step) bool { return forged(step) && step.Sign == sent.Sign }) {
			list = append(list, sent.Sign)
		}
	}
	return list
}

// forgeries reports whether all of some signings are forgeries. A delivery that is only out of time has a signature by the secret.
func forgeries(signs []string) bool {
	return len(signs) > 0 && !slices.ContainsFunc(signs, func(sign string) bool { return event.Signings[sign].At != 0 })
}

// outOfTime reports whether all of some signings are only out of time.
func outOfTime(signs []string) bool {
	return len(signs) > 0 && !slices.ContainsFunc(signs, func(sign string) bool { return event.Signings[sign].At == 0 })
}

// placesLike returns the places at which a state has the value of another schedule's state, and not the base's.
func placesLike(seen, whole, base normalized) (places []string) {
	for place, value := range seen {
		if value == whole[place] && value != base[place] {
			places = append(places, place)
		}
	}
	slices.Sort(places)
	return places
}
