package main

import (
	"context"
	"fmt"
	"time"
)

// result is what one flood came to.
type result struct {
	flood
	peak, after float64 // MiB
	closed      int     // connections that the server closed to make room
	genuine     *sent
}

// attack floods a new server, and delivers meanwhile.
func (h *house) attack(ctx context.Context, f flood, limit string) (result, error) {
	r := result{flood: f}
	v, err := h.start(ctx, limit)
	if err != nil {
		return r, err
	}
	defer v.end()
	if err := h.genuine.introduce(ctx, v.address); err != nil {
		return r, fmt.Errorf("%s: before the flood: %w", f.name, err)
	}
	during, stop := context.WithTimeout(ctx, h.length)
	defer stop()
	wait, err := f.start(during, v.address)
	if err != nil {
		return r, err
	}
	r.genuine = h.genuine.deliver(during, v.address, h.rate)
	wait()
	if r.peak, err = v.memory("VmHWM"); err != nil {
		return r, fmt.Errorf("%s: %w", f.name, err)
	}
	if r.closed, err = v.closed(ctx); err != nil {
		return r, fmt.Errorf("%s: %w", f.name, err)
	}
	select {
	case <-time.After(h.rest):
	case <-ctx.Done():
		return r, ctx.Err()
	}
	r.after, err = v.memory("VmRSS")
	return r, err
}

// fault says what the server did not hold, if anything.
func (r result) fault() error {
	unacknowledged := r.genuine.deliveries - r.genuine.acknowledged
	switch {
	case r.peak > mostMiB:
		return fmt.Errorf("%s: the server took %.0f MiB, more than %d", r.name, r.peak, mostMiB)
	case r.genuine.deliveries == 0:
		return fmt.Errorf("%s: nothing was delivered", r.name)
	case unacknowledged*mostUnacked > r.genuine.deliveries:
		return fmt.Errorf("%s: %d of %d genuine deliveries were not acknowledged, the last because: %s",
			r.name, unacknowledged, r.genuine.deliveries, r.genuine.failure)
	}
	return nil
}
