package hookproof

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options are a run's choices. The zero value is a full run by the strict profile.
type Options struct {
	Only, Skip []string      // names of checks or families
	Checks     []Check       // what there is to choose from; nil is Checks()
	Profile    string        // strict (our policy) or stripe (what Stripe's documentation demands); "" is strict
	Seed       uint64        // of what is sampled; 0 picks one
	Thorough   bool          // lives of up to six events in every order, and no budget
	Budget     time.Duration // for the whole run; 0 is 60 s
	HookCalls  int           // how many hooks may be called; 0 is 300
	Progress   func(Finding) // is told of each finding as it is made, by one goroutine at a time; may be nil
	Phase      func(string)  // is told of each phase as it begins; may be nil
}

// told is a verdict on a check as the profile has it: what profile strict alone demands is worth knowing under stripe.
func (o Options) told(c Check, verdict Verdict) Verdict {
	if verdict == Fail && c.Strict && o.Profile == "stripe" {
		return Info
	}
	return verdict
}

// run is one run of the checks on one target.
type run struct {
	target  *Target
	options Options
	sender  *sender
	journal Journal
	began   time.Time
	lag     time.Duration // of effects behind their ACKs, as measured first
	good    shipment      // that was acknowledged first, and can be sent again
	taken   string        // the word that carrier stands for: of what was acknowledged first, or of the like about an object of the target's own
	carried bool          // payments are told by another event, see carrier
	calls   atomic.Int64  // of hooks

	mu         sync.Mutex
	works      map[string]*work
	references map[string]*reference
	counts     map[string]int  // messages of a schedule's last word
	steady     []outcome       // whose states have to stay as they are until the end
	own        map[string]bool // places of the state that were found to differ for any two subjects
	stuck      map[string]bool // labels of deliveries that the target gave up on when nothing else was on its way
	overlaps   int
	struck     int
	forgets    bool      // a restart loses what the target knew
	wound      time.Time // when the last fault was healed
	unrest     period    // in which answers are not judged, since faults were made

	starting   sync.Mutex
	starts     atomic.Int64 // of the target, by us
	ends       atomic.Int64 // how often the target's process was found to have ended
	calm       sync.RWMutex // is held by what decides a relation; guards flapping, which is looked for while nothing does
	queue      sync.Mutex   // of relations that are decided alone
	flapping   string       // what was seen of answers that change in calm
	spare      Subject      // for single deliveries of which no state is read
	fresh      []Subject    // that were made, and of which nothing was taken; guarded by mu
	asked      bool         // whether answers flap; guarded by calm
	ids        ownIDs       // in states, as the calibration has found them
	granted    []string     // what is taken for granted, for the report
	lastWords  string       // of the process that has ended last, on standard error; guarded by mu
	unseen     *unseenError // why no effect can be judged; nil if effects are seen
	counters   Counters     // as read last, when so many deliveries had been made
	countersAt int
}

// period is a time in which answers are not judged.
type period struct{ from, to time.Time }

// Unusable is a run that could not judge the target at all.
type Unusable struct{ Reason string }

func (e *Unusable) Error() string { return e.Reason }

// Judge runs the checks on a target and answers what they came to. An error is an *Unusable target, a
// *HookError, or the context's: then there is no verdict, and the report has what was found before.
func Judge(ctx context.Context, target *Target, options Options) (report Report, err error) {
	options.Profile = cmp.Or(options.Profile, "strict")
	options.Budget = cmp.Or(options.Budget, usualBudget)
	options.HookCalls = cmp.Or(options.HookCalls, usualHookCalls)
	options.Seed = cmp.Or(options.Seed, uint64(time.Now().UnixNano())%1_000_000)
	r := &run{target: target, options: options, began: time.Now(), works: map[string]*work{}, references: map[string]*reference{}, own: map[string]bool{}, stuck: map[string]bool{}, counts: map[string]int{}}
	report = Report{Version: 1, Target: target.URL, Command: target.command(options), Profile: options.Profile, Seed: options.Seed, Began: r.began.UTC()}
	if err := target.Check(); err != nil {
		return report, &Unusable{err.Error()}
	}
	checks, err := selected(options)
	if err != nil {
		return report, err
	}
	r.sender = newSender(target, &r.journal)
	defer r.sender.close()
	closing, err := target.Open(ctx)
	defer func() { err = closing(context.WithoutCancel(ctx), err) }()
	if err != nil {
		return report, err
	}
	err = r.phases(ctx, checks, &report)
	r.finish(&report)
	return report, err
}

