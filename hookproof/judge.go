package hookproof

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// outcome is what one relation came to.
type outcome struct {
	instance instance
	verdict  Verdict
	why      string
	trial    *Trial
	want     canonical // that the trial's state was compared with; nil if with none
	lacking  bool      // not run for want of evidence, not of a hook
	open     bool      // its state will be compared at the end of the run
}

// reference is the state after a schedule, found once and then remembered.
type reference struct {
	once  sync.Once // unless it is known
	trial *Trial
	state canonical
	err   error
}

// reference is the state of a subject after a schedule that is delivered as it should be.
func (r *run) reference(ctx context.Context, text string) (canonical, error) {
	s, err := ParseSchedule(text)
	if err != nil {
		return nil, err
	}
	key := s.plain().String()
	r.mu.Lock()
	known := r.references[key]
	if known == nil {
		known = &reference{}
		r.references[key] = known
	}
	r.mu.Unlock()
	known.once.Do(func() {
		if known.state != nil {
			return
		}
		if known.trial, known.err = r.perform(ctx, s.plain()); known.err == nil {
			known.state, known.err = r.rests(ctx, known.trial)
		}
		if known.err == nil && len(known.trial.Unanswered) > 0 {
			known.err = fmt.Errorf("%w: %s was never acknowledged, so there is nothing to compare with", errEvidence, strings.Join(known.trial.Unanswered, ", "))
		}
	})
	return known.state, known.err
}

// decide performs a relation's left side and compares. Errors are hooks' and the context's.
func (r *run) decide(ctx context.Context, i instance) (outcome, error) {
	out := outcome{instance: i, verdict: Pass}
	if ignored := r.ignores(i); ignored != "" {
		out.verdict, out.why = NotRun, "the target means to ignore "+ignored
		return out, nil
	}
	if i.If != "" {
		shows, err := r.holds(ctx, i.If)
		if err != nil {
			return r.undecided(out, err)
		}
		if !shows {
			out.verdict, out.lacking = NotRun, true
			out.why = fmt.Sprintf("the state does not show that %s; let the state hook show it, or list the event's type under unhandled", i.If)
			return out, nil
		}
	}
	if i.Op == "=" || i.Op == "≠" {
		var err error
		if out.want, err = r.reference(ctx, i.Right); err != nil {
			return r.undecided(out, err)
		}
	}
	if i.Op == "≠" {
		return r.differs(ctx, out)
	}
	if i.Fault != "" {
		return r.decideFault(ctx, out)
	}
	if i.Counts != nil {
		return r.decideCounts(ctx, out)
	}
	trial, err := r.attempt(ctx, i)
	if err != nil {
		return r.undecided(out, err)
	}
	return r.compare(ctx, out, trial)
}

// undecided makes of a want of evidence, or of a hook, a check that was not run.
func (r *run) undecided(out outcome, err error) (outcome, error) {
	for _, want := range []error{errEvidence, errNotOffered} {
		if errors.Is(err, want) {
			out.verdict, out.lacking, out.why = NotRun, want == errEvidence, strings.TrimPrefix(err.Error(), want.Error()+": ")
			return out, nil
		}
	}
	return out, err
}

// holds tells whether two references stand to each other as a row says: "paid refund ≠ paid".
func (r *run) holds(ctx context.Context, text string) (bool, error) {
	left, right, _ := strings.Cut(text, "≠")
	a, err := r.reference(ctx, left)
	if err != nil {
		return false, err
	}
	b, err := r.reference(ctx, right)
	return !a.equal(b), err
}

// ignores names the event type of a relation that the target has listed as one that it does not handle,
// where the relation would demand that it does.
func (r *run) ignores(i instance) string {
	if i.Op == "" || i.Op == "∌" {
		return ""
	}
	differ := func(a, b Schedule) bool {
		return slices.ContainsFunc(a, func(item Item) bool { return item.Verb == "" && !slices.ContainsFunc(b, item.tells) })
	}
	if i.Op == "=" && !differ(i.right, i.left) {
		return "" // more events than the right side has, which must change nothing: ignoring them is right
	}
	for _, item := range slices.Concat(i.left, i.right) {
		if w := vocabulary[item.Event]; item.Verb == "" && w.event != "" && slices.Contains(r.target.Unhandled, fixtureType(w.event)) {
			return fixtureType(w.event)
		}
	}
	return ""
}

