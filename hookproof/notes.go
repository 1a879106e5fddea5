package hookproof

import (
	"context"
	"time"
)

// What a run takes down while it goes on.

func (r *run) called() { r.calls.Add(1) }

func (r *run) settled(out outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steady = append(r.steady, out)
}

func (r *run) overlapped(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.overlaps = max(r.overlaps, n)
}

func (r *run) strikes(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.struck += n
}

// wounded tells that a fault has just been healed.
func (r *run) wounded() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wound = time.Now()
}

// calmly begins a phase: that of the faults at once, and those after it when answers can be judged again.
func (r *run) calmly(ctx context.Context, p Phase) error {
	r.mu.Lock()
	rest := max(0, healed-time.Since(r.wound))
	if p == Exclusive {
		r.unrest.from = time.Now()
	}
	r.mu.Unlock()
	if p <= Exclusive {
		return nil
	}
	err := sleep(ctx, rest)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unrest.to.IsZero() {
		r.unrest.to = time.Now()
	}
	return err
}
