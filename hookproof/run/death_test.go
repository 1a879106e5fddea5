package run

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// endsAt makes a stall's process end at bodies that contain a text.
func endsAt(text string) func(*stall) {
	return func(s *stall) {
		s.answer = func(_ int, _ http.ResponseWriter, _ *http.Request, body []byte) bool {
			if strings.Contains(string(body), text) {
				s.Close()
				panic(http.ErrAbortHandler)
			}
			return false
		}
	}
}

// stateEnds makes a target's process end when its state is asked for, where ends says so.
func stateEnds(s *stall, t *target.Target, ends func(o event.Subject, state map[string]any) bool) {
	state := t.State
	t.State = func(ctx context.Context, o event.Subject) (any, error) {
		if !t.Listens() {
			return nil, errors.New("connection refused")
		}
		said, err := state(ctx, o)
		if err == nil && ends(o, said.(map[string]any)) {
			s.Close()
			return nil, errors.New("EOF")
		}
		return said, err
	}
}

// A state hook that ends the process each time is asked a few times, and not for ever.
func TestAStateThatEndsTheProcessEndsNoRun(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, nil)
		tested := s.target()
		var ends atomic.Int64
		stateEnds(s, tested, func(_ event.Subject, state map[string]any) bool {
			if state["refunded"].(int) > 0 {
				ends.Add(1)
				return true
			}
			return false
		})
		began := time.Now()
		_, err := Judge(t.Context(), tested, Options{Seed: 1, Only: []string{"idempotence/refund-redelivered"}})
		require.NoError(t, err)
		require.Less(t, time.Since(began), 2*time.Minute)
		require.Less(t, ends.Load(), int64(60))
	})
}

// A process that ends again when it was just started is started again, and nobody waits for himself.
func TestAProcessThatEndsAgainAtOnceIsStartedAgain(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		var again atomic.Bool // the next state that is asked for ends it
		s := openStall(t, func(s *stall) {
			s.answer = func(_ int, _ http.ResponseWriter, _ *http.Request, body []byte) bool {
				if strings.Contains(string(body), "charge.refunded") {
					again.Store(true)
					s.Close()
					panic(http.ErrAbortHandler)
				}
				return false
			}
		})
		tested := s.target()
		stateEnds(s, tested, func(event.Subject, map[string]any) bool { return again.CompareAndSwap(true, false) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		r, err := Judge(ctx, tested, Options{Seed: 1, Only: []string{"order/refunds", "ack-policy/life"}})
		require.NoError(t, err)
		require.Equal(t, result.Fail, findingOf(t, r, "ack-policy/life").Verdict)
	})
}

// A process that ends during the last reading is a failure to report like any other.
func TestAnEndInTheLastReadingIsReported(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, nil)
		tested := s.target()
		subject := tested.Subject
		var last atomic.Bool
		var mu sync.Mutex
		newest := ""
		tested.Subject = func(ctx context.Context) (event.Subject, error) {
			o, err := subject(ctx)
			mu.Lock()
			defer mu.Unlock()
			newest = o.Text("metadata.order")
			return o, err
		}
		stateEnds(s, tested, func(o event.Subject, _ map[string]any) bool {
			mu.Lock()
			defer mu.Unlock()
			return newest == o.Text("metadata.order") && last.CompareAndSwap(true, false)
		})
		r, err := Judge(t.Context(), tested, Options{Seed: 1, Only: []string{"idempotence/redelivered"}, Phase: func(name string) { last.Store(name == "last reading") }})
		require.NoError(t, err)
		require.NotEqual(t, result.Fail, findingOf(t, r, "idempotence/redelivered").Verdict, "it is not reproduced")
	})
}

// What ends the process is told of the checks that deliver it, and of no others.
func TestAnEndAccusesWhatBringsItAbout(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		memnet.Virtual(t, func(t *testing.T) {
			r, err := Judge(t.Context(), openStall(t, endsAt("charge.refunded")).target(), Options{Seed: seed + 1})
			require.NoError(t, err)
			ends := 0
			for _, f := range r.Findings {
				if f.Verdict == result.Fail {
					require.Contains(t, f.Relation+f.Schedule, "refund", "%s: %s", f.Check, f.Why)
					ends++
				}
			}
			require.Positive(t, ends)
		})
	}
}

// A process that ends while what a case is compared with is delivered is a failure of that case.
func TestAReferenceThatEndsTheProcessIsAFailure(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		r, err := Judge(t.Context(), openStall(t, endsAt("charge.refunded")).target(), Options{Seed: 1, Only: []string{"order/refunds"}})
		require.NoError(t, err)
		f := findingOf(t, r, "order/refunds")
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.Contains(t, f.Why, "the target's process ended")
	})
}

// A forgery that is acknowledged beside others is a failure, though alone it is refused: no load makes a target take one.
func TestAForgeryThatIsTakenBesideOthersIsAFailure(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		var busy atomic.Int64
		s := openStall(t, func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
				defer busy.Add(-1)
				crowded := busy.Add(1) > 1
				time.Sleep(3 * time.Millisecond)
				var e stallEvent
				if crowded && endpointtest.Unmarshal(body, &e) == nil && e.ID != "" {
					w.WriteHeader(http.StatusOK)
					return true
				}
				return false
			}
		})
		r, err := Judge(t.Context(), s.target(), Options{Seed: 1, Only: []string{"authenticity"}})
		require.NoError(t, err)
		require.Equal(t, result.Fail, findingOf(t, r, "authenticity/unsigned").Verdict)
	})
}
