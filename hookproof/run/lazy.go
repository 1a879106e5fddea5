package run

import (
	"context"
	"sync"
)

// lazy is a value that is made once, by whoever asks first, while others wait. Nobody waits for a lock.
type lazy[T any] struct {
	mu    sync.Mutex
	ready chan struct{} // closed when value and err are there; nil before anybody has asked
	value T
	err   error
}

// known is a value that is there already.
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

// peek is the value where it is there, and reports whether it is. Of nil nothing is.
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
