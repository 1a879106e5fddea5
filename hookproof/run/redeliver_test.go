package run

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

const briefly = 5 * time.Millisecond

// redelivered tells what a payment comes to that was not acknowledged, and how often another event that was is sent
// meanwhile, if there is one. The nth payment, or what is done, is answered as is said; between two there is a pause.
func redelivered(t *testing.T, patience, pause time.Duration, paid func(n int) int, done int) (unanswered []string, asked int) {
	t.Helper()
	n := 0
	s := openStall(t, func(s *stall) {
		s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
			if strings.Contains(string(body), "topup.created") {
				asked++
				w.WriteHeader(done)
				return true
			}
			n++
			w.WriteHeader(paid(n))
			return true
		}
	})
	endpoint := s.target()
	endpoint.Timings.Retry, endpoint.Timings.Redeliver = pause, patience
	x := newExecutor(endpoint, Options{})
	t.Cleanup(x.sender.Close)
	events := map[string]event.Event{}
	for _, name := range []string{"paid", "unhandled"} {
		var err error
		events[name], err = eventOf(life.Payment.Vocabulary[name], life.Payment.Stranger(nil, true), &target.Target{}, time.Now(), false)
		require.NoError(t, err)
	}
	if done != 0 {
		x.facts.neutral = target.Outgoing{Event: events["unhandled"], Label: "unhandled", Sign: "genuine"}
	}
	h := &History{events: events, pending: []string{"paid"}}
	require.NoError(t, x.redeliver(t.Context(), h))
	return h.Unacknowledged, asked
}

// What a target says of a genuine event again and again, and nothing else, is its last word: a retry that is refused for
// good is not waited for as a database that recovers is.
func TestRefusalsAreALastWord(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		conflict := func(int) int { return http.StatusConflict }
		unanswered, _ := redelivered(t, time.Hour, briefly, conflict, 0)
		require.Equal(t, []string{"paid"}, unanswered)
		unanswered, _ = redelivered(t, time.Hour, briefly, func(n int) int {
			return []int{http.StatusNotFound, http.StatusServiceUnavailable, http.StatusNotFound, http.StatusOK}[n-1]
		}, 0)
		require.Empty(t, unanswered)
	})
}

// A copy that waits for the end of another's lease is no copy that is refused for good. Where what is done is refused as
// well, it is.
func TestALeaseIsWaitedFor(t *testing.T) {
	t.Parallel()
	for done, refused := range map[int][]string{http.StatusOK: nil, http.StatusConflict: {"paid"}} {
		t.Run(http.StatusText(done), func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				began := time.Now()
				unanswered, asked := redelivered(t, 2*target.DefaultTimings.Refusal+time.Second, briefly, func(int) int {
					if time.Since(began) < target.DefaultTimings.Refusal+time.Second {
						return http.StatusConflict
					}
					return http.StatusOK
				}, done)
				require.ElementsMatch(t, refused, unanswered)
				require.Equal(t, 1, asked, "whether it takes copies of what is done")
			})
		})
	}
}

// Between two tries a target is left in peace: each costs it a connection and an answer.
func TestRedeliveriesAreApart(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		tries := 0
		unanswered, _ := redelivered(t, time.Second, 300*time.Millisecond, func(n int) int { tries = n; return http.StatusServiceUnavailable }, 0)
		require.Equal(t, []string{"paid"}, unanswered)
		require.LessOrEqual(t, tries, 4, "with three pauses and a part of one in a second")
	})
}
