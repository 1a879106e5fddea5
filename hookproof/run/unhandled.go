package run

import (
	"fmt"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// declines returns how a target answers a type that it does not handle, if that is all that is wrong with a history's answers.
// Each genuine delivery that failed must be of a type that was never acknowledged, and all must have had the same answer. Else it
// returns "". A 5xx can have any reason, so it counts only if the answer names the type.
func (h History) declines(taken map[string]bool) string {
	declined := ""
	for _, d := range h.Deliveries {
		if d.Acknowledged() || !d.Genuine || d.Fault != "" {
			continue
		}
		answer := fmt.Sprint(d.Status, " ", strings.TrimSpace(strings.NewReplacer(d.EventType, "{{type}}", d.EventID, "{{id}}").Replace(d.Answer)))
		named := d.Status/100 == 4 || d.Status/100 == 5 && strings.Contains(answer, "{{type}}")
		if d.EventType == "" || !named || taken[d.EventType] || declined != "" && declined != answer || h.acknowledgedInTheEnd(d.EventID) {
			return ""
		}
		declined = answer
	}
	return declined
}

// acknowledgedInTheEnd reports whether an event was acknowledged in the end.
func (h History) acknowledgedInTheEnd(event string) bool {
	return slices.ContainsFunc(h.Deliveries, func(d target.Delivery) bool { return d.Acknowledged() && d.EventID == event })
}

// acknowledgedTypes are the types of which the target acknowledged a genuine event.
func acknowledgedTypes(delivered []target.Delivery) map[string]bool {
	types := map[string]bool{}
	for _, d := range delivered {
		if d.Genuine && d.Acknowledged() {
			types[d.EventType] = true
		}
	}
	return types
}

// unhandledAnswer returns the event type that the target ignores, if a relation over answers alone demands its ACK. The check of
// types that nobody handles is asked in any case. A payment is asked as well: the checks that deliver it are not about its type.
func (c Case) unhandledAnswer(types []string) string {
	for _, step := range c.Delivered {
		if step.Verb != "" {
			continue
		}
		w := step.Spec
		if w.Type == "" || w.Event == life.NeutralEvent || check.LifeOf(c.Check).IsBeside(step.Event) || w.Payment() || !strings.HasPrefix(step.Want, "ack") {
			continue
		}
		if slices.Contains(types, w.Type) {
			return w.Type
		}
	}
	return ""
}

// ignored returns the type of one of some events that were never acknowledged, if unhandled lists the types of all of them.
func (x *executor) ignored(unanswered []string) string {
	name := ""
	for _, event := range unanswered {
		w, _ := x.spec(event)
		if w.Type == "" || w.Event == life.NeutralEvent || w.Payment() {
			return ""
		}
		if name = w.Type; !slices.Contains(x.target.Unhandled, name) {
			return ""
		}
	}
	return name
}

// ignoresGrant names the type of the event that grants, if the target ignores it on purpose: then no effect can be expected of it.
func (x *executor) ignoresGrant() string {
	for _, name := range typesOnlyIn(x.life, x.roles.grant, "") {
		if slices.Contains(x.target.Unhandled, name) {
			return name
		}
	}
	return ""
}
