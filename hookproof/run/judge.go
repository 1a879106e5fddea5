package run

import (
	"fmt"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// Outcome is what one history of a case came to.
type Outcome struct {
	Case    Case
	History History
	Verdict result.Verdict
	Symptom symptom // of a failure, or of what is reported as info
	Why     string
	Reason  *result.NotJudged // why there is no verdict; nil if there is one
	Want    normalized        // the state that was compared with; nil if none was
	Seen    normalized        // the part of the state that was compared; nil is all of it
	Pending bool              // the answers are right, and the states are still to be compared

	Once bool // seen once, and not reproduced

	id            int      // of a pending outcome
	shrinkStopped string   // why a shorter schedule may exist
	found         []string // places of the state that were wrong before the schedule was shrunk
}

// symptom is the kind of a failure.
type symptom int

// The symptoms.
const (
	none symptom = iota
	wrongAnswer
	neverAcknowledged
	doneUnacknowledged // it had its effect, and was never acknowledged
	tooLate
	forgeryTaken
	processEnded
	wrongState
	stateLost
	wrongCount
	askedTwice
)

// isAnswers reports whether only the answers were wrong. Other deliveries or a busy machine can cause that, so it is reproduced. A
// wrong state is evidence.
func (s symptom) isAnswers() bool {
	return s == wrongAnswer || s == neverAcknowledged || s == doneUnacknowledged || s == tooLate || s == processEnded
}

func (o Outcome) fails(s symptom, why string) Outcome {
	o.Verdict, o.Symptom, o.Why = result.Fail, s, why
	return o
}

// compared returns the state as it was compared; nil if it was not.
func (o Outcome) compared() normalized {
	if o.Seen != nil {
		return o.Seen
	}
	return o.History.State
}

func (o Outcome) notRun(why *result.NotJudged) Outcome {
	o.Verdict, o.Reason, o.Why = result.NotRun, why, why.Text
	return o
}

// rules are what a verdict depends on besides the history.
type rules struct {
	profile string // strict or stripe
	timings target.Timings
	// apiVersion is the target file's; "" if it has none.
	apiVersion string
}

// verdict returns a verdict under the profile: under stripe, a failure of what only the strict profile demands is info.
func (r rules) verdict(c check.Check, v result.Verdict) result.Verdict {
	if v == result.Fail && c.Strict && r.profile == "stripe" {
		return result.Info
	}
	return v
}

// judge judges a history of a case. It is a pure function: it waits for nothing and calls no hook.
func (r rules) judge(c Case, h History) Outcome {
	o := Outcome{Case: c, History: h, Verdict: result.Pass}
	switch {
	case h.Withheld != nil:
		return o.notRun(h.Withheld)
	case h.Ended:
		return o.fails(processEnded, "after "+c.Struck(h.Schedule)+" the target's process ended"+h.End.seen())
	case h.Overdue && r.profile == "strict":
		return o.fails(tooLate, fmt.Sprintf("%s was not answered within %s while the database answered nothing", h.Schedule, r.timings.TooSlow))
	case len(h.Unacknowledged) > 0 && h.Lost != "": // the target forgot the event's object
		return o.lost(h.Lost)
	case len(h.Unacknowledged) > 0:
		return o.unacknowledged()
	}
	for n, step := range h.steps {
		for _, at := range h.answers[n] {
			verdict, why := r.answered(step, h.Deliveries[at])
			if verdict, why = ofVersion(step, r.apiVersion, h.Deliveries[at], verdict, why); verdict != result.Pass && o.Verdict != result.Fail {
				o.Verdict, o.Symptom, o.Why = verdict, wrongAnswer, why
				if d := h.Deliveries[at]; !d.Genuine && d.Acknowledged() { // no load makes a target take one
					o.Symptom = forgeryTaken
				}
			}
		}
	}
	switch {
	case o.Verdict == result.Fail:
	case c.Counts != nil:
		return compareCounts(o)
	case c.Op == check.ActsOnce:
		return o.actsOnce()
	case c.Op != "" && h.Unseen != "":
		return o.notRun(result.NoEvidenceOf(unseenStruck + h.Unseen))
	case c.Op != "" && h.State == nil && h.Lost == "":
		o.Pending = true
	case c.Op != "":
		return compareStates(o)
	}
	return o
}

// unacknowledged fails an event that was never acknowledged, by what the state shows. If the event had its effect all the same,
// nothing is lost or doubled, and only the answer is wrong. The state proves nothing if the event left no trace and the compared
// state was made without it.
func (o Outcome) unacknowledged() Outcome {
	h := o.History
	names := strings.Join(h.Unacknowledged, ", ")
	unknown := func(name string) bool { return !o.Case.Compared.Has(name) }
	states := Outcome{Case: o.Case, History: h, Verdict: result.Pass}
	if o.Case.Op == "=" && h.State != nil && h.Forgetful && h.restarted() {
		if lost := compareStates(states); lost.Symptom == stateLost {
			return lost
		}
	}
	if o.Case.Op == "=" && h.State != nil && !slices.ContainsFunc(h.Unacknowledged, unknown) && compareStates(states).Verdict == result.Pass {
		return o.fails(doneUnacknowledged, fmt.Sprintf("%s had its effect, and was never acknowledged: the state is as it should be, and the last answer was %s", names, target.Said(*h.last())))
	}
	return o.fails(neverAcknowledged, fmt.Sprintf("%s was never acknowledged: the last answer was %s", names, target.Said(*h.last())))
}

// slowFailure explains a 5xx that took longer than Timings.SlowFailure.
const slowFailure = "that is the target's own time-out, as on a busy machine"

// isSlowFailure reports whether the target ran into a time-out of its own. A conflict between transactions and an exhausted pool
// without a queue fail at once.
func (r rules) isSlowFailure(d target.Delivery) bool {
	return d.Status/100 == 5 && d.Latency > r.timings.SlowFailure
}

// answered judges one answer by what a schedule demands of it.
func (r rules) answered(step check.Step, d target.Delivery) (result.Verdict, string) {
	what := fmt.Sprintf("%s was answered %s", step.Undemanding(), target.Said(d))
	kind := d.Status / 100
	switch step.Want {
	case "ack":
		if r.isSlowFailure(d) && (step.Together || step.Beside) {
			return result.Info, what + " after " + roundToTenths(d.Latency).String() + ": " + slowFailure
		}
		if kind != 2 {
			return result.Fail, what + ", instead of a 2xx"
		}
	case "refused":
		if kind != 4 {
			return result.Fail, what + ", instead of a 4xx"
		}
	case "rejected":
		if kind == 5 {
			return result.Info, what + "; a 4xx says that it is the caller's fault"
		}
		if kind != 4 {
			return result.Fail, what + ", instead of a 4xx"
		}
	case "ack?":
		if kind != 2 {
			return result.Info, what
		}
	case "refused?":
		if kind == 0 {
			return result.Fail, what
		}
		if kind != 4 {
			return result.Info, what
		}
	case "any":
		if kind == 0 {
			return result.Fail, what
		}
	}
	return result.Pass, ""
}

// countsItsAnswers reports whether the counters moved as the target answered, whether its answers were right or wrong.
func (o Outcome) countsItsAnswers() bool {
	if o.History.Moved == nil {
		return false
	}
	failed := int64(0)
	for _, d := range o.History.Deliveries {
		if d.Status >= 400 {
			failed++
		}
	}
	return o.History.Moved.Received == int64(len(o.History.Deliveries)) && o.History.Moved.Errors == failed
}

// compareCounts judges how the target's counters moved.
func compareCounts(o Outcome) Outcome {
	moved, want := *o.History.Moved, *o.Case.Counts
	if moved == want {
		return o
	}
	return o.fails(wrongCount, fmt.Sprintf("after %s received, duplicates and errors have moved by %d, %d and %d instead of %d, %d and %d",
		o.History.Schedule, moved.Received, moved.Duplicates, moved.Errors, want.Received, want.Duplicates, want.Errors))
}
