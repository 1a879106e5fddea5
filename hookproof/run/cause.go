package run

import (
	"slices"
	"strings"

	"example.com/hookproof/hookproof/result"
)

// cause is a check whose failure can explain the failures of others.
type cause struct {
	check    string // "" is any
	beside   string // a second check that must have failed as well; "" if none
	explains func(cause, other evidence) bool
}

// evidence is what is known of a failed check.
type evidence struct {
	check      string
	places     []string // of the state that were wrong
	found      []string // those that were wrong before the schedule was shrunk
	doubled    bool     // every wrong place holds a larger number than it should, or something that should not be there
	copied     []string // events that came several times: "paid" under one id, "paid+" under several
	facts      string   // the facts that show the failure, see Case.facts
	begins     string   // the schedule, if its state holds what it should not
	otherFault bool     // the failure was shown without what the check asks about, so the check's advice does not apply
	lost       bool     // a restart lost the target's state
	refused    int      // the status of the answer to duplicates, if that answer is all that is wrong; else 0
	again      int      // the status of the answer to a second event of a type that was taken, if that answer is all that is wrong; else 0
	taken      []string // the signings that were accepted, if that is all that is wrong

	refusals refusals // the answers that are wrong
	never    bool     // an event was not acknowledged, where that is what is asked or nothing else is known
	stays    bool     // what was paid for does not end later when it was paid for once more
	order    string   // the events, if their order or overlap is all that differs from what they are compared with; else ""
	declines string   // the answer to types that the target does not handle, if that answer is all that is wrong; else ""
	ended    string   // the fix, if a fault of the database ended the process; else ""
}

// causes are tried in this order. The first that explains a failure is reported.
var causes = []cause{
	{"ack-policy/duplicate", "", func(cause, other evidence) bool { return other.refused > 0 && other.refused == cause.refused }},
	{"ack-policy/duplicate", "", func(cause, other evidence) bool { return other.again > 0 && other.again == cause.refused }}, // a unique constraint refuses both
	{"ack-policy/unhandled-type", "", func(cause, other evidence) bool { return cause.declines != "" && cause.declines == other.declines }},
	{"authenticity/api-versions", "", ofNewerVersions},
	{"ack-policy/unhandled-type", "", refusesShapesAlike},
	{"ack-policy/foreign-object", "", refusesTypesAlike},
	{"ack-policy/missing-metadata", "", refusesTypesAlike},
	{"ack-policy/life", "", refusesTypesAlike},
	{"ack-policy/life", "", neverAcknowledgesAlike},
	{"", "", func(cause, other evidence) bool { return cause.lost && other.lost }},
	{"idempotence/redelivered", "", doublesAlike},
	{"idempotence/refund-redelivered", "", doublesAlike},
	{"idempotence/two-ids", "", doublesAlike},
	{"authenticity/wrong-secret", "", func(cause, other evidence) bool { return forgeries(cause.taken) && forgeries(other.taken) }},
	{"authenticity/wrong-secret", "authenticity/unsigned", func(cause, other evidence) bool { // signatures are not checked at all, so neither is their time
		return forgeries(cause.taken) && outOfTime(other.taken)
	}},
	{"faults/api-500", "", givesUpAlike},
	{"faults/api-429", "", givesUpAlike},
	{"faults/database-away", "", bothEnded},
	{"faults/cut-before", "", bothEnded},
	{"meaning/unpaid", "", sameBeginning},
	{"order/begins", "", sameOrder},
	{"meaning/period", "", func(cause, other evidence) bool {
		return cause.stays && other.stays && isSubset(other.places, cause.places)
	}},
	{"", "", func(cause, other evidence) bool { return !cause.otherFault && sameFacts(cause, other) }},
	{"", "", sameFacts},
}

// bothEnded reports whether the process ended both times for one reason: what ends it while the database is away may end it at a
// cut connection as well.
func bothEnded(cause, other evidence) bool { return cause.ended != "" && cause.ended == other.ended }

// givesUpAlike reports whether another failure of Stripe's API has left a wrong state as well: whoever takes one failure for an answer
// takes the others for one at the same place.
func givesUpAlike(cause, other evidence) bool {
	return strings.HasPrefix(other.check, "faults/api-") && len(cause.places) > 0 && len(other.places) > 0
}

