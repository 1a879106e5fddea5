package hookproof

import (
	"reflect"
	"slices"
)

// cause is a check whose failure explains others': what is wrong with them is what it has found.
type cause struct {
	check    string
	beside   string // another check that must have failed as well; "" if none need
	explains func(cause, other evidence) bool
}

// evidence is what is known of a failed check.
type evidence struct {
	check   string
	places  []string // of the state that were wrong
	doubled bool     // all of them numbers larger than they should be, or what should not be there
	refused int      // how a target answers what it has done already, where all that is wrong is that answer; else 0
	taken   bool     // what is wrong is that a delivery was taken

	declines string // how a target answers types that it does not handle, where all that is wrong is that answer; else ""
	ended    string // where a fault of the database has ended the process, how that is mended; else ""
}

// causes are looked at in this order, and of those that explain a failure the first is told.
var causes = []cause{
	{"ack-policy/duplicate", "", func(cause, other evidence) bool {
		return other.refused > 0 && other.refused/100 == cause.refused/100
	}},
	{"ack-policy/unhandled-type", "", func(cause, other evidence) bool { return cause.declines != "" && cause.declines == other.declines }},
	{"idempotence/redelivered", "", func(cause, other evidence) bool {
		return cause.doubled && other.doubled && !slices.ContainsFunc(other.places, func(p string) bool { return !slices.Contains(cause.places, p) })
	}},
	{"authenticity/wrong-secret", "", func(cause, other evidence) bool {
		return cause.taken && other.taken && slices.Contains(forgeries, other.check)
	}},
	{"authenticity/wrong-secret", "authenticity/unsigned", func(cause, other evidence) bool { // no signature is looked at, so no time is
		return cause.taken && other.taken && slices.Contains([]string{"authenticity/stale", "authenticity/future"}, other.check)
	}},
	{"faults/database-away", "", bothEnded},
	{"faults/cut-before", "", bothEnded},
}

// bothEnded tells whether the process has ended both times for one reason: what ends it when the database is away may end it at a cut
// as well.
func bothEnded(cause, other evidence) bool { return cause.ended != "" && cause.ended == other.ended }

// forgeries are the checks that whoever takes the signature of another secret fails as well.
var forgeries = []string{"authenticity/unsigned", "authenticity/empty-secret", "authenticity/malformed", "authenticity/other-scheme-alone",
	"authenticity/tampered", "authenticity/re-timed", "authenticity/no-effect", "bookkeeping/errors", "bookkeeping/sum"}

// explain says of each failure which other one explains it, or "".
func explain(failed []evidence) map[string]string {
	because := map[string]string{}
	find := func(check string) int {
		return slices.IndexFunc(failed, func(e evidence) bool { return e.check == check })
	}
	for _, c := range causes {
		at := find(c.check)
		if at < 0 || c.beside != "" && find(c.beside) < 0 || because[c.check] != "" {
			continue
		}
		for _, other := range failed {
			if other.check != c.check && because[other.check] == "" && c.explains(failed[at], other) {
				because[other.check] = c.check
			}
		}
	}
	return because
}

// evidence is what a failed check has shown.
func (w *work) evidence(taken map[string]bool) evidence {
	e := evidence{check: w.check.Name, refused: w.refused}
	if w.answered != nil {
		e.declines = w.answered.declines(taken)
	}
	if w.ended {
		e.ended = w.finding.Mend
	}
	e.places, e.doubled = doubled(w.finding.Expected, w.finding.Seen)
	for _, sent := range w.finding.Timeline {
		e.taken = e.taken || sent.Sign != "genuine" && sent.Status/100 == 2
	}
	return e
}

// doubled are the places at which a state differs from what it should be, and whether all of them hold more than that.
func doubled(expected, seen State) (places []string, more bool) {
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

// refusesRepeats is how a target answers what it has done already, where nothing else is wrong with a trial's answers:
// every failure that no fault explains is of an event that another delivery of it was acknowledged for. Else it is 0.
func (t *Trial) refusesRepeats() int {
	taken, status := map[string]bool{}, 0
	for _, d := range t.Deliveries {
		if d.Acknowledged() && d.EventID != "" {
			taken[d.EventID] = true
		}
	}
	for _, d := range t.Deliveries {
		switch {
		case d.Acknowledged() || !d.Genuine || d.Fault != "":
		case d.Status == 0 || !taken[d.EventID] && !t.done:
			return 0
		default:
			status = d.Status
		}
	}
	return status
}
