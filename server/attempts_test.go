package server

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeClock is a clock that a test turns by hand.
type fakeClock struct {
	mu sync.Mutex
	at time.Time
}

func newFakeClock() *fakeClock {
	return &fakeClock{at: time.Date(2030, 1, 31, 9, 0, 0, 0, time.UTC)}
}

func (c *fakeClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *fakeClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func numberedAddress(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

// waitOf takes an attempt and answers the wait.
func waitOf[K comparable](a *attempts[K], key K) time.Duration {
	_, wait := a.take(key)
	return wait
}

func TestAttempts(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	a := newAttempts[string](5, clock.now)
	for range 5 {
		require.Zero(t, waitOf(a, "a"))
		clock.add(time.Second)
	}
	require.Equal(t, 55*time.Second, waitOf(a, "a"))
	require.Zero(t, waitOf(a, "b"), "another key is free")

	// Refused attempts do not extend the wait, and nothing is allowed a moment too early.
	for range 100 {
		require.NotZero(t, waitOf(a, "a"))
	}
	clock.add(55*time.Second - 1)
	require.Equal(t, time.Duration(1), waitOf(a, "a"))
	clock.add(1)
	require.Zero(t, waitOf(a, "a"))
	require.Equal(t, time.Second, waitOf(a, "a"), "only one place was free")
}

func TestAttemptsWithoutALimit(t *testing.T) {
	t.Parallel()
	a := newAttempts[string](0, newFakeClock().now)
	for range 1000 {
		giveBack, wait := a.take("a")
		require.Zero(t, wait)
		giveBack()
	}
	require.Empty(t, a.recent)
}

func TestAttemptsGivenBack(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	a := newAttempts[string](2, clock.now)
	first, _ := a.take("a")
	clock.add(10 * time.Second)
	second, _ := a.take("a")
	first()
	require.Zero(t, waitOf(a, "a"))
	require.Equal(t, attemptWindow, waitOf(a, "a"), "the one that is left is the second, of this moment")
	second()
	require.Zero(t, waitOf(a, "a"))

	// One that is given back late is found among the older keys, or has been forgotten already.
	late, _ := a.take("b")
	later, _ := a.take("b")
	clock.add(attemptWindow - 1)
	waitOf(a, "c")
	clock.add(1)
	late()
	later()
	late()
	require.NotContains(t, a.recent, "b")
	require.NotContains(t, a.older, "b")
	require.Contains(t, a.recent, "c")
}

// In any window, wherever it begins, a key has at most limit attempts. A token bucket fails here.
func TestAttemptsInAnyWindow(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	a := newAttempts[int](5, clock.now)
	random := rand.New(rand.NewPCG(1, 2))
	var allowed []time.Time
	for range 20_000 {
		clock.add(time.Duration(random.IntN(4000)) * time.Millisecond)
		if random.IntN(100) == 0 {
			clock.add(3 * attemptWindow) // quiet for so long that all is forgotten
		}
		wait := waitOf(a, 1)
		if wait == 0 {
			allowed = append(allowed, clock.now())
			continue
		}
		// The wait is exact.
		clock.add(wait - 1)
		require.Equal(t, time.Duration(1), waitOf(a, 1))
		clock.add(1)
		require.Zero(t, waitOf(a, 1))
		allowed = append(allowed, clock.now())
	}
	require.Greater(t, len(allowed), 1000)
	for i := 5; i < len(allowed); i++ {
		require.GreaterOrEqual(t, allowed[i].Sub(allowed[i-5]), attemptWindow)
	}
}

func TestAttemptsUnderConcurrency(t *testing.T) {
	t.Parallel()
	a := newAttempts[string](5, newFakeClock().now)
	var allowed atomic.Int64
	var done sync.WaitGroup
	gate := make(chan struct{})
	for range 64 {
		done.Go(func() {
			<-gate
			if waitOf(a, "a") == 0 {
				allowed.Add(1)
			}
		})
	}
	close(gate)
	done.Wait()
	require.EqualValues(t, 5, allowed.Load())
}

func TestAttemptsForget(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	a := newAttempts[netip.Prefix](5, clock.now)
	for i := range 100_000 {
		waitOf(a, limitKey(numberedAddress(i)))
		clock.add(3 * time.Millisecond)
		// 60 s / 3 ms, twice: what two windows can hold, while others come and go.
		require.LessOrEqual(t, len(a.recent)+len(a.older), 40_000)
	}
	clock.add(2 * attemptWindow)
	waitOf(a, limitKey(numberedAddress(1)))
	require.Len(t, a.recent, 1)
	require.Empty(t, a.older)
}
