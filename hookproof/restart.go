package hookproof

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// lostError is a state that a restart has lost: no evidence of anything but that.
type lostError struct{ failed error }

func (e *lostError) Error() string {
	return errEvidence.Error() + ": the target was stopped and started meanwhile, and has lost what it knew; without stop and start all else can be judged"
}

func (e *lostError) Unwrap() error { return errEvidence }

// restart ends the target and starts it again.
func (r *run) restart(ctx context.Context, t *Trial) error {
	if err := sleep(ctx, r.stillness()); err != nil { // the work may come after the ACK
		return err
	}
	var err error
	if t.before, err = r.read(ctx, t); err != nil {
		return err
	}
	r.called()
	at := time.Now()
	if err := r.target.bringDown(ctx, "kill", nil); err != nil {
		return err
	}
	t.between = append(t.between, Delivery{SentAt: at, Fault: "stopped and started"})
	return r.start(ctx)
}

// startAfter starts the target that a stop hook has ended, also when something else has failed. A target that could not
// be stopped is not started: it may still run, and a second process would take its place.
func (r *run) startAfter(ctx context.Context, stopped, other error) error {
	if stopped != nil {
		return errors.Join(other, stopped)
	}
	return errors.Join(other, r.start(ctx))
}

func (r *run) start(ctx context.Context) error {
	r.called()
	r.wounded()
	r.starts.Add(1)
	return r.target.bringUp(ctx)
}

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
	return &lostError{failed}
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
	out.verdict, out.want = Fail, t.before
	out.why = fmt.Sprintf("after %s the state is lost%s: the state hook knows what was made after it, and of this it says: %s", what, was, e.failed)
	const asked = "the state hook: "
	if !slices.ContainsFunc(t.between, func(d Delivery) bool { return strings.HasPrefix(d.Fault, asked) }) { // it is looked at twice
		t.between = append(t.between, Delivery{SentAt: time.Now(), Fault: asked + e.failed.Error()})
	}
	return out
}