func (i Item) tells(other Item) bool { return i.Verb == "" && i.Event == other.Event }

// attempt performs a schedule: one whose answers alone count on a subject that serves for all of them, and
// one whose copies overlap with the database's answers held back, so that they do.
func (r *run) attempt(ctx context.Context, i instance) (*Trial, error) {
	perform := r.perform
	if i.Op == "" {
		perform = r.performDirect
	}
	crowd := 0
	for _, item := range i.left {
		if item.Together {
			crowd = max(crowd, item.Copies)
		}
	}
	if crowd == 0 {
		return perform(ctx, i.left)
	}
	if r.target.Proxy != nil && crowd < gate { // of a larger crowd some overlap by themselves
		r.target.Proxy.DelayAnswers(forced)
		defer r.target.Proxy.DelayAnswers(0)
	}
	trial, err := perform(ctx, i.left)
	if err == nil && trial.Overlap < 2 {
		return trial, fmt.Errorf("%w: no two copies were in flight at the same time", errEvidence)
	}
	if err == nil {
		r.overlapped(trial.Overlap)
	}
	return trial, err
}

// performDirect delivers a schedule of which no state is read to the one subject that there is for this.
func (r *run) performDirect(ctx context.Context, s Schedule) (*Trial, error) {
	t := &Trial{Subject: r.spare}
	return t, r.deliver(ctx, t, s, nil, fault{})
}

// compare judges a trial's answers and its state.
func (r *run) compare(ctx context.Context, out outcome, t *Trial) (outcome, error) {
	out.trial = t
	if ended, err := r.ended(ctx, t); ended {
		out.verdict, out.why = Fail, "after "+t.Schedule+" the target's process ended"
		return out, err
	}
	if t.overdue && r.options.Profile == "strict" {
		out.verdict, out.why = Fail, fmt.Sprintf("%s was not answered within %s while the database answered nothing", t.Schedule, tooSlow)
		return out, nil
	}
	if len(t.Unanswered) > 0 {
		last := t.Deliveries[len(t.Deliveries)-1]
		out.verdict, out.why = Fail, fmt.Sprintf("%s was never acknowledged: the last answer was %s", strings.Join(t.Unanswered, ", "), said(last))
		return out, nil
	}
	for n, item := range t.schedule {
		for _, at := range t.items[n] {
			if verdict, why := answered(item, t.Deliveries[at]); verdict != Pass && out.verdict != Fail {
				out.verdict, out.why = verdict, why
			}
		}
	}
	if out.verdict == Fail {
		return out, nil
	}
	switch out.instance.Op {
	case "=":
		if out.instance.now {
			return r.comparesEqual(ctx, out)
		}
		out.open = true
		r.settled(out)
	case "∌":
		return r.showsNothing(ctx, out)
	}
	return out, nil
}

// ended tells whether the target's process has ended during a trial, and starts it again if that can be done.
func (r *run) ended(ctx context.Context, t *Trial) (bool, error) {
	if !slices.ContainsFunc(t.Deliveries, func(d Delivery) bool { return d.Status == 0 }) {
		return false, nil
	}
	// Where nothing was stopped, a connection that is refused says so as well, though it may run again by now.
	refused := !t.faulty && slices.ContainsFunc(t.Deliveries, func(d Delivery) bool { return errors.Is(d.Err, syscall.ECONNREFUSED) })
	if r.listens() {
		return refused, nil
	}
	r.ends.Add(1)
	return true, r.revive(ctx)
}

// revive starts a target whose process has ended, where that can be done and nobody else has.
func (r *run) revive(ctx context.Context) error {
	r.starting.Lock()
	defer r.starting.Unlock()
	if r.target.Start == nil || r.listens() {
		return nil
	}
	return r.start(ctx)
}

func orNothing(schedule string) string {
	if schedule == "" {
		return "nothing"
	}
	return schedule
}

// differs compares two states that are both references.
func (r *run) differs(ctx context.Context, out outcome) (outcome, error) {
	left, err := r.reference(ctx, out.instance.Left)
	if err != nil {
		return r.undecided(out, err)
	}
	r.mu.Lock()
	out.trial = r.references[out.instance.left.plain().String()].trial
	r.mu.Unlock()
	if left.equal(out.want) {
		out.verdict, out.why = Fail, fmt.Sprintf("after %s the state is the same as after %s", out.instance.Left, orNothing(out.instance.Right))
	}
	return out, nil
}

