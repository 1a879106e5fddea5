package target

import (
	"context"
	"time"
)

// Sleep waits for d, or returns the error of a context that ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Await calls done until it returns true, and waits for poll between two calls. It returns false when done has not returned true
// within wait. done is called at least once, and once more when wait is over. The error is that of a context that ends first.
func Await(ctx context.Context, wait, poll time.Duration, done func() bool) (bool, error) {
	for deadline := time.Now().Add(wait); !done(); {
		if time.Now().After(deadline) {
			return false, nil
		}
		if err := Sleep(ctx, poll); err != nil {
			return false, err
		}
	}
	return true, nil
}
