package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// Unusable is the error of a run that could not judge the target at all.
type Unusable struct{ Reason string }

func (e *Unusable) Error() string { return e.Reason }

// mendable is an Unusable target that could be judged if its target file had what the remedy says.
type mendable struct {
	Unusable
	remedy Remedy
}

func (e *mendable) Unwrap() error { return &e.Unusable }

// Remedy is what a target file lacks for a run to go on, and why.
type Remedy struct {
	Ignore     []string          // places of the state to add to ignore
	APIVersion string            // to set; "" is none
	Headers    map[string]string // to set
	Why        string
}

// pipeline is one run: it plans cases, executes them, judges what was seen, reproduces and shrinks failures, and reports.
type pipeline struct {
	*executor
	rules     rules
	plan      plan
	results   *results
	flakiness *lazy[string]
}

// Judge runs the checks on a target, for one life after the other, and returns a report. An error is an *Unusable target, a
// *target.HookError, or the context's, or several of these if there are several lives. Then the run is not complete, and the report has
// what was found before.
func Judge(ctx context.Context, t *target.Target, options Options) (report result.Report, err error) {
	options.Profile = cmp.Or(options.Profile, "strict")
	options.Budget = cmp.Or(options.Budget, t.Timings.OrDefault().Budget)
	options.Seed = cmp.Or(options.Seed, uint64(time.Now().UnixNano())%1_000_000)
	report = result.Report{Version: 1, Target: t.URL, Command: command(t, options), Profile: options.Profile, Seed: options.Seed, Began: time.Now().UTC()}
	if err := t.Check(); err != nil {
		return report, &Unusable{err.Error()}
	}
	lives, err := t.ByLife(options.Lives)
	if err != nil {
		return report, &Unusable{err.Error()}
	}
	if err := options.check(lives); err != nil {
		return report, err
	}
	began := time.Now()
	opened := *t // Judge does not change its argument
	closing, err := opened.Open(ctx)
	defer func() {
		err = closing(context.WithoutCancel(ctx), err)
		report.Afterwards = opened.Afterwards()
	}()
	if err != nil {
		return report, err
	}
	lives, _ = opened.ByLife(options.Lives) // as before, and with the proxy that was opened
	if err := ready(ctx, lives); err != nil {
		return report, err
	}
	return report, judgeLives(ctx, lives, options, began, &report)
}

// judgeLives judges a target for one life after the other. Each has an equal share of the time that is left.
func judgeLives(ctx context.Context, lives []*target.Target, options Options, began time.Time, report *result.Report) error {
	var failed []error
	for n, one := range lives {
		share := options
		share.share = max((options.Budget-time.Since(began))/time.Duration(len(lives)-n), 1)
		if n > 0 {
			share.further = true
		}
		if len(lives) > 1 && options.Phase != nil {
			share.Phase = func(name string) { options.Phase(one.LifeName + ", " + name) }
		}
		p := newPipeline(one, share)
		checks := share.selected(one)
		err := p.run(ctx, checks, report)
		p.summarize(report)
		p.sender.Close()
		if err == nil {
			continue
		}
		if len(lives) > 1 {
			err = fmt.Errorf("life %s: %w", one.LifeName, err)
		}
		if failed = append(failed, err); ctx.Err() != nil {
			break
		}
	}
	if len(failed) == 1 {
		return failed[0]
	}
	return errors.Join(failed...)
}

func newPipeline(t *target.Target, options Options) *pipeline {
	p := &pipeline{executor: newExecutor(t, options), flakiness: &lazy[string]{}}
	p.rules = rules{options.Profile, p.timings, t.APIVersion}
	return p
}

