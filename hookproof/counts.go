package hookproof

import (
	"context"
	"fmt"
	"time"
)

// readCounters asks for the target's counters, and remembers after how many deliveries.
func (r *run) readCounters(ctx context.Context) (Counters, error) {
	r.called()
	c, err := r.target.Counters(ctx)
	r.counters, r.countersAt = c, r.journal.length()
	return c, hookFailed("counters", err)
}

// countersAtRest are the counters when two readings agree: what was delivered before may not have been counted yet.
func (r *run) countersAtRest(ctx context.Context) (before Counters, err error) {
	if r.countersAt > 0 && r.countersAt == r.journal.length() { // nothing was delivered since they were read
		return r.counters, nil
	}
	before, err = r.readCounters(ctx)
	for deadline := time.Now().Add(r.patience()); err == nil && time.Now().Before(deadline); {
		if err = sleep(ctx, r.stillness()); err != nil {
			break
		}
		var again Counters
		if again, err = r.readCounters(ctx); err == nil && again == before {
			return before, nil
		}
		before = again
	}
	if err == nil {
		err = fmt.Errorf("%w: the counters move though nothing is delivered", errEvidence)
	}
	return before, err
}

// decideCounts compares how the target's counters move while a schedule is delivered.
func (r *run) decideCounts(ctx context.Context, out outcome) (outcome, error) {
	before, err := r.countersAtRest(ctx)
	if err != nil {
		return r.undecided(out, err)
	}
	if out.trial, err = r.perform(ctx, out.instance.left); err != nil {
		return out, err
	}
	var moved Counters
	for deadline := time.Now().Add(r.patience()); ; {
		after, err := r.readCounters(ctx)
		if err != nil {
			return out, err
		}
		if moved = after.minus(before); moved == *out.instance.Counts {
			return out, nil
		}
		if time.Now().After(deadline) {
			break
		}
		if err := sleep(ctx, 200*time.Millisecond); err != nil {
			return out, err
		}
	}
	want, failed := *out.instance.Counts, int64(0)
	for _, d := range out.trial.Deliveries {
		if d.Status >= 400 {
			failed++
		}
	}
	out.counted = moved.Received == int64(len(out.trial.Deliveries)) && moved.Errors == failed
	out.verdict = Fail
	out.why = fmt.Sprintf("after %s received, duplicates and errors have moved by %d, %d and %d instead of %d, %d and %d",
		out.trial.Schedule, moved.Received, moved.Duplicates, moved.Errors, want.Received, want.Duplicates, want.Errors)
	return out, nil
}
