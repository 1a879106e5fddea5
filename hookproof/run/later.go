package run

import (
	"context"
	"time"

	"example.com/hookproof/hookproof/check"
)

// later lets a while pass. An endpoint whose effects come after its answers may apply what waits in any order, and a busy one has much
// that waits. So what happens a while later is delivered when the state has changed, or in vain after FirstShown.
type later struct {
	*executor
	before normalized // the state before the first event; nil if effects come with the answers
}

// later begins a schedule in which a while passes.
func (x *executor) later(ctx context.Context, h *History, s check.Schedule) later {
	if !x.facts.isLate || !s.Verb("later") {
		return later{executor: x}
	}
	return later{x, x.glance(ctx, h)}
}

// pass waits.
func (l later) pass(ctx context.Context, h *History) error {
	err := l.pause(ctx, max(l.timings.Later, l.timings.EffectFor(l.facts.lag)))
	for deadline := time.Now().Add(l.timings.FirstShown); err == nil && l.before != nil && time.Now().Before(deadline); {
		if now := l.glance(ctx, h); now == nil || !now.equal(l.before) {
			return nil
		}
		err = l.pause(ctx, l.timings.QuietFor(l.facts.lag))
	}
	return err
}

// glance returns the state as it is now; nil if it cannot be read. No case is judged by it.
func (x *executor) glance(ctx context.Context, h *History) normalized {
	seen := *h
	if err := x.readBeside(ctx, &seen); err != nil {
		return nil
	}
	return seen.State
}
