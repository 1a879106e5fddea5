package hookproof

import (
	"context"
	"errors"
	"time"
)

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
	if err := r.target.bringUp(ctx); err != nil {
		return err
	}
	return r.remembers(ctx)
}
