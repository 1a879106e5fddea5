package run

import (
	"context"
	"time"
)

// letPass lets a while pass. An endpoint whose effects come after its answers may apply what waits in any order, and a busy one has much
// that waits. So what happens a while later is delivered when the state is no longer what it was before the first event, or in vain after
// FirstShown. before is nil if effects come with the answers.
func (x *executor) letPass(ctx context.Context, h *History, before normalized) error {
	err := x.pause(ctx, max(x.timings.Later, x.timings.EffectFor(x.facts.lag)))
	for deadline := time.Now().Add(x.timings.FirstShown); err == nil && before != nil && time.Now().Before(deadline); {
		if now := x.glance(ctx, h); now == nil || !now.equal(before) {
			return nil
		}
		err = x.pause(ctx, x.timings.QuietFor(x.facts.lag))
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
