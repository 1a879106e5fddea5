package hookproof

import (
	"context"
	"fmt"
	"time"
)

// decideCounts compares how the target's counters move while a schedule is delivered.
func (r *run) decideCounts(ctx context.Context, out outcome) (outcome, error) {
	read := func() (Counters, error) {
		r.called()
		c, err := r.target.Counters(ctx)
		r.counters, r.countersAt = c, r.journal.length()
		return c, hookFailed("counters", err)
	}
	before, err := r.counters, error(nil)
	if r.countersAt == 0 || r.countersAt != r.journal.length() { // something was delivered since they were read
		before, err = read()
	}
	if err != nil {
		return out, err
	}
	if out.trial, err = r.perform(ctx, out.instance.left); err != nil {
		return out, err
	}
	var moved Counters
	for deadline := time.Now().Add(r.patience()); ; {
		after, err := read()
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
	want := *out.instance.Counts
	out.verdict = Fail
	out.why = fmt.Sprintf("after %s received, duplicates and errors have moved by %d, %d and %d instead of %d, %d and %d",
		out.trial.Schedule, moved.Received, moved.Duplicates, moved.Errors, want.Received, want.Duplicates, want.Errors)
	return out, nil
}
