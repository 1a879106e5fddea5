package run

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// What the judge waits for. Each target here shows a fault, or none, by that wait alone.

// An object is made when a target that acknowledges first, and then looks for it for a while, looks no more.
func TestAnObjectIsMadeWhenNobodyLooksForItAnyMore(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		r, err := Judge(t.Context(), openStall(t, func(s *stall) {
			s.answer = func(_ int, _ http.ResponseWriter, r *http.Request, body []byte) bool {
				var e stallEvent
				s.mu.Lock()
				defer s.mu.Unlock()
				if endpointtest.Unmarshal(body, &e) != nil || e.Data.Object.Metadata["order"] == "" || s.orders[e.Data.Object.Metadata["order"]] != nil {
					return false
				}
				time.AfterFunc(500*time.Millisecond, func() {
					s.mu.Lock()
					defer s.mu.Unlock()
					s.take(r.Header.Get("Stripe-Signature"), body)
				})
				return true
			}
		}).target(), Options{Only: []string{"order/overtaking"}})
		require.NoError(t, err)
		f := findingOf(t, r, "order/overtaking")
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.Contains(t, f.Why, `after paid make, /shipped is 0 instead of 1`)
		made := slices.IndexFunc(f.Timeline, func(s result.Sent) bool { return s.Done == "the object was made" })
		require.Positive(t, made, "when the object was made is told among what was sent")
		require.Equal(t, "paid", f.Timeline[made-1].Event)
		require.Empty(t, f.Timeline[made].Event+f.Timeline[made].Fault)
		require.GreaterOrEqual(t, f.Timeline[made].At, result.Millis(500))
	})
}

// A copy comes later than a memory of two seconds lasts.
func TestACopyComesWhenAShortMemoryIsOver(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		f, _ := judgeMadeUp(t, func(s *stall) {
			var mu sync.Mutex
			came := map[string]time.Time{}
			s.answer = func(_ int, _ http.ResponseWriter, _ *http.Request, body []byte) bool {
				mu.Lock()
				defer mu.Unlock()
				if before, again := came[string(body)]; again && time.Since(before) > 2*time.Second {
					s.forget()
				}
				came[string(body)] = time.Now()
				return false
			}
			s.before = func(_ stallEvent, o *stallOrder) bool { o.shipped++; return true }
		}, madeUp("paid later paid", "paid"), Options{})
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.Equal(t, "paid later paid", f.Schedule)
	})
}

// A copy comes after a restart when the work of the one before is done, though it was acknowledged first.
func TestARestartComesWhenTheWorkIsDone(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		var lives atomic.Int64
		s := openStall(t, nil)
		s.before = func(_ stallEvent, o *stallOrder) bool {
			life := lives.Load()
			time.AfterFunc(250*time.Millisecond, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				if life == lives.Load() {
					o.shipped = 1
				}
			})
			return true
		}
		target := s.target()
		target.Stop = func(context.Context, string) error { lives.Add(1); return s.stop() }
		r, err := Judge(t.Context(), target, Options{Only: []string{"idempotence/restart"}})
		require.NoError(t, err)
		f := findingOf(t, r, "idempotence/restart")
		require.Equal(t, result.Pass, f.Verdict, f.Why)
	})
}

// An effect that comes later than usual, and than the last reading, is looked for once more.
func TestAnEffectMayBeLaterThanUsual(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, nil)
		orders := 0
		s.before = func(_ stallEvent, o *stallOrder) bool {
			if orders++; orders == 1 {
				o.rank = 4
				return true
			}
			time.AfterFunc(target.DefaultTimings.LateWrite+700*time.Millisecond, func() { s.mu.Lock(); defer s.mu.Unlock(); o.rank = 4 })
			return true
		}
		r, err := Judge(t.Context(), s.target(), Options{Only: []string{"idempotence/redelivered"}})
		require.NoError(t, err)
		f := findingOf(t, r, "idempotence/redelivered")
		require.Equal(t, result.Pass, f.Verdict, f.Why)
	})
}

// How far effects lag behind their ACKs is measured, though it is seconds.
func TestAPaymentMayShowAfterSeconds(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		r, err := Judge(t.Context(), openStall(t, func(s *stall) { s.lag = 2 * time.Second }).target(), Options{Only: []string{"authenticity/genuine"}})
		require.NoError(t, err)
		require.Equal(t, 1, r.Count(result.Pass))
		require.Greater(t, r.Lag, result.Millis(1000), "it was seen, and how late")
	})
}