// comparesEqual waits until the state is as wanted, and no longer than effects may take.
func (r *run) comparesEqual(ctx context.Context, out outcome) (outcome, error) {
	if err := sleep(ctx, r.stillness()); err != nil {
		return out, err
	}
	state, same, err := r.reaches(ctx, out.trial, out.want.equal)
	if err == nil && !same {
		out.verdict, out.why = Fail, fmt.Sprintf("after %s, %s", out.trial.Schedule, state.tells(out.want))
	}
	return out, err
}

// showsNothing looks in a state for what being paid changes: a value that S(paid) has and S() has not, at
// the same place. What S(unpaid) holds there, too, is no sign of money.
func (r *run) showsNothing(ctx context.Context, out outcome) (outcome, error) {
	if out.instance.Right != "paid" {
		return r.showsNoWordOf(ctx, out)
	}
	fresh, err := r.reference(ctx, "")
	if err != nil {
		return r.undecided(out, err)
	}
	paid, err := r.reference(ctx, "paid")
	if err != nil {
		return r.undecided(out, err)
	}
	var unpaid canonical // what is judged cannot be its own excuse
	if !out.instance.left.has("unpaid") {
		if unpaid, err = r.reference(ctx, "unpaid"); err != nil {
			return r.undecided(out, err)
		}
	}
	state, err := r.rests(ctx, out.trial)
	if err != nil {
		return r.undecided(out, err)
	}
	out.want = fresh
	if state.equal(paid) {
		out.verdict, out.why = Fail, "after "+out.trial.Schedule+" the state is as if it had been paid"
		return out, nil
	}
	for _, pointer := range paid.difference(fresh) {
		value, there := state[pointer]
		if there && value == paid[pointer] && value != fresh[pointer] && (unpaid == nil || unpaid[pointer] != value) && !trivial(value) {
			out.verdict, out.why = Fail, fmt.Sprintf("after %s, %s is %s, as if it had been paid", out.trial.Schedule, nameOf(pointer), value)
			return out, nil
		}
	}
	return out, nil
}

// showsNoWordOf looks in a state for a word that only more than was told has brought: a text that is S(right)'s
// and not S(paid)'s, at the same place. Numbers and yes or no may well be the same.
func (r *run) showsNoWordOf(ctx context.Context, out outcome) (outcome, error) {
	paid, err := r.reference(ctx, "paid")
	if err != nil {
		return r.undecided(out, err)
	}
	whole, err := r.reference(ctx, out.instance.Right)
	if err != nil {
		return r.undecided(out, err)
	}
	state, err := r.rests(ctx, out.trial)
	if err != nil {
		return r.undecided(out, err)
	}
	out.want = paid
	for _, pointer := range whole.difference(paid) {
		value, there := state[pointer]
		if there && strings.HasPrefix(value, `"`) && value == whole[pointer] && !trivial(value) {
			out.verdict, out.why = Fail, fmt.Sprintf("after %s, %s is %s, as after %s", out.trial.Schedule, nameOf(pointer), value, out.instance.Right)
			return out, nil
		}
	}
	return out, nil
}

// trivial is a value that tells of no money: the payment intent's or another id may well be kept.
func trivial(value string) bool {
	return strings.Contains(value, "{{") || strings.Contains(value, "evt_…") || value == "null" || value == `""`
}

// answered judges one answer by what a schedule demands of it.
func answered(item Item, d Delivery) (Verdict, string) {
	told := fmt.Sprintf("%s was answered %s", item.plainly(), said(d))
	kind := d.Status / 100
	switch item.Want {
	case "ack":
		if kind != 2 {
			return Fail, told + ", instead of a 2xx"
		}
	case "refused":
		if kind != 4 {
			return Fail, told + ", instead of a 4xx"
		}
	case "rejected":
		if kind == 5 {
			return Info, told + "; a 4xx says that it is the caller's fault"
		}
		if kind != 4 {
			return Fail, told + ", instead of a 4xx"
		}
	case "ack?":
		if kind != 2 {
			return Info, told
		}
	case "refused?":
		if kind == 0 {
			return Fail, told
		}
		if kind != 4 {
			return Info, told
		}
	case "any":
		if kind == 0 {
			return Fail, told
		}
	}
	return Pass, ""
}
