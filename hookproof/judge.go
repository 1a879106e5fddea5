package hookproof

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"
)

// outcome is what one relation came to.
type outcome struct {
	instance instance
	verdict  Verdict
	why      string
	trial    *Trial
	want     canonical // that the trial's state was compared with; nil if with none
	seen     canonical // what of the trial's state was compared with it
	view     view      // by which both were seen; nil is that all of them was
	lacking  bool      // not run for want of evidence, not of a hook
	nothing  bool      // not run, since there is nothing to ask of this target: the check's other relations stand for themselves
	missing  []string  // hooks that it turned out to need
	open     bool      // its states are compared at the end of the run
	unshrunk string    // why there may be a shorter schedule
}

// compared is the state as it was compared; nil if it was not.
func (o outcome) compared() canonical {
	if o.seen != nil || o.trial == nil {
		return o.seen
	}
	return o.trial.State
}

// decide performs what a relation tells of and judges the answers; the states are compared at the end of the run,
// or now if the instance says so. Errors are hooks' and the context's.
func (r *run) decide(ctx context.Context, i instance) (outcome, error) {
	lock := r.calm.RLocker()
	if i.alone {
		lock = &r.calm
	}
	lock.Lock()
	defer lock.Unlock()
	out := outcome{instance: i, verdict: Pass}
	if ignored := r.ignores(i); ignored != "" {
		out.verdict, out.nothing, out.why = NotRun, true, "the target means to ignore "+ignored
		return out, nil
	}
	for _, schedule := range i.references() {
		if _, err := r.reference(ctx, schedule); err != nil {
			return r.undecided(out, err)
		}
	}
	if _, _, err := r.learn(ctx, i, false); err != nil { // now, and not when nothing more should be sent
		return out, err
	}
	switch {
	case i.Fault != "":
		return r.decideFault(ctx, out)
	case i.Counts != nil:
		return r.decideCounts(ctx, out)
	case i.Op == "≠": // of two references
		known, err := r.reference(ctx, i.Left)
		if err != nil {
			return out, err
		}
		return r.compare(ctx, out, known.trial)
	}
	trial, err := r.attempt(ctx, i)
	if err != nil {
		return r.undecided(out, err)
	}
	return r.compare(ctx, out, trial)
}

// references are the schedules whose states a relation is compared with.
func (i instance) references() []string {
	var list []string
	switch i.Op {
	case "=":
		list = append(list, i.Right)
	case "≠":
		list = append(list, i.Left, i.Right)
	case "∌":
		list = append(list, "", i.base(), i.Right)
		if i.base() == "" && !i.left.has("unpaid") { // what is judged cannot be its own excuse
			list = append(list, "unpaid")
		}
	}
	if left, right, conditional := strings.Cut(i.If, "≠"); conditional {
		list = append(list, left, right)
	}
	return list
}

// base is what both schedules of a relation begin with, short of all of the right one, which shows what came after that.
func (i instance) base() string {
	n := 0
	for n < min(len(i.left), len(i.right)-1) && i.left[n] == i.right[n] {
		n++
	}
	return i.right[:n].String()
}

// undecided makes of a want of evidence, or of a hook, a check that was not run.
func (r *run) undecided(out outcome, err error) (outcome, error) {
	for _, want := range []error{errEvidence, errNotOffered} {
		if errors.Is(err, want) {
			out.verdict, out.lacking, out.why = NotRun, want == errEvidence, strings.TrimPrefix(err.Error(), want.Error()+": ")
			if want == errNotOffered {
				out.missing = []string{"announce"} // the one hook of which that is found out
			}
			return out, nil
		}
	}
	if errors.Is(err, errNothing) {
		out.verdict, out.nothing, out.why = NotRun, true, strings.TrimPrefix(err.Error(), errNothing.Error()+": ")
		return out, nil
	}
	return out, err
}

