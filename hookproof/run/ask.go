package run

import (
	"context"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/target"
)

// subject asks for a fresh one.
func (x *executor) subject(ctx context.Context) (s event.Subject, err error) {
	err = x.ask(ctx, func() (err error) {
		s, err = x.target.NewSubject(ctx)
		return err
	})
	if err == nil {
		x.given(s)
	}
	return s, err
}

// revivals is how often a process that has ended is started again for one hook.
const revivals = 4

// ask calls a hook: again for a while where a fault is just over, since the hook goes through the target, whose connections may
// be dead, and again where the target's process has ended and was started.
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
