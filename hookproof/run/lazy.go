package run

import (
	"context"
	"sync"
)

// lazy is a value that the first caller makes while others wait. Nobody holds a lock while waiting.
type lazy[T any] struct {
	mu    sync.Mutex
	ready chan struct{} // closed when value and err are set; nil until the first call
	value T
	err   error
}

// known returns a lazy value that is already set.
func known[T any](value T) *lazy[T] {
	ready := make(chan struct{})
	close(ready)
	return &lazy[T]{ready: ready, value: value}
}

func (l *lazy[T]) get(ctx context.Context, make_ func() (T, error)) (T, error) {
	l.mu.Lock()
	ready := l.ready
	if ready == nil {
		l.ready = make(chan struct{})
		l.mu.Unlock()
		l.value, l.err = make_()
		close(l.ready)
		return l.value, l.err
	}
	l.mu.Unlock()
	select {
	case <-ready:
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
		return l.value, true
	default:
		return value, false
	}
}
