package run

import (
	"context"
	"net/http"
	"strings"
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

// Machines are shared and noisy. What that makes of a correct endpoint's answers accuses nobody.

// Answers that fail beside others only do not flap: that is looked for while nothing else is on its way. Here half of the
// copies fail that come beside another event.
func TestConflictsDoNotFlap(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		var busy, copies atomic.Int64
		s := openStall(t, func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
				busy.Add(1)
				defer busy.Add(-1)
				time.Sleep(20 * time.Millisecond)
				var e stallEvent
				if endpointtest.Unmarshal(body, &e) != nil {
					return false
				}
				s.mu.Lock()
				again := s.seen[e.ID]
				s.mu.Unlock()
				fails := expiry(e, s) || again && busy.Load() > 1 && copies.Add(1)%2 == 0
				if fails {
					w.WriteHeader(http.StatusServiceUnavailable)
				}
				return fails
			}
		})
		long := check.Check{Name: "made-up/long", Demand: "It is so.", Relations: check.Answers("unhandled*100+=ack")}
		asked := check.Check{Name: "made-up/asked", Demand: "It is so.", Relations: check.Answers("expired=ack")}
		r, err := Judge(t.Context(), s.target(), Options{Checks: []check.Check{long, asked}, Seed: 1})
		require.NoError(t, err)
		require.Equal(t, result.Pass, findingOf(t, r, long.Name).Verdict)
		f := findingOf(t, r, asked.Name)
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.NotContains(t, f.Why, "flap")
	})
}

// giving makes a stall give up some events, after more than a target should wait for: all such, or only one beside which
// another is seen within a second.
type giving struct {
	up     func(e stallEvent, s *stall) bool
	beside bool
	lost   bool // what is given up is marked as done

	arrived, busy, given atomic.Int64
}

func (g *giving) lie(s *stall) {
	s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
		arrival := g.arrived.Add(1)
		g.busy.Add(1)
		defer g.busy.Add(-1)
		time.Sleep(50 * time.Millisecond)
		var e stallEvent
		if endpointtest.Unmarshal(body, &e) != nil || !g.up(e, s) {
			return false
		}
		alone := func() bool { return g.busy.Load() == 1 && g.arrived.Load() == arrival }
		for end := time.Now().Add(time.Second); g.beside && alone(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				return false
			}
		}
		g.given.Add(1)
		if g.lost {
			s.mu.Lock()
			s.seen[e.ID] = true
			s.mu.Unlock()
		}
		time.Sleep(target.DefaultTimings.SlowFailure + 100*time.Millisecond)
		w.WriteHeader(http.StatusInternalServerError)
		return true
	}
}

// judgedGiving judges such a stall by some checks, beside which another keeps it busy.
func judgedGiving(t *testing.T, g *giving, busy check.Relation, checks ...check.Check) result.Report {
	t.Helper()
	return judgedBusy(t, openStall(t, g.lie).target(), busy, checks...)
}

func judgedBusy(t *testing.T, endpoint *target.Target, busy check.Relation, checks ...check.Check) result.Report {
	t.Helper()
	endpoint.Timings.Answer = 2 * target.DefaultTimings.SlowFailure
	long := check.Check{Name: "made-up/long", Demand: "It is so.", Relations: []check.Relation{busy}}
	r, err := Judge(t.Context(), endpoint, Options{Checks: append([]check.Check{long}, checks...), Seed: 1})
	require.NoError(t, err)
	return r
}

var busyAnswers = check.Relation{Left: "unhandled*100=ack"}

func expiry(e stallEvent, _ *stall) bool { return e.Type == "checkout.session.expired" }

// A target whose patience is over when it was kept busy with other events is asked once more, alone: what it takes then is
// told, and no fault. What it refuses then as well is one.
func TestPatienceThatEndsBesideOthersAccusesNobody(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		beside bool
		want   result.Verdict
		says   string
	}{
		"busy":   {true, result.Info, "seen once, not reproduced"},
		"broken": {false, result.Fail, "expired was answered 500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				g := &giving{up: expiry, beside: row.beside}
				c := check.Check{Name: "made-up/asked", Demand: "It is so.", Relations: check.Answers("expired=ack")}
				f := findingOf(t, judgedGiving(t, g, busyAnswers, c), c.Name)
				require.Positive(t, g.given.Load())
				require.Equal(t, row.want, f.Verdict, f.Why)
				require.Contains(t, f.Why, row.says)
				require.Equal(t, http.StatusInternalServerError, f.Timeline[0].Status, "what was given up is shown")
			})
		})
	}
}

