package run

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// results are the outcomes of a run so far, check by check. Findings are made of them at the end. A check's finding is reported as
// soon as the check is decided.
type results struct {
	report  func(result.Finding) // receives each check's finding once, when it is decided; may be nil
	rules   rules
	secrets []string

	mu      sync.Mutex
	entries []*entry
	beside  []Outcome // failures beside others that did not occur alone, of any check
}

// entry is a check with what its cases came to.
type entry struct {
	planned
	outcomes []Outcome
	decided  int // cases
	took     time.Duration
	run      *Sighting // of the whole run; nil before that, and for a check that judges cases
	with     []string  // checks that sent the deliveries of the sighting
	told     bool
}

func newResults(p plan, secrets []string, r rules, report func(result.Finding)) *results {
	all := &results{report: report, rules: r, secrets: secrets}
	for _, one := range p.checks {
		e := &entry{planned: one}
		all.entries = append(all.entries, e)
		all.reportDecided(e)
	}
	return all
}

func (r *results) of(check string) *entry {
	return r.entries[slices.IndexFunc(r.entries, func(e *entry) bool { return e.check.Name == check })]
}

func (r *results) has(check string) bool {
	return slices.ContainsFunc(r.entries, func(e *entry) bool { return e.check.Name == check && e.reason == nil })
}

// settled reports whether nothing more of a check is to be tried: it has failed, and its other relations would not be named.
func (r *results) settled(check string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.of(check)
	return e.worst().Verdict == result.Fail && !e.check.Every
}

// add records what a case came to.
func (r *results) add(outcomes []Outcome, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.of(outcomes[0].Case.Check.Name)
	e.decided, e.took = e.decided+1, e.took+took
	for _, o := range outcomes {
		if r.rules.failedBeside(o) && r.has(conflicts) {
			r.beside = append(r.beside, o)
		} else {
			e.outcomes = append(e.outcomes, o)
		}
	}
	r.reportDecided(e)
}

// pending returns the outcomes whose states are still to be compared.
func (r *results) pending() (list []Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.entries {
		if e.worst().Verdict == result.Fail {
			continue
		}
		for _, o := range e.outcomes {
			if o.Pending {
				list = append(list, o)
			}
		}
	}
	return list
}

// settle replaces a pending outcome by the outcome of its states.
func (r *results) settle(o Outcome, id int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.of(o.Case.Check.Name)
	at := slices.IndexFunc(e.outcomes, func(one Outcome) bool { return one.Pending && one.id == id })
	e.outcomes[at] = o
	r.reportDecided(e)
}

// addSighting records what the whole run has shown of a check.
func (r *results) addSighting(check string, seen Sighting, with []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.of(check)
	e.run, e.with = &seen, with
	r.reportDecided(e)
}

// reportDecided reports a check's finding when it is decided. The caller holds the lock.
func (r *results) reportDecided(e *entry) {
	if e.told || !e.isDecided() {
		return
	}
	e.told = true
	if r.report != nil {
		r.report(r.finding(e))
	}
}

func (e *entry) isDecided() bool {
	switch {
	case e.worst().Verdict == result.Fail && !e.check.Every:
		return true
	case e.check.WholeRun != "":
		return e.run != nil
	}
	return e.decided >= e.cases && !slices.ContainsFunc(e.outcomes, func(o Outcome) bool { return o.Pending })
}

// worst returns the outcome that decides a check's verdict. An outcome with nothing to ask does not count beside others.
func (e *entry) worst() Outcome {
	worst := &Outcome{Verdict: result.Pass}
	for n := range e.outcomes {
		o := &e.outcomes[n]
		if o.isAside() {
			continue
		}
		first := o.Verdict == worst.Verdict && o.Verdict != result.Pass && o.Case.Row < worst.Case.Row // of outcomes that are decided at once
		if result.Worse[o.Verdict] > result.Worse[worst.Verdict] || first {
			worst = o
		}
	}
	return *worst
}

// isAside reports whether an outcome does not count: nothing could be asked, or its answer was not demanded.
func (o *Outcome) isAside() bool {
	return o.Reason != nil && o.Reason.Kind == result.NothingToAsk || o.isExcused()
}

// asked returns the outcomes of the cases that could be asked and whose answer was demanded.
func (e *entry) asked() []Outcome {
	return slices.DeleteFunc(slices.Clone(e.outcomes), func(o Outcome) bool { return o.isAside() })
}