// explain maps each failure to the failure that explains it, or to "".
func explain(failed []evidence) map[string]string {
	because, causing := map[string]string{}, map[string]bool{}
	find := func(check string) bool {
		return slices.ContainsFunc(failed, func(e evidence) bool { return e.check == check })
	}
	for _, c := range causes {
		if c.beside != "" && !find(c.beside) {
			continue
		}
		for _, one := range failed {
			if c.check != "" && c.check != one.check || because[one.check] != "" {
				continue
			}
			for _, other := range failed {
				if other.check != one.check && because[other.check] == "" && !causing[other.check] && c.explains(one, other) {
					because[other.check], causing[one.check] = one.check, true
				}
			}
		}
	}
	return because
}

// evidenceOf returns what a failed check has shown. taken are the event types that the target acknowledged in this run.
func evidenceOf(f result.Finding, worst Outcome, taken map[string]bool) evidence {
	c := worst.Case
	e := evidence{check: f.Check, found: worst.found, lost: worst.Symptom == stateLost, facts: c.facts(), otherFault: c.lacksItsVerb(),
		copied: c.copied(f.Timeline), taken: c.taken(f.Timeline, worst.countsItsAnswers())}
	if worst.Symptom == wrongAnswer || worst.Symptom == neverAcknowledged || worst.Symptom == doneUnacknowledged {
		e.refused, e.declines = worst.refusesDuplicates(), worst.History.declines(taken)
		e.again = worst.History.refusesSecond()
		e.refusals = worst.History.refusals(taken)
	}
	e.never, e.order = worst.Symptom == neverAcknowledged || worst.Symptom == wrongAnswer && c.Check.Family() == "ack-policy", c.order()
	if worst.Symptom == processEnded && c.Fault != "" {
		e.ended = f.Fix
	}
	if e.places, e.doubled = worst.wrongPlaces(); c.Op == "moves" {
		e.places, e.stays = sortedPlaces(worst.Seen), true
	}
	if c.Op == "∌" && worst.History.References[c.Right] != nil {
		e.begins = c.Left
	}
	return e
}

// wrongPlaces returns the places of the state that are wrong, and whether every one of them holds more than it should.
func (o Outcome) wrongPlaces() (places []string, more bool) {
	if whole := o.History.References[o.Case.Right]; o.Case.Op == "∌" && whole != nil {
		return placesLike(o.compared(), whole, o.Want), false
	}
	return doubled(o.Want, o.compared())
}

// doubled returns the places at which a state differs from the expected one, and whether every one of them holds more than
// expected: a larger number, a longer list, or something that should not be there.
func doubled(expected, seen normalized) (places []string, more bool) {
	if expected == nil || seen == nil {
		return nil, false
	}
	more = true
	want, have := expected.lengths(), seen.lengths()
	for _, d := range result.Differences(result.Leaves(expected), result.Leaves(seen)) {
		if d.Element {
			continue // the list has a difference of its own
		}
		places = append(places, d.Place)
		_, there := expected[d.Place]
		more = more && (have[d.Place] > want[d.Place] || grows(number(expected, d.Place), number(seen, d.Place)) || !there && want[d.Place] == 0)
	}
	return places, more && len(places) > 0
}

// doubles reports whether a wrong state holds more than it should, and nothing else is wrong with it.
func (o Outcome) doubles() bool {
	_, more := o.wrongPlaces()
	return o.Symptom == wrongState && more
}

// refusesSecond returns the status with which a target refuses a second event of a type of which it has taken one, if nothing else is
// wrong with the answers. Else it returns 0.
func (h History) refusesSecond() (status int) {
	taken := map[string]bool{}
	for _, d := range h.Deliveries {
		switch {
		case d.Acknowledged():
			taken[d.EventType] = true
		case !d.Genuine || d.Fault != "":
		case d.Status == 0 || !taken[d.EventType]:
			return 0
		default:
			status = d.Status
		}
	}
	return status
}

// refusesDuplicates returns the status with which a target refuses an event that it has already handled, if nothing else is wrong
// with the answers. Each failure must be of an event that was acknowledged in another delivery, or of one that was handled
// although a fault struck its first delivery. Else it returns 0.
func (o Outcome) refusesDuplicates() int {
	taken, struck, known, status := map[string]bool{}, map[string]bool{}, map[string]bool{}, 0
	for _, d := range o.History.Deliveries {
		if d.Acknowledged() && d.EventID != "" {
			taken[d.EventID] = true
		}
		struck[d.EventID] = struck[d.EventID] || !known[d.EventID] && d.Fault != ""
		known[d.EventID] = true
	}
	for _, d := range o.History.Deliveries {
		switch {
		case d.Acknowledged() || !d.Genuine || d.Fault != "":
		case d.Status == 0 || !taken[d.EventID] && !(o.Symptom == doneUnacknowledged && struck[d.EventID]):
			return 0
		default:
			status = d.Status
		}
	}
	return status
}