func (r *run) phases(ctx context.Context, checks []Check, report *Report) (err error) {
	phase := func(name string, f func() error) {
		if err == nil {
			if r.options.Phase != nil {
				r.options.Phase(name)
			}
			began := time.Now()
			err = f()
			report.Phases = append(report.Phases, Spent{name, millis(time.Since(began))})
		}
	}
	phase("calibrate", func() error { return r.withoutEffects(r.calibrate(ctx)) })
	var said *diagnosis
	if errors.As(err, &said) {
		report.Findings, err = said.findings(checks, r.journal.Deliveries(), r.target.secrets(), r.options), nil
		return nil
	}
	for _, p := range phases {
		phase(p.name, func() error {
			return r.runPhase(ctx, checks, p.phase, p.atOnce)
		})
	}
	phase("last reading", func() error { return r.lastReading(ctx) })
	if len(r.works) == 0 { // the run ended before anything was judged
		return err
	}
	because := explain(r.failed(checks))
	for _, c := range checks {
		w := r.works[c.Name]
		if w == nil { // the run ended before its phase
			var wrong error
			if w, wrong = r.work(c); wrong != nil {
				return wrong
			}
		}
		if err != nil && !w.told && len(w.finding.Missing) == 0 { // no evidence is never a pass
			w.finding.Verdict, w.finding.Lacking, w.finding.Why = NotRun, true, endedEarly(err)
		}
		w.finding.Because = because[c.Name]
		report.Findings = append(report.Findings, w.finding)
	}
	return cmp.Or(err, r.unproven(report.Findings))
}

// endedEarly says why a check was not decided when the run ended.
func endedEarly(err error) string {
	const why = "the run ended before it was decided"
	var failed *HookError
	if errors.As(err, &failed) {
		return why + ": the hook " + failed.Hook + " failed"
	}
	return why
}

// failed is what the failed checks have shown.
func (r *run) failed(checks []Check) (list []evidence) {
	taken := takenTypes(r.journal.Deliveries())
	for _, c := range checks {
		if w := r.works[c.Name]; w != nil && w.finding.Verdict == Fail {
			list = append(list, w.evidence(taken))
		}
	}
	return list
}

// phases are what runs after the calibration, in this order.
var phases = []struct {
	phase  Phase
	name   string
	atOnce int // relations
}{{Direct, "direct", 4}, {Shared, "shared", 8}, {Crowded, "crowded", 1}, {Exclusive, "exclusive", 1}, {Poisoned, "poisoned", 1}, {Last, "overall", 1}}

func selected(o Options) ([]Check, error) {
	if o.Profile != "strict" && o.Profile != "stripe" {
		return nil, &Unusable{fmt.Sprintf("there is no profile %q; it is strict or stripe", o.Profile)}
	}
	all := slices.Clone(o.Checks)
	if all == nil {
		all = Checks()
	}
	for _, name := range slices.Concat(o.Only, o.Skip) {
		if !slices.ContainsFunc(all, func(c Check) bool { return c.named(name) }) {
			return nil, &Unusable{fmt.Sprintf("there is no check or family %q; hookproof list names them", name)}
		}
	}
	return slices.DeleteFunc(all, func(c Check) bool {
		skipped := slices.ContainsFunc(o.Skip, c.named)
		picked := len(o.Only) == 0 || slices.ContainsFunc(o.Only, c.named)
		return skipped || !picked
	}), nil
}

func (c Check) named(name string) bool { return name == c.Name || name == c.Family() }

// work is a check's relations, with what they have come to so far.
type work struct {
	check     Check
	finding   Finding
	instances []instance
	open      int      // relations whose states are compared at the end
	leftOut   []string // relations that there is nothing to ask about, each with why
	refused   int      // how the target answers what it has done, where its answers alone failed; see Trial.refusesRepeats
	answered  *Trial   // whose answers alone failed; nil if that was not so
	ended     bool     // what failed is that a fault has ended the target's process
	told      bool
}

