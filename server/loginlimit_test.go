package server

import (
	"fmt"
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

func TestLoginLimitOfAnAddress(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	l := newLoginLimiter(5, clock.now)
	address := netip.MustParseAddr("192.0.2.1")
	for i := range 5 {
		require.Zero(t, l.attempt(address, fmt.Sprintf("user%d@example.com", i)))
		clock.add(time.Second)
	}
	require.Equal(t, 55*time.Second, l.attempt(address, "other@example.com"))
	require.Zero(t, l.attempt(netip.MustParseAddr("192.0.2.2"), "other@example.com"), "another address is free")

	// Refused attempts do not extend the wait, and nothing is allowed a moment too early.
	for range 100 {
		require.NotZero(t, l.attempt(address, "other@example.com"))
	}
	clock.add(55*time.Second - 1)
	require.Equal(t, time.Duration(1), l.attempt(address, "other@example.com"))
	clock.add(1)
	require.Zero(t, l.attempt(address, "other@example.com"))
	require.Equal(t, time.Second, l.attempt(address, "other@example.com"), "only one place was free")
}

func TestLoginLimitOfAnAccount(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	l := newLoginLimiter(3, clock.now)
	for i, email := range []string{"a@example.com", "A@Example.com", " a@example.COM "} {
		require.Zero(t, l.attempt(numberedAddress(i), email))
	}
	require.Equal(t, loginWindow, l.attempt(numberedAddress(9), "a@example.com"))

	// The refusal must not have been counted for the address either.
	for range 3 {
		require.Zero(t, l.attempt(numberedAddress(9), fmt.Sprint(rand.Int(), "@example.com")))
	}
	require.Equal(t, loginWindow, l.attempt(numberedAddress(9), "b@example.com"))
}

func TestLoginLimitCountsAnIPv6NetworkAsOne(t *testing.T) {
	t.Parallel()
	l := newLoginLimiter(1, newFakeClock().now)
	require.Zero(t, l.attempt(netip.MustParseAddr("2001:db8::1"), "a@example.com"))
	require.NotZero(t, l.attempt(netip.MustParseAddr("2001:db8::2"), "b@example.com"))
	require.Zero(t, l.attempt(netip.MustParseAddr("2001:db8:0:1::1"), "c@example.com"))
}

func TestLoginLimitTellsTheLongerWait(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	l := newLoginLimiter(1, clock.now)
	require.Zero(t, l.attempt(numberedAddress(1), "a@example.com"))
	clock.add(20 * time.Second)
	require.Zero(t, l.attempt(numberedAddress(2), "b@example.com"))
	require.Equal(t, loginWindow, l.attempt(numberedAddress(1), "b@example.com"))
	require.Equal(t, loginWindow, l.attempt(numberedAddress(2), "a@example.com"))
	require.Equal(t, 40*time.Second, l.attempt(numberedAddress(1), "a@example.com"))
}

// In any window, wherever it begins, an address has at most limit attempts. A token bucket fails here.
func TestLoginLimitInAnyWindow(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	l := newLoginLimiter(5, clock.now)
	random := rand.New(rand.NewPCG(1, 2))
	var allowed []time.Time
	for range 20_000 {
		clock.add(time.Duration(random.IntN(4000)) * time.Millisecond)
		wait := l.attempt(numberedAddress(1), fmt.Sprint(random.Int()))
		if wait == 0 {
			allowed = append(allowed, clock.now())
			continue
		}
		// The wait is exact.
		clock.add(wait - 1)
		require.Equal(t, time.Duration(1), l.attempt(numberedAddress(1), "x"))
		clock.add(1)
		require.Zero(t, l.attempt(numberedAddress(1), fmt.Sprint(random.Int())))
		allowed = append(allowed, clock.now())
	}
	require.Greater(t, len(allowed), 1000)
	for i := 5; i < len(allowed); i++ {
		require.GreaterOrEqual(t, allowed[i].Sub(allowed[i-5]), loginWindow)
	}
}

func TestLoginLimitUnderConcurrency(t *testing.T) {
	t.Parallel()
	l := newLoginLimiter(5, newFakeClock().now)
	var allowed atomic.Int64
	var done sync.WaitGroup
	gate := make(chan struct{})
	for i := range 64 {
		done.Go(func() {
			<-gate
			if l.attempt(numberedAddress(i), "a@example.com") == 0 {
				allowed.Add(1)
			}
		})
	}
	close(gate)
	done.Wait()
	require.EqualValues(t, 5, allowed.Load())
	require.Len(t, l.addresses, 5, "a refused attempt leaves nothing behind")
}

func TestLoginLimitForgets(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	l := newLoginLimiter(5, clock.now)
	for i := range 100_000 {
		l.attempt(numberedAddress(i), fmt.Sprint(i, "@example.com"))
		clock.add(3 * time.Millisecond)
		// 60 s / 3 ms: what the window can hold, while others come and go.
		require.LessOrEqual(t, len(l.addresses), 20_000)
		require.LessOrEqual(t, len(l.accounts), 20_000)
	}
	require.LessOrEqual(t, cap(l.attempts), 100_000)
	clock.add(loginWindow)
	require.Zero(t, l.attempt(numberedAddress(1), "a@example.com"))
	require.Len(t, l.addresses, 1)
	require.Len(t, l.accounts, 1)
	require.LessOrEqual(t, cap(l.attempts), 8)
}
