package server

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A webhook limiter's burst is this many seconds' worth of its rate. It is also how long an address
// takes to be as good as new, after which it can be forgotten.
const webhookBurstSeconds = 10

// webhookLimiter bounds the deliveries of one address (see limitKey). It is there against floods, not
// against Stripe: a delivery refused here comes again, but late. Safe for concurrent use.
type webhookLimiter struct {
	perSecond int // 0 is no limit
	now       func() time.Time

	mu sync.Mutex
	// Addresses seen since turned, and those seen before that but not since. Turning drops the
	// older ones all at once, so that no delivery waits for a walk over many addresses.
	recent, older map[netip.Prefix]*rate.Limiter
	turned        time.Time
}

// newWebhookLimiter allows perSecond deliveries a second for an address, and bursts of ten times that.
func newWebhookLimiter(perSecond int, now func() time.Time) *webhookLimiter {
	return &webhookLimiter{perSecond: perSecond, now: now, recent: map[netip.Prefix]*rate.Limiter{}, turned: now()}
}

// delivery asks for one delivery. Zero means that it is allowed; anything else is the time until it
// would be.
func (l *webhookLimiter) delivery(address netip.Addr) time.Duration {
	if l.perSecond == 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	reservation := l.of(limitKey(address), now).ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		// A refused delivery takes no place, or a flood would keep its address out long after it ended.
		reservation.CancelAt(now)
	}
	return wait
}

func (l *webhookLimiter) of(key netip.Prefix, now time.Time) *rate.Limiter {
	const idle = webhookBurstSeconds * time.Second
	if age := now.Sub(l.turned); age >= idle {
		l.older = l.recent
		if age >= 2*idle {
			l.older = nil
		}
		l.recent = map[netip.Prefix]*rate.Limiter{}
		l.turned = now
	}
	limiter, known := l.recent[key]
	if !known {
		if limiter, known = l.older[key]; !known {
			limiter = rate.NewLimiter(rate.Limit(l.perSecond), l.perSecond*webhookBurstSeconds)
		}
		l.recent[key] = limiter
	}
	return limiter
}