func (r *run) runPhase(ctx context.Context, checks []Check, p Phase, atOnce int) error {
	if err := r.calmly(ctx, p); err != nil {
		return err
	}
	var all []instance
	for _, c := range checks {
		if c.Phase() != p {
			continue
		}
		w, err := r.work(c)
		if err != nil {
			return err
		}
		r.works[c.Name], all = w, append(all, w.instances...)
		if len(w.instances) == 0 && c.Overall == nil {
			r.tell(w)
		}
	}
	err := each(all, atOnce, func(i instance) error {
		w := r.works[i.check.Name]
		if r.settledAlready(w) {
			return nil
		}
		began := time.Now()
		out, err := r.decideInBudget(ctx, i)
		if err != nil {
			return err
		}
		r.note(w, out, time.Since(began), false)
		return nil
	})
	for _, c := range checks {
		if w := r.works[c.Name]; err == nil && c.Overall != nil && p == Last {
			seen := c.Overall(r.journaled())
			if seen.Verdict == Info && seen.again != nil {
				if err := seen.again(r, ctx, seen); err != nil {
					return err
				}
				seen = c.Overall(r.journaled())
			}
			f := &w.finding
			f.Verdict, f.Why, f.Lacking, f.Relation, f.Schedule, f.Unshrunk, f.Expected, f.Seen = r.options.told(c, seen.Verdict), seen.Why, seen.Verdict == NotRun, "", "", "", nil, nil
			f.show(seen.Deliveries[:min(len(seen.Deliveries), mostShown)], r.target.secrets())
			if f.Verdict == Fail {
				f.Mend, f.Importance = c.Mend, c.Why
			}
			if f.Verdict == Fail && len(seen.Deliveries) > 0 {
				f.With = r.delivering(checks, c, seen.Deliveries[0])
			}
			w.open = 0
			r.tell(w)
		}
	}
	return err
}

// mostShown is how many deliveries stand in a timeline that no one schedule has made.
const mostShown = 3

// work is what there is to do for a check.
func (r *run) work(c Check) (*work, error) {
	w := &work{check: c, finding: Finding{Check: c.Name, Demand: c.Demand, Source: c.Source, Verdict: Pass, Reports: c.Reports()}}
	if missing := r.target.missing(c.Needs()); len(missing) > 0 {
		w.finding.Verdict, w.finding.Why, w.finding.Missing = NotRun, "it needs "+hookNames[missing[0]], missing
		return w, nil
	}
	var err error
	w.instances, err = c.instances(r.limit(), r.options.Seed)
	for n, i := range w.instances {
		w.instances[n] = i.crowded(r.least())
	}
	why, known := "", len(w.instances)
	w.instances = slices.DeleteFunc(w.instances, func(i instance) bool {
		unaskable := r.unaskable(i.left)
		why = cmp.Or(unaskable, why)
		return unaskable != ""
	})
	if known > 0 && len(w.instances) == 0 {
		w.finding.Verdict, w.finding.Why = NotRun, why
		if why == needsSubject {
			w.finding.Missing = []string{"subject", "state"}
		}
	}
	return w, err
}

func (r *run) decideInBudget(ctx context.Context, i instance) (outcome, error) {
	if why := r.spent(); why != "" {
		return outcome{instance: i, verdict: NotRun, lacking: true, why: why}, nil
	}
	out, err := r.decideAnyway(ctx, i)
	if err == nil && out.verdict == Fail {
		return r.confirm(ctx, out)
	}
	return out, err
}

// revivals bounds how often a relation is decided anew because others have ended the process meanwhile.
const revivals = 4

// decideAnyway is decide, again where a hook has failed since another relation ended the process meanwhile. A
// relation during which it ends each time ends it itself.
func (r *run) decideAnyway(ctx context.Context, i instance) (out outcome, err error) {
	for range revivals {
		ends := r.ends.Load()
		out, err = r.decide(ctx, i)
		var failed *HookError
		if !errors.As(err, &failed) || r.target.Start == nil || r.ends.Load() == ends && r.listens() {
			return out, err
		}
		if err := r.revive(ctx); err != nil {
			return out, err
		}
	}
	end := r.lastEnd()
	return outcome{instance: i, verdict: Fail, end: end, why: "the target's process ended, each time that " + orNothing(i.struck(i.Left)) + " was delivered" + end.seen()}, nil
}

