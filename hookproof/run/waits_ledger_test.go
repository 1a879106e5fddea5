package run

import (
	"context"
	"net"
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
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// What the judge waits for between a target and its database. Each target here shows a fault, or none, by that wait alone.

// curious are the lines of a delivery that asks much before it does anything.
var curious = append(slices.Repeat([]string{"get something"}, 18), "add seen {event}", "add paid {order}", "commit")

// queued is a clerk that takes one delivery after the other. One whose turn does not come in time is taken all the same,
// or given up.
type queued struct {
	clerk
	turn     chan struct{}
	patience time.Duration
	givesUp  bool
}

func (q queued) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case q.turn <- struct{}{}:
		defer func() { <-q.turn }()
	case <-time.After(q.patience):
		if q.givesUp {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
	}
	q.clerk.ServeHTTP(w, r)
}

func openQueue(t *testing.T, patience time.Duration, givesUp bool) *target.Target {
	return openOver(t, func(dial string) http.Handler {
		return queued{clerk{lines: curious, onError: 500, dial: dial, within: 20 * time.Second}, make(chan struct{}, 1), patience, givesUp}
	})
}

// Copies meet where the database's answers are held back, and nowhere else where each is quick. However long the hooks
// take before, that begins with the copies.
func TestCopiesAreMadeToOverlap(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		endpoint := openQueue(t, 150*time.Millisecond, false)
		subject := endpoint.Subject
		endpoint.Subject = func(ctx context.Context) (event.Subject, error) {
			time.Sleep(target.DefaultTimings.HoldFor)
			return subject(ctx)
		}
		r, err := Judge(t.Context(), endpoint, Options{Checks: []check.Check{madeUp("paid&2", "paid")}})
		require.NoError(t, err)
		f := findingOf(t, r, "order/made-up")
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.Contains(t, f.Why, "/paid is 2 instead of 1")
	})
}

// A crowd in which each waits for the one before is answered in its own time when it has met.
func TestCopiesAreNotHeldBackForLong(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		crowd := check.Check{Name: "order/made-up", Demand: "All are acknowledged.", Relations: check.Answers("paid&20+=ack")}
		r, err := Judge(t.Context(), openQueue(t, 12*time.Second, true), Options{Checks: []check.Check{crowd}})
		require.NoError(t, err)
		f := findingOf(t, r, crowd.Name)
		require.Equal(t, result.Pass, f.Verdict, f.Why)
	})
}

// pool is two connections that are taken by turns. One that has failed is replaced before the next delivery, whatever
// has become of the other.
type pool struct {
	mu    sync.Mutex
	conns [2]net.Conn
	taken int
}

func (c clerk) connect() (_ net.Conn, err error) {
	if c.pool == nil {
		return memnet.InMemory.Dialing(c.dial)()
	}
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	for i, conn := range c.pool.conns {
		if conn != nil {
			continue
		}
		if c.pool.conns[i], err = memnet.InMemory.Dialing(c.dial)(); err != nil {
			return nil, err
		}
	}
	c.pool.taken++
	return c.pool.conns[c.pool.taken%2], nil
}

func (p *pool) giveBack(conn net.Conn, failed error) {
	if p == nil {
		_ = conn.Close()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if failed != nil {
		_ = conn.Close()
		p.conns[slices.Index(p.conns[:], conn)] = nil
	}
}

// A connection that one cut has left dead is replaced before the next message is cut, or that would never be reached.
func TestEveryMessageIsCutWhatOtherCutsHaveLeft(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openLedger(t, clerk{lines: []string{"add seen {event}", "add paid {order}", "commit"}, onError: 500, pool: &pool{}})
		r, err := Judge(t.Context(), target, Options{Checks: []check.Check{{Name: "faults/made-up", Demand: "It is so.", Relations: paidDuring("cut-before")}}})
		require.NoError(t, err)
		f := findingOf(t, r, "faults/made-up")
		require.Equal(t, result.Pass, f.Verdict, f.Why)
		require.Equal(t, 4, r.Struck, "as many as there are messages")
	})
}

// A database is out of reach for longer than a target waits for an answer.
func TestADatabaseStaysOutOfReach(t *testing.T) {
	t.Parallel()
	for fault, within := range map[string]time.Duration{"half-open": time.Second, "frozen": 4 * time.Second} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				target := openLedger(t, clerk{lines: []string{"add seen {event}", "add paid {order}", "commit"}, onError: 200, within: within})
				r, err := Judge(t.Context(), target, Options{Checks: []check.Check{{Name: "faults/made-up", Demand: "It is so.", Relations: paidDuring(fault)}}})
				require.NoError(t, err)
				f := findingOf(t, r, "faults/made-up")
				require.Equal(t, result.Fail, f.Verdict, f.Why)
				require.Contains(t, f.Why, "/paid is 0 instead of 1")
			})
		})
	}
}

// An answer that waits for a database to come back is too late, by our policy.
func TestAnAnswerIsDueWhileADatabaseIsFrozen(t *testing.T) {
	t.Parallel()
	for profile, verdict := range map[string]result.Verdict{"strict": result.Fail, "stripe": result.Pass} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				target := openLedger(t, clerk{lines: []string{"add seen {event}", "add paid {order}", "commit"}, onError: 500, within: 25 * time.Second})
				r, err := Judge(t.Context(), target, Options{Profile: profile, Checks: []check.Check{{Name: "faults/made-up", Demand: "It is so.", Relations: paidDuring("frozen")}}})
				require.NoError(t, err)
				f := findingOf(t, r, "faults/made-up")
				require.Equal(t, verdict, f.Verdict, f.Why)
				if verdict == result.Fail {
					require.Contains(t, f.Why, "paid was not answered within 10s while the database answered nothing")
				}
			})
		})
	}
}

// What a target does when it has acknowledged is part of the delivery: at its last message the target is killed.
func TestWorkAfterTheACKIsCounted(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		var lives atomic.Int64
		target, front := openDoorOver(t, func(dial string) http.Handler {
			c := clerk{lines: []string{"add seen {event}", "add paid {order}", "commit"}, dial: dial}
			return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body := endpointtest.Body(r)
				var e stallEvent
				if !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) || endpointtest.Unmarshal(body, &e) != nil || e.Data.Object.Metadata["order"] == "" {
					return
				}
				life := lives.Load()
				time.AfterFunc(50*time.Millisecond, func() {
					if life == lives.Load() {
						_ = c.take(e)
					}
				})
			})
		})
		target.Stop = func(context.Context, string) error { lives.Add(1); front.Close(); return nil }
		target.Start = func(context.Context) error { return front.Open() }
		r, err := Judge(t.Context(), target, Options{Checks: []check.Check{{Name: "faults/made-up", Demand: "It is so.", Relations: paidDuring("killed")}}})
		require.NoError(t, err)
		f := findingOf(t, r, "faults/made-up")
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.Contains(t, f.Why, "/paid is 0 instead of 1")
	})
}
