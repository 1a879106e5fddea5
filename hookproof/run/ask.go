package run

import (
	"context"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/target"
)

// subject asks the target for a fresh subject.
func (x *executor) subject(ctx context.Context) (s event.Subject, err error) {
	err = x.ask(ctx, func() (err error) {
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

// ask calls a hook. It retries for a while after a fault, because the hook goes through the target, whose connections may be dead.
// It also retries when the target's process had ended and was started again.
func (x *executor) ask(ctx context.Context, hook func() error) error {
	ended := 0
	for pause := 2 * x.timings.Retry; ; pause = min(2*pause, 10*x.timings.Retry) {
		x.budget.called()
		err := hook()
		if err == nil || ctx.Err() != nil {
			return err
		}
		revived, failed := x.revive(ctx)
		switch {
		case failed != nil:
			return failed
		case revived && ended < revivals:
			ended++
			continue
		case !x.recovering():
			return err
		}
		if err := target.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}