// run does a whole run: calibrate, then plan, execute, judge, reproduce and shrink, a phase at a time, and report.
func (p *pipeline) run(ctx context.Context, checks []check.Check, report *result.Report) error {
	err := p.phase(report, "calibrate", func() error { return p.withoutEffects(p.calibrate(ctx)) })
	var found *diagnosis
	if errors.As(err, &found) {
		p.report(report, found.findings(checks, p.journal.Deliveries(), p.target.Secrets(), p.rules))
		return nil
	}
	if errors.Is(err, errEnded) {
		err = &Unusable{"the target's process ended when it had taken genuine deliveries, before anything else was sent; look into its log"}
	}
	if err == nil {
		if p.plan, err = planFor(checks, p.target, p.facts, p.options, p.minCopies()); err == nil {
			p.results = newResults(p.plan, p.target.Secrets(), p.rules, p.progress())
			err = p.phases(ctx, report)
			findings := p.results.findings(err, p.journal.Deliveries())
			p.report(report, findings)
			err = cmp.Or(err, p.unproven(findings))
		}
	}
	return err
}

func (p *pipeline) phase(report *result.Report, name string, do func() error) error {
	if p.options.Phase != nil {
		p.options.Phase(name)
	}
	began := time.Now()
	err := do()
	report.Phases = append(report.Phases, result.Spent{Life: p.target.LifeName, Phase: name, Took: result.MillisOf(time.Since(began))})
	return err
}

// phases executes the plan. Cases that wait in their middle start with the shared phase, and end before the faults begin.
func (p *pipeline) phases(ctx context.Context, report *result.Report) error {
	decide := func(c Case) error { return p.decide(ctx, c) }
	var waiting errgroup.Group
	for _, one := range phases {
		if err := p.phase(report, one.name, func() error {
			cases := p.plan.cases[one.phase]
			switch one.phase {
			case check.Shared:
				slow, others := p.plan.waiting()
				waiting.Go(func() error { return each(slow, atMost, decide) })
				cases = others
			case check.Exclusive:
				if err := waiting.Wait(); err != nil {
					return err
				}
			}
			if err := p.enterPhase(ctx, one.phase); err != nil {
				return err
			}
			err := each(cases, one.atOnce, decide)
			if err == nil && one.phase == check.Last {
				err = p.judgeRun(ctx)
			}
			return err
		}); err != nil {
			_ = waiting.Wait() // err is the one to return
			return err
		}
	}
	return p.phase(report, "last reading", func() error { return p.lastReading(ctx) })
}

// decide executes a case and judges it. A failure is reproduced and shrunk. An outcome that is right so far waits for the last
// reading.
func (p *pipeline) decide(ctx context.Context, c Case) error {
	if p.results.settled(c.Check.Name) {
		return nil
	}
	began := time.Now()
	if why := p.budget.spent(); why != nil {
		p.results.add([]Outcome{Outcome{Case: c}.notRun(why)}, 0)
		return nil
	}
	var outcomes []Outcome
	hold := p.beside
	if c.phase() > check.Shared || c.Delivered.HasRaw() || c.Check.Every { // what nobody expects may end the process, which must be noticed
		hold = p.alone
	}
	err := hold(ctx, func(ctx context.Context) (err error) {
		outcomes, err = p.try(ctx, c)
		return err
	})
	if err == nil {
		if n := len(outcomes) - 1; outcomes[n].Verdict == result.Fail {
			if p.results.settled(c.Check.Name) { // which another case has failed meanwhile
				return nil
			}
			outcomes[n], err = p.confirm(ctx, outcomes[n])
		}
	}
	if err != nil {
		return err
	}
	for n := range outcomes {
		if outcomes[n].Pending {
			outcomes[n].id = int(p.budget.kept.Add(1))
		}
	}
	p.results.add(outcomes, time.Since(began))
	return nil
}

// try executes a case and judges each of its histories, up to the first that fails.
func (p *pipeline) try(ctx context.Context, c Case) ([]Outcome, error) {
	var outcomes []Outcome
	for h, err := range p.execute(ctx, c) {
		if err != nil {
			return nil, err
		}
		o, err := p.judge(ctx, c, h)
		if err != nil {
			return nil, err
		}
		if outcomes = append(outcomes, o); o.Verdict == result.Fail {
			break
		}
	}
	return outcomes, nil
}

