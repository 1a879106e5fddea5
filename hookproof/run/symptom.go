package run

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// A failure explains another one where both were seen to show the same: the same places of the state, broken in the same
// way, by the same events; or the same answer to the same. That two checks are about the same is no reason.

// within reports whether a list has something, and all of it stands in another.
func within(list, other []string) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(one string) bool { return !slices.Contains(other, one) })
}

// doublesAlike reports whether what came several times in one failure did so in the other, and was counted again in places
// that the other has broken.
func doublesAlike(cause, other evidence) bool {
	return cause.doubled && other.doubled && within(other.places, cause.places) && within(other.copied, cause.copied)
}

// sameFacts reports whether two failures were shown by the same facts, delivered alike, and in the same places.
func sameFacts(cause, other evidence) bool {
	return other.facts != "" && other.facts == cause.facts && other.doubled == cause.doubled && within(other.places, cause.places)
}

// begunSo reports whether a state was wrong in the same places when only the first events of a schedule had come.
func begunSo(cause, other evidence) bool {
	return cause.begins != "" && strings.HasPrefix(other.begins, cause.begins+" ") && within(other.places, cause.places)
}

// facts are what a relation of states tells on both sides, in its order: a refund is the first or the second that is told of, whatever
// its sum. It is "" where a fault or counters are a part of it.
func (c Case) facts() string {
	if c.Op == "" || c.Fault != "" || c.Counts != nil {
		return ""
	}
	var refunds []string
	side := func(s check.Schedule) string {
		var facts []string
		for _, step := range s {
			copies := 1
			if step.Verb == "" && !step.Together && !step.Fresh { // each is as one more word
				copies, step.Copies = step.Copies, 1
			}
			if step.Verb == "" && life.FixtureType(life.Vocabulary[step.Event].Event) == "charge.refunded" {
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

// lacksItsOwn reports whether a failure was shown without the one thing that its check asks about: not by a tie, and not by
// telling all again. The fault is another then.
func (c Case) lacksItsOwn() bool {
	return slices.ContainsFunc([]string{"tie", "again", "later", "restart"}, func(verb string) bool {
		asks := func(r check.Relation) bool { return slices.Contains(strings.Fields(r.Left), verb) }
		return !c.Delivered.Verb(verb) && len(c.Check.Relations) > 0 && !slices.ContainsFunc(c.Check.Relations, func(r check.Relation) bool { return !asks(r) })
	})
}

// copied are the events that came several times in a failure: "paid" under one id, "paid+" under several.
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

// taken are the ways in which what should have been refused was signed, where that it was taken is all that is wrong: its
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

// forgeries reports whether all of some ways to sign are forgeries: what is only out of time was signed with the secret.
func forgeries(signs []string) bool {
	return len(signs) > 0 && !slices.ContainsFunc(signs, func(sign string) bool { return event.Signings[sign].At != 0 })
}

// outOfTime is the opposite.
func outOfTime(signs []string) bool {
	return len(signs) > 0 && !slices.ContainsFunc(signs, func(sign string) bool { return event.Signings[sign].At == 0 })
}

// showsAs are the places of a state that are as they should not be, since another schedule has left them so.
func showsAs(seen result.State, whole, base result.State) (places []string) {
	for place, value := range seen {
		if reflect.DeepEqual(value, whole[place]) && !reflect.DeepEqual(value, base[place]) {
			places = append(places, place)
		}
	}
	slices.Sort(places)
	return places
}
