package run

import (
	"context"
	"time"

	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// readCounters asks for the target's counters, and records how many deliveries had been made.
func (x *executor) readCounters(ctx context.Context) (result.Counters, error) {
	x.budget.called()
	c, err := x.target.Counters(ctx)
	x.counters, x.countersAt = c, x.journal.Length()
	return c, target.HookFailed("counters", err)
}

// countersAtRest returns the counters once two readings agree: an earlier delivery may not have been counted yet.
func (x *executor) countersAtRest(ctx context.Context) (before result.Counters, err error) {
	if x.countersAt > 0 && x.countersAt == x.journal.Length() { // nothing was delivered since they were read
		return x.counters, nil
	}
	before, err = x.readCounters(ctx)
	for deadline := time.Now().Add(x.timings.EffectFor(x.facts.lag)); err == nil && time.Now().Before(deadline); {
		if err = target.Sleep(ctx, x.timings.QuietFor(x.facts.lag)); err != nil {
			break
		}
		var again result.Counters
		if again, err = x.readCounters(ctx); err == nil && again == before {
			return before, nil
		}
		before = again
	}
	if err == nil {
		err = result.NoEvidenceOf("the counters move though nothing is delivered")
	}
	return before, err
}

// executeCounts delivers a case's schedule and records how the target's counters moved. It returns when they are as the case
// expects, or when every delivery must have been counted.
func (x *executor) executeCounts(ctx context.Context, c Case) (*History, error) {
	before, err := x.countersAtRest(ctx)
	if err != nil {
		return nil, err
	}
	h, err := x.deliverFresh(ctx, c.Delivered)
	if err != nil {
		return h, err
	}
	for deadline := time.Now().Add(x.timings.EffectFor(x.facts.lag)); ; {
		after, err := x.readCounters(ctx)
		if err != nil {
			return h, err
		}
		moved := after.Minus(before)
		if h.Moved = &moved; moved == *c.Counts || time.Now().After(deadline) {
			return h, nil
		}
		if err := target.Sleep(ctx, 2*x.timings.Retry); err != nil {
			return h, err
		}
	}
}