// What is given up alone as well is reproduced once, and not tried further: each time would take as long.
func TestWhatIsStuckIsReproducedOnce(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		g := &giving{up: expiry}
		one := check.Check{Name: "made-up/one", Demand: "It is so.", Relations: check.Answers("expired=ack")}
		other := one
		other.Name = "made-up/other"
		r := judgedGiving(t, g, check.Relation{Left: "unhandled=ack"}, one, other)
		require.Equal(t, result.Fail, findingOf(t, r, one.Name).Verdict)
		require.Equal(t, result.Fail, findingOf(t, r, other.Name).Verdict)
		require.EqualValues(t, 4, g.given.Load(), "each once, and once alone")
	})
}

// An event that is marked as done when patience ends, and has not been, is lost, whatever else was on its way.
func TestWhatIsLostWhenPatienceEndsIsAFault(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		g := &giving{beside: true, lost: true, up: func(e stallEvent, s *stall) bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			known := s.intents[strings.Trim(string(e.Data.Object.PaymentIntent), `"`)] != ""
			return e.Type == "charge.refunded" && !known && !s.seen[e.ID]
		}}
		c := madeUp("refund-10 paid", "paid refund-10")
		f := findingOf(t, judgedGiving(t, g, check.Relation{Left: "paid unhandled*100", Op: "=", Right: "paid"}, c), c.Name)
		require.Positive(t, g.given.Load())
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.Contains(t, f.Why, "refunded")
	})
}

// A number that is each order's own accuses nobody either when it is first seen in the look alone.
func TestASerialNumberAccusesNobodyAlone(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		g := &giving{up: expiry, beside: true}
		c := madeUp("expired paid", "paid")
		f := findingOf(t, judgedBusy(t, licensing(openStall(t, g.lie).target()), check.Relation{Left: "paid unhandled*100 unhandled*50", Op: "=", Right: "paid"}, c), c.Name)
		require.Positive(t, g.given.Load())
		require.Equal(t, result.NotRun, f.Verdict, f.Why)
		require.Contains(t, f.Why, "two subjects differ at /licence")
	})
}

// A crowd finds a pool's connections open: a copy that waited for its own would come when the first is done.
func TestCrowdsFindConnectionsOpen(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		open, taken, refunds := make(chan bool, 2*crowdSize), map[string]bool{}, map[string]int{} // by event, by payment intent
		s := openStall(t, func(s *stall) {
			s.answer = func(_ int, _ http.ResponseWriter, _ *http.Request, body []byte) bool {
				select {
				case <-open:
				default:
					time.Sleep(time.Second) // which connecting takes
				}
				defer func() { open <- true }()
				var e stallEvent
				_ = endpointtest.Unmarshal(body, &e) // what is no event has no type
				s.mu.Lock()
				before := taken[e.ID]
				s.mu.Unlock()
				time.Sleep(100 * time.Millisecond) // in which another copy finds the event new as well
				s.mu.Lock()
				defer s.mu.Unlock()
				if taken[e.ID] = true; !before && e.Type == "charge.refunded" {
					refunds[strings.Trim(string(e.Data.Object.PaymentIntent), `"`)]++
				}
				return false
			}
		})
		target := s.target()
		target.State = func(_ context.Context, o event.Subject) (any, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return map[string]any{"status": s.orders[o.Text("metadata.order")].rank, "refunds": refunds[o.Text("paymentIntent")]}, nil
		}
		r, err := Judge(t.Context(), target, Options{Only: []string{"idempotence/overlapping-refund"}})
		require.NoError(t, err)
		f := findingOf(t, r, "idempotence/overlapping-refund")
		require.Equal(t, result.Fail, f.Verdict, f.Why)
	})
}

// A crowd that is there for what comes after it is no evidence that this overlaps.
func TestPreparationsAreNoEvidence(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		for left, crowds := range map[string]bool{"unhandled&3=any paid": false, "unhandled&3=any paid&3": true} {
			f, r := judgeMadeUp(t, nil, madeUp(left, "paid"), Options{})
			require.Equal(t, result.Pass, f.Verdict, f.Why)
			require.Equal(t, crowds, r.Overlap > 0, left)
		}
	})
}