// worse ranks verdicts: a check is as bad as the worst of its relations.
var worse = map[Verdict]int{Pass: 0, Info: 1, NotRun: 2, Fail: 3}

// settledAlready tells whether nothing that comes can change a check's verdict.
func (r *run) settledAlready(w *work) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return w.finding.Verdict == Fail
}

// leaveOut takes down a relation that there is nothing to ask about. A check that has no others is not run.
func (w *work) leaveOut(out outcome) {
	f := &w.finding
	w.leftOut = append(w.leftOut, out.instance.Relation.String()+": "+out.why)
	switch {
	case f.Relations > 0:
		f.NotRun = w.leftOut
	case len(w.leftOut) == 1:
		f.Verdict, f.Why, f.Relation = out.verdict, out.why, out.instance.Relation.String()
	}
}

// note adds what a relation came to to its check's finding.
func (r *run) note(w *work, out outcome, took time.Duration, again bool) {
	r.mu.Lock()
	f := &w.finding
	f.Took += millis(took)
	if out.nothing {
		w.leaveOut(out)
		r.mu.Unlock()
		r.tell(w)
		return
	}
	if f.Relations == 0 && len(w.leftOut) > 0 { // the verdict is of those that ran
		f.Verdict, f.Why, f.Relation, f.NotRun = Pass, "", "", w.leftOut
	}
	if !again {
		f.Relations++
	}
	if out.open || w.check.Overall != nil {
		w.open++
	}
	out.verdict = r.options.told(w.check, out.verdict)
	if worse[out.verdict] > worse[f.Verdict] {
		f.Verdict, f.Why, f.Lacking, f.Missing = out.verdict, strings.TrimSpace(out.why), out.lacking, out.missing
		f.Relation = out.instance.Relation.String()
		w.refused, w.answered = 0, nil
		if out.verdict == Fail && out.trial != nil && out.want == nil {
			w.refused, w.answered = out.trial.refusesRepeats(), out.trial
		}
		if out.trial != nil && out.verdict != NotRun {
			f.Schedule, f.Unshrunk = out.trial.Schedule, out.unshrunk
			f.show(slices.Concat(out.trial.Deliveries, out.trial.between), r.target.secrets())
			f.Expected, f.Seen = out.want.decoded(), out.trial.State.decoded()
		}
		if out.trial != nil && out.verdict != NotRun || out.verdict == Fail {
			f.Importance, f.Mend = out.costs()
		}
		w.ended = out.end != nil && out.instance.Fault != ""
	}
	r.mu.Unlock()
	r.tell(w)
}

// tell tells of a finding when it is final, once.
func (r *run) tell(w *work) {
	r.mu.Lock()
	defer r.mu.Unlock()
	final := w.finding.Verdict == Fail || w.open == 0 && w.finding.Relations+len(w.leftOut) >= len(w.instances)
	if final && !w.told && r.options.Progress != nil {
		r.options.Progress(w.finding)
	}
	w.told = w.told || final
}

// limit is how many orders of a life are tried: all of four events, or of six.
func (r *run) limit() int {
	if r.options.Thorough {
		return 720
	}
	return 24
}

// spent says what of the budget is used up, or "". Of the hook calls some are kept for the last reading. A second look
// at what has failed there is made in any case.
func (r *run) spent() string { return r.spentAfter(0) }

// spentAfter is spent, were so many hooks more called.
func (r *run) spentAfter(calls int) string {
	if r.options.Thorough {
		return ""
	}
	r.mu.Lock()
	reserved := len(r.steady) + calls
	r.mu.Unlock()
	switch {
	case time.Since(r.began) > r.options.Budget:
		return fmt.Sprintf("out of time (%s)", r.options.Budget)
	case int(r.calls.Load())+reserved >= r.options.HookCalls:
		return fmt.Sprintf("out of hook calls (%d)", r.options.HookCalls)
	}
	return ""
}

// finish fills in what the whole run came to.
func (r *run) finish(report *Report) {
	report.Took, report.Lag, report.Overlap, report.Struck = millis(time.Since(r.began)), millis(r.lag), r.overlaps, r.struck
	report.Notes = r.granted
	report.Deliveries, report.HookCalls = r.journal.length(), int(r.calls.Load())
}
