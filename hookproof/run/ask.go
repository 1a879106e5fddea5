package run

import (
	"cmp"
	"context"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/target"
)

// subject asks the target for a fresh subject.
func (x *executor) subject(ctx context.Context) (event.Subject, error) {
	return x.subjectBy(ctx, x.ask)
}

// asking calls a hook in one of two ways: ask or askOnly.
type asking func(ctx context.Context, hook func() error) error

func (x *executor) subjectBy(ctx context.Context, ask asking) (s event.Subject, err error) {
	err = ask(ctx, func() (err error) {
		s, err = x.target.NewSubject(ctx)
		return err
	})
	if err == nil {
		x.recordIDs(s)
	}
	return s, err
}

// revivals is how many times a process that has ended is started again for one hook call.
const revivals = 4

// ask calls a hook, and starts the target's process again where that has ended, a few times.
func (x *executor) ask(ctx context.Context, hook func() error) error {
	for range revivals {
		err := x.askOnly(ctx, hook)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if revived, failed := x.revive(ctx); failed != nil || !revived {
			return cmp.Or(failed, err)
		}
	}
	return x.askOnly(ctx, hook)
}

// askOnly calls a hook, again while the target recovers from a fault. It starts nothing.
func (x *executor) askOnly(ctx context.Context, hook func() error) error {
	for pause := 2 * x.timings.Retry; ; pause = min(2*pause, 10*x.timings.Retry) {
		x.budget.called()
		err := hook()
		if err == nil || ctx.Err() != nil || !x.recovering() || x.target.Start != nil && !x.target.Listens() {
			return err
		}
		if err := target.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}
