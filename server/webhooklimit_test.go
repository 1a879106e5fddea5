package server

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWebhookLimit(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	l := newWebhookLimiter(2, clock.now)
	address := netip.MustParseAddr("2001:db8::1")
	for range 20 {
		require.Zero(t, l.delivery(address))
	}
	for range 50 {
		require.Equal(t, 500*time.Millisecond, l.delivery(address), "refusals take no place")
	}
	require.Equal(t, 500*time.Millisecond, l.delivery(netip.MustParseAddr("2001:db8::2")), "the same /64")
	require.Zero(t, l.delivery(netip.MustParseAddr("192.0.2.1")), "another address is free")

	// Two a second from here on, also while addresses are being forgotten.
	allowed := 0
	for range 400 {
		clock.add(100 * time.Millisecond)
		if l.delivery(address) == 0 {
			allowed++
		}
	}
	require.InDelta(t, 80, allowed, 1)
}

func TestWebhookLimitOfZeroIsNone(t *testing.T) {
	t.Parallel()
	l := newWebhookLimiter(0, newFakeClock().now)
	for range 10_000 {
		require.Zero(t, l.delivery(netip.MustParseAddr("192.0.2.1")))
	}
	require.Empty(t, l.recent)
}

func TestWebhookLimitForgets(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	l := newWebhookLimiter(1, clock.now)
	busy := netip.MustParseAddr("203.0.113.1")
	for l.delivery(busy) == 0 { // until its burst is used up
	}
	for i := range 100_000 {
		clock.add(time.Millisecond)
		l.delivery(numberedAddress(i))
		if i%100 == 0 {
			l.delivery(busy)
		}
		require.LessOrEqual(t, len(l.recent)+len(l.older), 20_002)
	}
	for l.delivery(busy) == 0 {
	}
	clock.add(5 * time.Second)
	for range 5 {
		require.Zero(t, l.delivery(busy))
	}
	require.NotZero(t, l.delivery(busy), "an address that is not idle is not forgotten")

	clock.add(2 * webhookBurstSeconds * time.Second)
	l.delivery(busy)
	require.Equal(t, 1, len(l.recent)+len(l.older))
}
