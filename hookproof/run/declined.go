package run

import (
	"fmt"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// declines is how a target answers a type that it does not handle, where that is all that is wrong with a history's answers: each
// genuine delivery that failed is of a type that was never taken, and all were answered alike. Else it is "". A failure of its own,
// a 5xx, may have any reason, unless the answer names the type.
func (h History) declines(taken map[string]bool) string {
	declined := ""
	for _, d := range h.Deliveries {
		if d.Acknowledged() || !d.Genuine || d.Fault != "" {
			continue
		}
		answer := fmt.Sprint(d.Status, " ", strings.TrimSpace(strings.NewReplacer(d.EventType, "{{type}}", d.EventID, "{{id}}").Replace(d.Answer)))
		named := d.Status/100 == 4 || d.Status/100 == 5 && strings.Contains(answer, "{{type}}")
		if d.EventType == "" || !named || taken[d.EventType] || declined != "" && declined != answer || h.takesInTheEnd(d.EventID) {
			return ""
		}
		declined = answer
	}
	return declined
}

// takesInTheEnd reports whether an event was taken in the end.
func (h History) takesInTheEnd(event string) bool {
	return slices.ContainsFunc(h.Deliveries, func(d target.Delivery) bool { return d.Acknowledged() && d.EventID == event })
}

// takenTypes are the types of which the target has acknowledged a genuine event.
func takenTypes(delivered []target.Delivery) map[string]bool {
	types := map[string]bool{}
	for _, d := range delivered {
		if d.Genuine && d.Acknowledged() {
			types[d.EventType] = true
		}
	}
	return types
}

// unhandledAnswer names the event type of which a relation of answers alone demands an ACK, and which the target means to ignore.
// Whether a type that nobody waits for is acknowledged is asked in any case, and a payment carries questions that are not
// about its type.
func (c Case) unhandledAnswer(types []string) string {
	for _, step := range c.Delivered {
		w := life.Vocabulary[step.Event]
		if step.Verb != "" || w.Event == "" || w.Event == life.NeutralEvent || life.Payment.IsBeside(step.Event) || w.Payment() || !strings.HasPrefix(step.Want, "ack") {
			continue
		}
		if name := life.FixtureType(w.Event); slices.Contains(types, name) {
			return name
		}
	}
	return ""
}

// ignored names the type of some words that were never acknowledged, where unhandled lists the types of all of them.
func (x *executor) ignored(unanswered []string) string {
	name := ""
	for _, event := range unanswered {
		w, _ := x.facts.spec(event)
		if w.Event == "" || w.Event == life.NeutralEvent || w.Payment() {
			return ""
		}
		if name = life.FixtureType(w.Event); !slices.Contains(x.target.Unhandled, name) {
			return ""
		}
	}
	return name
}