// ignores names the event type of a relation that the target has listed as one that it does not handle,
// where the relation would demand that it does, or is evidence only where the state shows that type.
func (r *run) ignores(i instance) string {
	if i.Op == "" || i.Op == "∌" && i.If == "" {
		return ""
	}
	differ := func(a, b Schedule) bool {
		return slices.ContainsFunc(a, func(item Item) bool { return item.Verb == "" && !slices.ContainsFunc(b, item.tells) })
	}
	if i.Op == "=" && i.If == "" && !differ(i.right, i.left) {
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

// attempt performs a schedule: one whose answers alone count, on a subject of which no state is read. One whose copies
// are to overlap is no evidence where they do not.
func (r *run) attempt(ctx context.Context, i instance) (*Trial, error) {
	perform := r.perform
	if i.Op == "" {
		perform = r.performDirect
	}
	trial, err := perform(ctx, i.left)
	if !slices.ContainsFunc(i.left, Item.overlaps) {
		return trial, err
	}
	if err == nil && trial.Overlap < 2 {
		return trial, fmt.Errorf("%w: no two copies were in flight at the same time", errEvidence)
	}
	if err == nil {
		r.overlapped(trial.Overlap)
	}
	return trial, err
}

// compare judges a trial's answers, and then its state.
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
		if t.done = r.isDone(ctx, out); t.done {
			out.why = fmt.Sprintf("%s was done, and never acknowledged: the state is as it should be, and the last answer was %s", strings.Join(t.Unanswered, ", "), said(last))
		}
		return out, nil
	}
	for n, item := range t.schedule {
		for _, at := range t.items[n] {
			if verdict, why := answered(item, t.Deliveries[at]); verdict != Pass && out.verdict != Fail {
				out.verdict, out.why = verdict, why
			}
		}
	}
	switch {
	case out.verdict == Fail || out.instance.Op == "":
		return out, nil
	case out.instance.now:
		return r.weigh(ctx, out)
	}
	out.open = true
	r.settled(out)
	return out, nil
}

// isDone tells whether what was never acknowledged has had its effect all the same: then nothing is lost or doubled, and
// only the answer is wrong. A state that knows nothing of the event, as what it is compared with was made without it, is no evidence.
func (r *run) isDone(ctx context.Context, out outcome) bool {
	unknown := func(name string) bool { return !out.instance.right.has(name) }
	if out.instance.Op != "=" || slices.ContainsFunc(out.trial.Unanswered, unknown) || sleep(ctx, r.stillness()) != nil {
		return false
	}
	out.verdict, out.why = Pass, ""
	out, err := r.weighOnce(ctx, out, false)
	return err == nil && out.verdict == Pass
}

// ended tells whether the target's process has ended during a trial, and starts it again if that can be done.
func (r *run) ended(ctx context.Context, t *Trial) (bool, error) {
	if !slices.ContainsFunc(t.Deliveries, func(d Delivery) bool { return d.Status == 0 }) {
		return false, nil
	}
	// Where nothing was stopped, a connection that was refused says so as well, and that it was started meanwhile.
	refused := slices.ContainsFunc(t.Deliveries, func(d Delivery) bool { return errors.Is(d.Err, syscall.ECONNREFUSED) })
	if r.listens() {
		return !t.faulty && (refused || r.ends.Load() != t.ends), nil
	}
	return true, r.revive(ctx)
}

// revive starts a target whose process has ended, where that can be done and nobody else has.
func (r *run) revive(ctx context.Context) error {
	r.starting.Lock()
	defer r.starting.Unlock()
	if r.target.Start == nil || r.listens() {
		return nil
	}
	r.ends.Add(1)
	return r.start(ctx)
}

// outwaited is how long a target has tried, beside others, whose failure tells of its own patience and no more: a conflict
// between transactions, and a pool that is not queued for, are answered at once.
const outwaited = 3 * time.Second

// waited says what that is.
const waited = "it waited for longer than it means to, as a busy machine may make it"

// gaveUp tells whether a target has tried for longer than it means to.
func gaveUp(d Delivery) bool { return d.Status/100 == 5 && d.Latency > outwaited }

// answered judges one answer by what a schedule demands of it.
func answered(item Item, d Delivery) (Verdict, string) {
	told := fmt.Sprintf("%s was answered %s", item.plainly(), said(d))
	kind := d.Status / 100
	switch item.Want {
	case "ack":
		if gaveUp(d) && item.Together {
			return Info, told + " after " + tenths(d.Latency).String() + ": " + waited
		}
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