// judge judges a history. If the state is wrong, it finds out which places differ between any two subjects.
func (p *pipeline) judge(ctx context.Context, c Case, h History) (Outcome, error) {
	o := p.rules.judge(c, h)
	if o.Symptom != wrongState || c.Op != "=" {
		return o, nil
	}
	if c.Right != "" && o.differsPerObjectOnly() { // the calibration has shown that two fresh subjects have equal states
		places, err := p.perObject(ctx, c.Right)
		if provesNothing(err) != nil { // a moment's failure of the target is no property of its objects
			places, err = p.perObject(ctx, c.Right)
		}
		if err != nil && result.AsReason(err) == nil {
			if why := provesNothing(err); why != nil {
				return o.notRun(why), nil
			}
			return o, err
		}
		h.PerObject = places
		o = p.rules.judge(c, h)
	}
	if o.Verdict == result.Fail && c.mayCount(o.Seen, o.Want) == "" {
		o.Why += p.mayIgnore(ctx, o)
	}
	return o, nil
}

// lastReading compares the states that are to be equal. It is the last step, because a late write may still change a state. A
// state that is not as expected is read again when all effects must have come.
func (p *pipeline) lastReading(ctx context.Context) error {
	pending := p.results.pending()
	if len(pending) == 0 {
		return nil
	}
	if err := target.Sleep(ctx, max(p.timings.LateWrite, p.timings.QuietFor(p.facts.lag))); err != nil {
		return err
	}
	failed, err := p.readPending(ctx, pending)
	p.budget.kept.Store(0)
	if err != nil || len(failed) == 0 {
		return err
	}
	if err := target.Sleep(ctx, p.timings.EffectFor(p.facts.lag)); err != nil {
		return err
	}
	if failed, err = p.readPending(ctx, failed); err != nil {
		return err
	}
	slices.SortStableFunc(failed, func(a, b Outcome) int {
		return cmp.Or(cmp.Compare(len(a.Case.Delivered), len(b.Case.Delivered)), cmp.Compare(a.Case.Row, b.Case.Row))
	})
	for _, o := range failed {
		if p.results.settled(o.Case.Check.Name) {
			continue
		}
		confirmed, err := p.confirm(ctx, o)
		if err != nil {
			return err
		}
		p.results.settle(confirmed, o.id)
	}
	return nil
}

// readPending reads the states of outcomes and judges them. It returns those that fail, and settles the others.
func (p *pipeline) readPending(ctx context.Context, pending []Outcome) (failed []Outcome, err error) {
	var references []string
	for _, o := range pending {
		for _, schedule := range slices.Concat(o.Case.references(), p.learnsFrom(o.Case)) {
			if !slices.Contains(references, schedule) {
				references = append(references, schedule)
			}
		}
	}
	if err := p.readAgain(ctx, references); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	err = each(pending, atMost, func(o Outcome) error {
		h, id := o.History, o.id
		err := p.readStates(ctx, o.Case, &h)
		var ended *endedError
		switch why := result.AsReason(err); {
		case why != nil:
			h.Withheld = why
		case errors.As(err, &ended):
			h = ended.history
		case errors.Is(err, errEnded):
			h.Ended, h.End = true, p.lastEnd()
		case err != nil:
			return err
		}
		if o, err = p.judge(ctx, o.Case, h); err != nil {
			return err
		}
		if o.id = id; o.Verdict != result.Fail {
			p.results.settle(o, id)
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		failed = append(failed, o)
		return nil
	})
	return failed, err
}

// summarize adds what the run of a life came to.
func (p *pipeline) summarize(report *result.Report) {
	report.Took += result.MillisOf(time.Since(p.budget.began))
	report.Lag, report.Overlap, report.Struck = max(report.Lag, result.MillisOf(p.facts.lag)), max(report.Overlap, p.overlap), report.Struck+p.struck
	report.Sent, report.NoEffect = slices.Compact(slices.Sorted(slices.Values(slices.Concat(report.Sent, typesOf(effective(p.journal.Deliveries())))))), report.NoEffect || p.unseen != nil
	report.Notes = slices.Concat(report.Notes, p.facts.notes, unsentTypes(p.life, p.target.Unhandled))
	report.Deliveries, report.HookCalls = report.Deliveries+p.journal.Length(), report.HookCalls+int(p.budget.calls.Load())
}
