package run

import (
	"reflect"
	"slices"

	"example.com/hookproof/hookproof/result"
)

// cause is a check whose failure explains others': what is wrong with them is what it has found.
type cause struct {
	check    string // "" is any
	beside   string // another check that must have failed as well; "" if none need
	explains func(cause, other evidence) bool
}

// evidence is what is known of a failed check.
type evidence struct {
	check   string
	places  []string // of the state that were wrong
	doubled bool     // all of them numbers larger than they should be, or what should not be there
	copied  []string // events that came several times: "paid" under one id, "paid+" under several
	facts   string   // that show it, see instance.facts
	begins  string   // the schedule, where its state holds what it should not
	strays  bool     // it is shown without what the check asks about, so that its own advice is not meant
	lost    bool     // what the target knew is lost since it was stopped and started
	refused int      // how a target answers what it has done already, where all that is wrong is that answer; else 0
	taken   []string // how that was signed which was taken, where all that is wrong is that

	declines string // how a target answers types that it does not handle, where all that is wrong is that answer; else ""
	ended    string // where a fault of the database has ended the process, how that is mended; else ""
}

// causes are looked at in this order, and of those that explain a failure the first is told.
var causes = []cause{
	{"ack-policy/duplicate", "", func(cause, other evidence) bool { return other.refused > 0 && other.refused == cause.refused }},
	{"ack-policy/unhandled-type", "", func(cause, other evidence) bool { return cause.declines != "" && cause.declines == other.declines }},
	{"", "", func(cause, other evidence) bool { return cause.lost && other.lost }},
	{"idempotence/redelivered", "", doublesAlike},
	{"idempotence/refund-redelivered", "", doublesAlike},
	{"idempotence/two-ids", "", doublesAlike},
	{"authenticity/wrong-secret", "", func(cause, other evidence) bool { return forgeries(cause.taken) && forgeries(other.taken) }},
	{"authenticity/wrong-secret", "authenticity/unsigned", func(cause, other evidence) bool { // no signature is looked at, so no time is
		return forgeries(cause.taken) && outOfTime(other.taken)
	}},
	{"faults/database-away", "", bothEnded},
	{"faults/cut-before", "", bothEnded},
	{"meaning/unpaid", "", begunSo},
	{"", "", func(cause, other evidence) bool { return !cause.strays && sameFacts(cause, other) }},
	{"", "", sameFacts},
}

// bothEnded reports whether the process has ended both times for one reason: what ends it when the database is away may end it at a cut
// as well.
func bothEnded(cause, other evidence) bool { return cause.ended != "" && cause.ended == other.ended }

// explain says of each failure which other one explains it, or "".
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

// evidenceOf is what a failed check has shown, in a run in which such types were taken.
func evidenceOf(f result.Finding, worst Outcome, taken map[string]bool) evidence {
	c := worst.Case
	e := evidence{check: f.Check, lost: worst.Symptom == stateLost, facts: c.facts(), strays: c.lacksItsOwn(),
		copied: c.copied(f.Timeline), taken: c.taken(f.Timeline, worst.countsItsAnswers())}
	if worst.Symptom == wrongAnswer || worst.Symptom == neverAcknowledged || worst.Symptom == doneUnacknowledged {
		e.refused, e.declines = worst.refusesRepeats(), worst.History.declines(taken)
	}
	if worst.Symptom == processEnded && c.Fault != "" {
		e.ended = f.Fix
	}
	if whole := worst.History.References[c.Right]; c.Op == "∌" && whole != nil {
		e.begins, e.places = c.Left, showsAs(f.Actual, whole.decoded(), f.Expected)
	} else {
		e.places, e.doubled = doubled(f.Expected, f.Actual)
	}
	return e
}

// doubled are the places at which a state differs from what it should be, and whether all of them hold more than that.
func doubled(expected, seen result.State) (places []string, more bool) {
	if expected == nil || seen == nil {
		return nil, false
	}
	more = true
	for place := range seen {
		want, there := expected[place]
		if there && reflect.DeepEqual(want, seen[place]) {
			continue
		}
		places = append(places, place)
		more = more && (!there || larger(seen[place], want))
	}
	for place := range expected {
		if _, there := seen[place]; !there {
			places, more = append(places, place), false
		}
	}
	return places, more && len(places) > 0
}

func larger(a, b any) bool {
	x, is := a.(float64)
	y, too := b.(float64)
	return is && too && x > y
}

// refusesRepeats is how a target answers what it has done already, where nothing else is wrong with the answers:
// every failure that no fault explains is of an event that another delivery of it was acknowledged for, or that a fault met
// when it came first and that was done then. Else it is 0.
func (o Outcome) refusesRepeats() int {
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
