package run

import (
	"context"
	"time"

	"example.com/hookproof/hookproof/target"
)

// beside runs do while others deliver as well.
func (x *executor) beside(ctx context.Context, do func(context.Context) error) error {
	return x.holding(ctx, 1, do)
}

// alone runs do while nothing else is in flight.
func (x *executor) alone(ctx context.Context, do func(context.Context) error) error {
	return x.holding(ctx, atMost, do)
}

func (x *executor) holding(ctx context.Context, share int64, do func(context.Context) error) error {
	if err := x.traffic.Acquire(ctx, share); err != nil {
		return err
	}
	defer x.traffic.Release(share)
	return do(context.WithValue(ctx, shareKey{}, share))
}

// shareKey is the context key of the share of the traffic that the caller holds.
type shareKey struct{}

// pause waits, and gives up the caller's share of the traffic meanwhile.
func (x *executor) pause(ctx context.Context, d time.Duration) error {
	share, _ := ctx.Value(shareKey{}).(int64)
	x.traffic.Release(share)
	err := target.Sleep(ctx, d)
	if again := x.traffic.Acquire(context.WithoutCancel(ctx), share); err == nil {
		err = again
	}
	return err
}
