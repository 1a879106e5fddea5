package server

import (
	"slices"
	"sync"
	"time"
)

// attemptWindow is the time over which attempts are counted.
const attemptWindow = time.Minute

// attempts allows at most limit attempts in any attemptWindow for a key. It is a sliding window, not a
// token bucket: a bucket lets twice the limit into the first minute. It counts in this process only, so
// that it holds while the database is down; replicas count separately. Safe for concurrent use.
type attempts[K comparable] struct {
	limit int // 0 is no limit
	now   func() time.Time

	mu sync.Mutex
	// The times of each key's attempts, oldest first: of keys with an attempt since turned, and of those
	// with one before that but not since. Turning drops the older ones all at once.
	recent, older map[K][]time.Time
	turned        time.Time
}

func newAttempts[K comparable](limit int, now func() time.Time) *attempts[K] {
	return &attempts[K]{limit: limit, now: now, recent: map[K][]time.Time{}, turned: now()}
}

// take asks for one attempt. A wait of zero means that it is allowed, and has been counted; giveBack
// takes that back, for an attempt that comes to nothing. Any other wait is the time until it would be
// allowed, and nothing has been counted, so that a refused attempt does not prolong the wait.
func (a *attempts[K]) take(key K) (giveBack func(), wait time.Duration) {
	if a.limit == 0 {
		return func() {}, 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	at := a.now()
	a.turn(at)
	counted := a.counted(key, at)
	if len(counted) >= a.limit {
		return nil, counted[0].Add(attemptWindow).Sub(at)
	}
	a.recent[key] = append(counted, at)
	delete(a.older, key)
	return func() { a.forget(key, at) }, 0
}

// turn makes the recent keys the older ones, once in a window.
func (a *attempts[K]) turn(now time.Time) {
	age := now.Sub(a.turned)
	if age < attemptWindow {
		return
	}
	a.older = a.recent
	if age >= 2*attemptWindow {
		a.older = nil
	}
	a.recent, a.turned = map[K][]time.Time{}, now
}

// counted are the attempts of a key that are still in the window.
func (a *attempts[K]) counted(key K, now time.Time) []time.Time {
	times, known := a.recent[key]
	if !known {
		times = a.older[key]
	}
	for len(times) > 0 && now.Sub(times[0]) >= attemptWindow {
		times = times[1:]
	}
	return times
}

func (a *attempts[K]) forget(key K, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, keys := range []map[K][]time.Time{a.recent, a.older} {
		i := slices.Index(keys[key], at)
		if i < 0 {
			continue
		}
		if keys[key] = slices.Delete(keys[key], i, i+1); len(keys[key]) == 0 {
			delete(keys, key)
		}
		return
	}
}