// findings returns the findings of all checks, in order. After an error, an undecided check is not run: no evidence is never a
// pass.
func (r *results) findings(err error, delivered []target.Delivery) []result.Finding {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.returnBeside()
	var list []result.Finding
	var failed []evidence
	taken := acknowledgedTypes(delivered)
	for _, e := range r.entries {
		f := r.finding(e)
		if err != nil && !e.isDecided() {
			f = r.newFinding(e)
			withhold(&f, &result.NotJudged{Kind: result.RunEnded, Text: endedEarly(err)})
		}
		r.reportBeside(&f)
		if f.Verdict == result.Fail {
			failed = append(failed, evidenceOf(f, e.together(), taken))
		}
		list = append(list, f)
	}
	because := explain(failed)
	for n := range list {
		list[n].Because = because[list[n].Check]
	}
	return list
}

// endedEarly returns why a check was not decided when the run ended.
func endedEarly(err error) string {
	const why = "the run ended before it was decided"
	var failed *target.HookError
	if errors.Is(err, context.Canceled) {
		return "the run was interrupted before it was decided"
	}
	if errors.As(err, &failed) {
		return why + ": the hook " + failed.Hook + " failed"
	}
	return why
}

func (r *results) newFinding(e *entry) result.Finding {
	c := e.check
	return result.Finding{Check: c.Name, Demand: c.Demand, Source: c.Source, Verdict: result.Pass, Reports: c.Reports(), Took: result.MillisOf(e.took)}
}

// withhold turns a finding into one that was not run.
func withhold(f *result.Finding, why *result.NotJudged) {
	f.Verdict, f.Why, f.Reason, f.Missing = result.NotRun, strings.TrimSpace(why.Text), why.Kind, why.Hooks
}

// finding returns what a check came to. Findings are made of outcomes here and nowhere else.
func (r *results) finding(e *entry) result.Finding {
	f, c := r.newFinding(e), e.check
	asked := e.asked()
	for _, o := range e.outcomes {
		if o.Reason != nil && o.Reason.Kind == result.NothingToAsk {
			f.NotRun = append(f.NotRun, o.Case.Relation.String()+": "+o.Why)
		}
	}
	f.Relations = e.decided - len(f.NotRun)
	f.Infos = e.infos()
	switch {
	case e.reason != nil:
		withhold(&f, e.reason)
		return f
	case len(asked) == 0 && len(f.NotRun) > 0 && e.outcomes[0].Reason != nil:
		withhold(&f, e.outcomes[0].Reason)
		f.Relation, f.NotRun = e.outcomes[0].Case.Relation.String(), nil
	case e.run != nil:
		r.showRun(&f, e)
		return f
	}
	worst := e.worst()
	if worst.Verdict == result.Pass {
		return f
	}
	f.Relation = worst.Case.Relation.String()
	if worst.Reason != nil {
		withhold(&f, worst.Reason)
		return f
	}
	if c.Every {
		worst = e.together()
	}
	f.Verdict, f.Why = r.rules.verdict(c, worst.Verdict), strings.TrimSpace(worst.Why)
	if len(worst.History.Deliveries) > 0 {
		f.Schedule, f.ShrinkStopped = worst.History.Schedule, worst.shrinkStopped
		show(&f, slices.Concat(worst.History.Deliveries, worst.History.Between), r.secrets)
		f.Expected, f.Actual = worst.Want.decoded(), worst.compared().decoded()
	}
	f.Importance, f.Fix = advice(worst)
	return f
}

// mostShown is how many deliveries a timeline shows that is not of one schedule.
const mostShown = 3

// showRun fills in a finding with what the whole run has shown.
func (r *results) showRun(f *result.Finding, e *entry) {
	seen := *e.run
	f.Verdict, f.Why = r.rules.verdict(e.check, seen.Verdict), seen.Why
	if seen.Verdict == result.NotRun {
		f.Reason = result.NoEvidence
	}
	show(f, seen.Deliveries[:min(len(seen.Deliveries), mostShown)], r.secrets)
	if f.Verdict == result.Fail {
		f.Fix, f.Importance, f.RerunWith = e.check.Fix, e.check.Why, e.with
	}
}
