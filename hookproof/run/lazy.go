package run

import (
	"context"
	"errors"
	"sync"
)

// lazy is a value that the first caller makes while others wait. Nobody holds a lock while waiting.
type lazy[T any] struct {
	mu    sync.Mutex
	ready chan struct{} // closed when value and err are set; nil until the first call
	value T
	err   error
	fails int // how often it could not be made
}

// mostFails is how often a value is made anew that could not be made: what failed once may have been a moment's, or the caller's
// whose context was over.
const mostFails = 2

// errNotMade is for those who waited for a value whose maker's goroutine ended.
var errNotMade = errors.New("a hook has ended its goroutine instead of returning: a hook that is Go code must return its error, and not call FailNow")

// known returns a lazy value that is already set.
func known[T any](value T) *lazy[T] {
	ready := make(chan struct{})
	close(ready)
	return &lazy[T]{ready: ready, value: value}
}

func (l *lazy[T]) get(ctx context.Context, build func() (T, error)) (T, error) {
	l.mu.Lock()
	ready := l.ready
	if ready == nil {
		ready = make(chan struct{})
		l.ready = ready
		l.mu.Unlock()
		value, err := *new(T), errNotMade
		defer func() { // also where build ends its goroutine, as a hook does that fails its Go test: the others must not wait for ever
			l.mu.Lock()
			defer l.mu.Unlock()
			l.value, l.err = value, err
			if err != nil {
				if l.fails++; l.fails < mostFails || ctx.Err() != nil {
					l.ready = nil // the next one tries again
				}
			}
			close(ready)
		}()
		value, err = build()
		return value, err
	}
	l.mu.Unlock()
	select {
	case <-ready:
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.value, l.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// peek returns the value if it is set, and reports whether it is. A nil lazy has none.
func (l *lazy[T]) peek() (value T, is bool) {
	if l == nil {
		return value, false
	}
	l.mu.Lock()
	ready := l.ready
	l.mu.Unlock()
	select {
	case <-ready:
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.value, l.err == nil
	default:
		return value, false
	}
}
