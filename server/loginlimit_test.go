package server

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// attempt asks for one attempt as login does, and answers the wait.
func (l *loginLimiter) attempt(address netip.Addr, email string) time.Duration {
	a, wait := l.from(address)
	if wait > 0 {
		return wait
	}
	if wait = a.to(email); wait > 0 {
		a.withdraw()
	}
	return wait
}

// signIn is an attempt with the right password.
func signIn(t *testing.T, l *loginLimiter, address netip.Addr, email string) {
	t.Helper()
	a, wait := l.from(address)
	require.Zero(t, wait)
	require.Zero(t, a.to(email))
	a.succeeded()
}

func TestLoginLimitOfAnAddress(t *testing.T) {
	t.Parallel()
	l := newLoginLimiter(5, newFakeClock().now)
	address := netip.MustParseAddr("192.0.2.1")
	for i := range 5 {
		require.Zero(t, l.attempt(address, fmt.Sprintf("user%d@example.com", i)))
	}
	require.Equal(t, attemptWindow, l.attempt(address, "other@example.com"))
	require.Zero(t, l.attempt(netip.MustParseAddr("192.0.2.2"), "other@example.com"), "another address is free")
}

func TestLoginLimitOfAnAccount(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	l := newLoginLimiter(3, clock.now)
	for i, email := range []string{"a@example.com", "A@Example.com", " a@example.COM "} {
		require.Zero(t, l.attempt(numberedAddress(i), email))
	}
	require.Equal(t, attemptWindow, l.attempt(numberedAddress(9), "a@example.com"))

	// The refusal must not have been counted for the address either.
	for range 3 {
		require.Zero(t, l.attempt(numberedAddress(9), fmt.Sprint(rand.Int(), "@example.com")))
	}
	require.Equal(t, attemptWindow, l.attempt(numberedAddress(9), "b@example.com"))
}

func TestLoginLimitCountsAnIPv6NetworkAsOne(t *testing.T) {
	t.Parallel()
	l := newLoginLimiter(1, newFakeClock().now)
	require.Zero(t, l.attempt(netip.MustParseAddr("2001:db8::1"), "a@example.com"))
	require.NotZero(t, l.attempt(netip.MustParseAddr("2001:db8::2"), "b@example.com"))
	require.Zero(t, l.attempt(netip.MustParseAddr("2001:db8:0:1::1"), "c@example.com"))
}

// What an attempt took before it was refused, or failed, is given back.
func TestLoginLimitOfWhatCameToNothing(t *testing.T) {
	t.Parallel()
	l := newLoginLimiter(1, newFakeClock().now)
	for range 10 {
		a, wait := l.from(numberedAddress(1))
		require.Zero(t, wait)
		require.Zero(t, a.to("a@example.com"))
		a.withdraw()
	}
	require.Empty(t, l.addresses.recent)
	require.Empty(t, l.accounts.recent)
}

// Whoever knows an account's e-mail address can use up its attempts, and does not keep it out from where
// it has signed in before.
func TestLoginLimitUnderAttack(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	l := newLoginLimiter(5, clock.now)
	home, phone := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	signIn(t, l, home, "Admin@example.com")
	signIn(t, l, phone, "admin@example.com")
	for minute := range 3 {
		clock.add(attemptWindow)
		for i := range 5 {
			require.Zero(t, l.attempt(numberedAddress(100*minute+i), "admin@example.com"))
		}
		require.NotZero(t, l.attempt(numberedAddress(1e6), "admin@example.com"), "a new address shares what strangers use up")
		for range 2 {
			require.Zero(t, l.attempt(home, "admin@example.com"))
			require.Zero(t, l.attempt(netip.MustParseAddr("2001:db8::ffff"), "admin@example.com"), "the same /64")
		}
		require.NotZero(t, l.attempt(numberedAddress(1e6), "admin@example.com"))
	}

	// Its attempts are not without a limit there either: the address's own holds.
	clock.add(attemptWindow)
	for range 5 {
		require.Zero(t, l.attempt(home, "admin@example.com"))
	}
	require.Equal(t, attemptWindow, l.attempt(home, "admin@example.com"))

	// Another account is a stranger there.
	clock.add(attemptWindow)
	for i := range 5 {
		require.Zero(t, l.attempt(numberedAddress(1000+i), "other@example.com"))
	}
	require.NotZero(t, l.attempt(home, "other@example.com"))
}

// Only a success makes an address familiar, and familiar attempts leave the shared ones alone.
func TestLoginLimitLearnsFromSuccess(t *testing.T) {
	t.Parallel()
	l := newLoginLimiter(2, newFakeClock().now)
	require.Zero(t, l.attempt(numberedAddress(1), "a@example.com"))
	a, _ := l.from(numberedAddress(1))
	require.Zero(t, a.to("a@example.com"))
	require.False(t, a.familiar, "the attempt before failed")
	require.NotZero(t, l.attempt(numberedAddress(2), "a@example.com"))
}

func TestFamiliarPairsAreBounded(t *testing.T) {
	t.Parallel()
	f := newFamiliarPairs(100)
	pair := func(n int) accountKey { return accountKey{byte(n >> 8), byte(n)} }
	for n := range 1000 {
		f.add(pair(n))
		f.add(pair(0)) // signs in again and again
		require.LessOrEqual(t, len(f.recent)+len(f.older), 100)
		require.True(t, f.has(pair(0)), "a sign-in refreshes")
		require.True(t, f.has(pair(max(0, n-48))), "the latest are remembered")
	}
	require.False(t, f.has(pair(1)), "the oldest are forgotten")
}