// Counters may move a little after the ACK.
func TestCountersMayMoveAfterTheACK(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		var received atomic.Int64
		target := openStall(t, func(s *stall) {
			s.answer = func(int, http.ResponseWriter, *http.Request, []byte) bool {
				time.AfterFunc(50*time.Millisecond, func() { received.Add(1) })
				return false
			}
		}).target()
		target.Counters = func(context.Context) (result.Counters, error) {
			time.Sleep(memnet.Tick)
			return result.Counters{Received: received.Load()}, nil
		}
		counting := check.Check{Name: "bookkeeping/made-up", Demand: "It counts.", Relations: []check.Relation{{Left: "paid", Counts: &result.Counters{Received: 1}}}}
		r, err := Judge(t.Context(), target, Options{Checks: []check.Check{counting}})
		require.NoError(t, err)
		f := findingOf(t, r, counting.Name)
		require.Equal(t, result.Pass, f.Verdict, f.Why)
	})
}

// What was delivered before may be counted a little later, and is none of what is asked.
func TestCountersRestFirst(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		var received atomic.Int64
		target := openStall(t, func(s *stall) {
			s.answer = func(int, http.ResponseWriter, *http.Request, []byte) bool {
				time.AfterFunc(90*time.Millisecond, func() { received.Add(1) })
				return false
			}
		}).target()
		target.Counters = func(context.Context) (result.Counters, error) { return result.Counters{Received: received.Load()}, nil }
		many := check.Check{Name: "bookkeeping/many", Demand: "It counts.", Alone: true, Relations: check.Answers("paid*20=any")}
		counting := check.Check{Name: "bookkeeping/made-up", Demand: "It counts.", Relations: []check.Relation{{Left: "paid", Counts: &result.Counters{Received: 1}}}}
		r, err := Judge(t.Context(), target, Options{Checks: []check.Check{many, counting}})
		require.NoError(t, err)
		f := findingOf(t, r, counting.Name)
		require.Equal(t, result.Pass, f.Verdict, f.Why)
	})
}

// convalescent is a stall whose store can be broken and mended. What it fails after that, unwell tells: the nth delivery,
// so long after it was mended. since tells how long ago that was.
func convalescent(t *testing.T, unwell func(n int, since time.Duration) bool) (endpoint *target.Target, since func() time.Duration) {
	t.Helper()
	var mu sync.Mutex
	var broken bool
	var mended time.Time
	n := 0
	since = func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		if mended.IsZero() {
			return time.Hour
		}
		return time.Since(mended)
	}
	endpoint = openStall(t, func(s *stall) {
		s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, _ []byte) bool {
			after := since()
			mu.Lock()
			defer mu.Unlock()
			n++
			fails := broken || unwell(n, after)
			if fails {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			return fails
		}
	}).target()
	endpoint.Break = func(context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		broken = true
		return nil
	}
	endpoint.Mend = func(context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		if broken { // and not once more, at the end
			broken, mended, n = false, time.Now(), 0
		}
		return nil
	}
	return endpoint, since
}

// paidDuring are the relations of a fault's row, asked of the payment life.
func paidDuring(fault string) []check.Relation {
	return check.Asked(life.Payment, check.Check{Relations: check.During(fault)}).Relations
}

// away is a fault during a payment, and once more.
var away = check.Check{Name: "faults/made-up", Demand: "It is so.", Relations: append(paidDuring("away"), paidDuring("away")...)}

// What has not recovered after a fault is asked for longer than what was never broken.
func TestARecoveryIsWaitedFor(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target, _ := convalescent(t, func(_ int, since time.Duration) bool { return since < 2*time.Second })
		once := away
		once.Relations = paidDuring("away")
		r, err := Judge(t.Context(), target, Options{Checks: []check.Check{once}})
		require.NoError(t, err)
		f := findingOf(t, r, away.Name)
		require.Equal(t, result.Pass, f.Verdict, f.Why)
	})
}

// Where one connection of a pool is alive and the others are dead, the first delivery after a fault succeeds, and those
// after it fail. They are no evidence of how the target answers.
func TestAnswersAreJudgedWhenAFaultIsOver(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target, _ := convalescent(t, func(n int, since time.Duration) bool { return n > 1 && since < time.Second })
		once := away
		once.Relations = paidDuring("away")
		then := check.Check{Name: "faults/then", Demand: "It is so.", Poison: true, Relations: check.Answers("paid=ack")}
		r, err := Judge(t.Context(), target, Options{Checks: []check.Check{once, then}})
		require.NoError(t, err)
		require.Equal(t, 2, r.Count(result.Pass), findingOf(t, r, then.Name).Why)
	})
}

// A hook goes through the target, and may fail for a while after a fault.
func TestAHookMayFailAfterAFault(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target, since := convalescent(t, func(int, time.Duration) bool { return false })
		subject := target.Subject
		target.Subject = func(ctx context.Context) (event.Subject, error) {
			if since() < 500*time.Millisecond {
				return nil, errors.New("the connection was reset")
			}
			return subject(ctx)
		}
		r, err := Judge(t.Context(), target, Options{Checks: []check.Check{away}})
		require.NoError(t, err)
		require.Equal(t, 1, r.Count(result.Pass), findingOf(t, r, away.Name).Why)
	})
}
