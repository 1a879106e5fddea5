package hookproof

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// lostError is a state that a restart has lost: it is evidence of that, and of nothing else.
type lostError struct {
	says   string // how that was seen
	failed error  // the state hook's error, where it has one for this subject alone
}

func (e *lostError) Error() string {
	return errEvidence.Error() + ": the target was stopped and started meanwhile, and has lost what it knew; without stop and start all else can be judged"
}

func (e *lostError) Unwrap() error { return errEvidence }

// remembers finds out, when the target was started again, whether it still knows what the calibration has paid. Where it
// does not, no state from before the start is read any more: an id may already be another subject's.
func (r *run) remembers(ctx context.Context) error {
	r.mu.Lock()
	paid, fresh, forgets := r.references["paid"], r.references[""], r.forgetsAll
	r.mu.Unlock()
	if forgets {
		return r.beginAgain(ctx)
	}
	if paid == nil || paid.trial == nil || fresh == nil {
		return nil
	}
	paid.mu.Lock()
	defer paid.mu.Unlock()
	for deadline := time.Now().Add(r.patience()); ; {
		state, err := r.read(ctx, paid.trial)
		var lost *lostError
		switch {
		case errors.As(err, &lost):
			return r.beginAgain(ctx)
		case err != nil:
			return ctx.Err() // whoever reads a state next is told of the hook
		case state.keeps(paid.state, fresh.state):
			return nil
		case time.Now().After(deadline):
			return r.beginAgain(ctx)
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// forgetful tells whether a start loses all that the target knew. What a trial has done to it is then seen at once or never.
func (r *run) forgetful() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.forgetsAll
}

// keeps tells whether a state still has any of what a payment has brought to a fresh one.
func (c canonical) keeps(paid, fresh canonical) bool {
	return slices.ContainsFunc(paid.difference(fresh), func(place string) bool {
		value, there := c[place]
		before, was := paid[place]
		return there == was && value == before
	})
}

// beginAgain gives up what was made before the target was started, where the start has lost it: states, subjects that
// are kept for later, and the event that is sent to see whether the target answers.
func (r *run) beginAgain(ctx context.Context) error {
	r.mu.Lock()
	r.forgetsAll, r.fresh = true, nil
	r.mu.Unlock()
	spare, err := r.subject(ctx)
	if err != nil {
		return ctx.Err()
	}
	r.spare = spare.completed()
	return r.findGood(ctx)
}

// issued remembers which ids the target has given to subjects, and since which start.
type issued struct {
	starts map[string]int64
	shared map[string]bool // names whose values several subjects have, such as the shop's
}

func (i *issued) note(s Subject, starts int64) {
	if i.starts == nil {
		i.starts, i.shared = map[string]int64{}, map[string]bool{}
	}
	for name := range s {
		id := name + " " + s.text(name)
		if since, given := i.starts[id]; given && since == starts {
			i.shared[name] = true
		}
		i.starts[id] = starts
	}
}

// again names the id of a subject that was given to another one after a start.
func (i *issued) again(s Subject, starts int64) string {
	for name := range s {
		if id := name + " " + s.text(name); i.starts[id] > starts && !i.shared[name] {
			return id
		}
	}
	return ""
}

// gone says that what the target knew of a trial's subject is lost, where it forgets all when it is started: the trial was
// over then, its id is another subject's now, or the start was none of its own doing.
func (r *run) gone(t *Trial) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.forgetsAll {
		return nil
	}
	if id := r.issued.again(t.Subject, t.starts); id != "" {
		return &lostError{says: fmt.Sprintf("the target gives ids again that it has given before, and %s is another one's now", id)}
	}
	if since := r.starts.Load(); t.ended < since || !t.restarts() && t.starts < since {
		return &lostError{says: "the target knows nothing from before it was started"}
	}
	return nil
}

// restarts tells whether a trial's own deliveries stop and start the target.
func (t *Trial) restarts() bool { return t.faulty && t.ended > t.starts }

// lost tells a subject that is gone since the target was started again from a state hook that fails: that hook has an
// answer for a subject made afterwards. A hook that fails is no state all the same, so what others are compared with
// is only unknown then.
func (r *run) lost(ctx context.Context, t *Trial, failed error) error {
	if ctx.Err() != nil || r.target.Subject == nil || r.starts.Load() == t.starts {
		return failed
	}
	r.mu.Lock()
	known := r.forgets
	r.mu.Unlock()
	if !known {
		fresh, err := r.subject(ctx)
		if err == nil {
			r.called()
			_, err = r.target.State(ctx, fresh)
		}
		if err != nil {
			return fmt.Errorf("after the target was stopped and started: %w", failed)
		}
		r.mu.Lock()
		r.forgets = true
		r.mu.Unlock()
	}
	return &lostError{"the state hook knows what was made after it, and of this it says: " + failed.Error(), failed}
}

// loses makes a failure of a state that was lost by what the trial itself did to the target.
func (out outcome) loses(e *lostError) outcome {
	t, what := out.trial, out.trial.Schedule
	if out.instance.Fault != "" {
		what += ", " + out.instance.Fault
	}
	was := ""
	if t.before != nil {
		was = ", which was " + t.before.String() + " before the restart"
	}
	out.verdict, out.want, out.lost = Fail, t.before, true
	out.why = fmt.Sprintf("after %s the state is lost%s: %s", what, was, e.says)
	const asked = "the state hook: "
	if e.failed != nil && !slices.ContainsFunc(t.between, func(d Delivery) bool { return strings.HasPrefix(d.Fault, asked) }) { // it is looked at twice
		t.between = append(t.between, Delivery{SentAt: time.Now(), Fault: asked + e.failed.Error()})
	}
	return out
}

const mendLost = "keep what the target knows in a database: what is in the process's memory ends with it. In a sandbox that means to forget, leave stop and start out of the target file"

// mend is how to mend what was seen.
func (out outcome) mend() string {
	if out.lost {
		return mendLost
	}
	return out.instance.mend()
}