// One failure among few deliveries is looked for again before it is excused.
func TestOneFailureIsAskedForAgain(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, func(s *stall) {
			s.answer = func(n int, w http.ResponseWriter, _ *http.Request, _ []byte) bool {
				if n%7 != 0 {
					return false
				}
				w.WriteHeader(http.StatusServiceUnavailable)
				return true
			}
		})
		r, err := Judge(t.Context(), s.target(), Options{Only: []string{"ack-policy/steady"}})
		require.NoError(t, err)
		f := findingOf(t, r, "ack-policy/steady")
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.Contains(t, f.Why, "the target's answers are flaky")
	})
}

// A machine that stands still for a moment makes all that is on its way late, or breaks it off. That accuses nobody.
func TestOneMomentAccusesNobody(t *testing.T) {
	t.Parallel()
	began := time.Now()
	at := func(after time.Duration, status int, latency time.Duration) target.Delivery {
		return target.Delivery{Label: "paid", Sign: "genuine", Genuine: true, EventID: "evt_1", Status: status, SentAt: began.Add(after), Latency: latency}
	}
	first, acknowledged := at(0, 200, time.Millisecond), at(20*time.Second, 200, time.Millisecond)
	for name, lie := range map[string]struct {
		judge  func(Observation) Sighting
		status int
		after  time.Duration
	}{"late": {inTime, 200, 11 * time.Second}, "silent": {steadyAnswers, 0, 11 * time.Second}, "failing": {steadyAnswers, 503, target.DefaultTimings.SlowFailure}} {
		stalled := []target.Delivery{first, at(time.Second, lie.status, lie.after), at(2*time.Second, lie.status, lie.after), acknowledged}
		seen := lie.judge(Observation{Deliveries: stalled})
		require.Equal(t, result.Info, seen.Verdict, "%s: %s", name, seen.Why)
		require.Contains(t, seen.Why, "2 of 4 answers", name)
		require.Len(t, seen.Deliveries, 2)
		twice := append(stalled, at(30*time.Second, lie.status, lie.after))
		require.Equal(t, result.Fail, lie.judge(Observation{Deliveries: twice}).Verdict, name)
	}
	waited := []target.Delivery{first, at(time.Second, 500, 5*time.Second), at(10*time.Second, 500, 5*time.Second), acknowledged}
	require.Equal(t, result.Info, steadyAnswers(Observation{Deliveries: waited}).Verdict)
	require.Equal(t, result.Fail, steadyAnswers(Observation{Deliveries: append(waited, at(30*time.Second, 500, time.Second))}).Verdict)
}

// A program that is woken by the first delivery is slow once. That is worth knowing, and no fault.
func TestAColdStartAccusesNobody(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		endpoint := openStall(t, func(s *stall) {
			s.answer = func(n int, _ http.ResponseWriter, _ *http.Request, _ []byte) bool {
				if n == 1 {
					time.Sleep(target.DefaultTimings.TooSlow + 100*time.Millisecond)
				}
				return false
			}
		}).target()
		endpoint.Timings.Answer = 2 * time.Second // of any but the first
		r, err := Judge(t.Context(), endpoint, Options{Only: []string{"ack-policy/in-time", "authenticity/genuine"}})
		require.NoError(t, err)
		require.Equal(t, result.Pass, findingOf(t, r, "authenticity/genuine").Verdict)
		f := findingOf(t, r, "ack-policy/in-time")
		require.Equal(t, result.Info, f.Verdict, f.Why)
		require.Contains(t, f.Why, "1 of ")
	})
}

// In a crowd on a busy machine a correct endpoint may give up what has waited for its turn too long.
func TestPatienceThatEndsInACrowdAccusesNobody(t *testing.T) {
	t.Parallel()
	crowd, alone := check.Step{Event: "paid", Spec: life.Payment.Vocabulary["paid"], Copies: 12, Together: true, Want: "ack"}, check.Step{Event: "paid", Spec: life.Payment.Vocabulary["paid"], Copies: 1, Want: "ack"}
	for _, row := range []struct {
		item    check.Step
		status  int
		latency time.Duration
		want    result.Verdict
	}{
		{crowd, 500, 5 * time.Second, result.Info}, {crowd, 500, time.Second, result.Fail}, {crowd, 409, 5 * time.Second, result.Fail}, {crowd, 0, 5 * time.Second, result.Fail},
		{alone, 500, 5 * time.Second, result.Fail}, {crowd, 200, 5 * time.Second, result.Pass},
	} {
		verdict, why := usualRules.answered(row.item, target.Delivery{Status: row.status, Latency: row.latency})
		require.Equal(t, row.want, verdict, "%v: %s", row, why)
	}
}
