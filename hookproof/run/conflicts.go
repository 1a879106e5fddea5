package run

import (
	"fmt"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// conflicts is the check that reports what failed beside other deliveries and not alone, whichever check delivered it. The fault
// is one: writers do not wait for each other.
const conflicts = "ack-policy/conflicts"

// failedBeside reports whether the target failed a genuine delivery beside others, and acknowledged it alone.
func (r rules) failedBeside(o Outcome) bool {
	return o.Once && o.Case.Fault == "" && (o.Symptom == wrongAnswer || o.Symptom == neverAcknowledged) && slices.ContainsFunc(o.History.Deliveries, func(d target.Delivery) bool {
		return d.Genuine && d.Status/100 == 5 && !r.isSlowFailure(d)
	})
}

// returnBeside gives what failed beside others back to the checks that delivered it, where the check on conflicts was not run.
func (r *results) returnBeside() {
	if !r.has(conflicts) || r.finding(r.of(conflicts)).Verdict != result.NotRun {
		return
	}
	for _, o := range r.beside {
		e := r.of(o.Case.Check.Name)
		e.outcomes = append(e.outcomes, o)
	}
	r.beside = nil
}

// reportBeside puts what failed beside others into the finding on conflicts, where that has found nothing worse itself.
func (r *results) reportBeside(f *result.Finding) {
	if f.Check != conflicts || len(r.beside) == 0 || f.Verdict != result.Pass {
		return
	}
	var names []string
	for _, o := range r.beside {
		if name := o.Case.Check.Name; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	first := r.beside[0]
	f.Verdict, f.Relation, f.Schedule = result.Info, first.Case.Relation.String(), first.History.Schedule
	f.Why = fmt.Sprintf("deliveries of %d checks failed beside others, and were accepted alone (%s); the first: %s",
		len(names), strings.Join(names, ", "), first.Why)
	show(f, first.History.Deliveries, r.secrets)
}
