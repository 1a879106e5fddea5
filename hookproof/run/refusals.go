package run

import (
	"fmt"
	"strings"

	"example.com/hookproof/hookproof/life"
)

// otherShapes is the check that asks about many events, most of which other checks ask about in one form.
const otherShapes = "ack-policy/other-shapes"

// refusals are the wrong answers to genuine deliveries.
type refusals struct {
	byType  map[string]string // the answer to each event type, without what differs from one delivery to the next; "" if there are several
	known   bool              // a type among them was acknowledged in another delivery
	current bool              // an event among them is not of a newer API version than the target's
}

// refusals returns a history's wrong answers. taken are the event types that the target acknowledged in this run.
func (h History) refusals(taken map[string]bool) refusals {
	r := refusals{byType: map[string]string{}}
	for _, d := range h.Deliveries {
		if d.Acknowledged() || !d.Genuine {
			continue
		}
		answer := fmt.Sprint(d.Status, " ", varying.ReplaceAllString(strings.ReplaceAll(d.Answer, d.EventType, "{{type}}"), "…"))
		if before, there := r.byType[d.EventType]; there && before != answer {
			answer = ""
		}
		r.byType[d.EventType] = answer
		r.known = r.known || taken[d.EventType]
		shape := life.Payment.Vocabulary[life.SpecOf(d.Label)] // every life has the shapes
		r.current = r.current || shape == nil || shape.Version == ""
	}
	return r
}

// ofNewerVersions reports whether only events of newer API versions than the target's were refused.
func ofNewerVersions(cause, other evidence) bool {
	return other.check == otherShapes && len(other.refusals.byType) > 0 && !cause.refusals.current && !other.refusals.current
}

// refusesTypesAlike reports whether events of the same types had the same answers.
func refusesTypesAlike(cause, other evidence) bool {
	return other.check == otherShapes && cause.refusals.have(other.refusals)
}

// neverAcknowledgesAlike reports whether an event was never acknowledged whose refusal is the other failure.
func neverAcknowledgesAlike(cause, other evidence) bool {
	return other.never && cause.refusals.have(other.refusals)
}

// have reports whether all of some refusals are among these: the same types with the same answers.
func (r refusals) have(others refusals) bool {
	for name, answer := range others.byType {
		if answer == "" || answer != r.byType[name] {
			return false
		}
	}
	return len(others.byType) > 0
}

// refusesShapesAlike reports whether only types were refused that the target never acknowledges, all with the answer that the type has
// which nobody waits for.
func refusesShapesAlike(cause, other evidence) bool {
	for _, answer := range other.refusals.byType {
		if answer == "" || answer != cause.refusals.byType[life.NeutralEvent] {
			return false
		}
	}
	return other.check == otherShapes && len(other.refusals.byType) > 0 && !other.refusals.known
}
