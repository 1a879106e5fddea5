package hookproof

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Machines are shared and noisy. What that makes of a correct endpoint's answers accuses nobody.

// Answers that fail beside others only do not flap: that is looked for while nothing else is on its way.
func TestConflictsDoNotFlap(t *testing.T) {
	t.Parallel()
	var busy atomic.Int64
	s := openStall(t, func(s *stall) {
		s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, _ []byte) bool {
			defer busy.Add(-1)
			beside := busy.Add(1) > 1
			time.Sleep(5 * time.Millisecond)
			if beside {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			return beside
		}
	})
	r, err := Judge(t.Context(), s.target(), Options{Only: []string{"order", "meaning", "ack-policy/conflicts", "ack-policy/steady"}, Budget: 3 * time.Minute})
	require.NoError(t, err)
	for _, f := range r.Findings {
		require.NotContains(t, f.Why, "flap", f.Check)
	}
	require.Equal(t, Fail, findingOf(t, r, "ack-policy/conflicts").Verdict)
}

// A target whose patience is over when it was kept busy with other events is asked once more, alone: what it takes then is
// no fault. What it refuses then as well is one.
func TestPatienceThatEndsBesideOthersAccusesNobody(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fails   func(beside bool, body string) bool
		accused bool
	}{
		"busy":   {func(beside bool, _ string) bool { return beside }, false},
		"broken": {func(_ bool, body string) bool { return strings.Contains(body, "async_payment_failed") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var busy, gaveUp atomic.Int64
			s := openStall(t, func(s *stall) {
				s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
					beside := busy.Add(1) > 1
					defer busy.Add(-1)
					time.Sleep(50 * time.Millisecond) // so that events meet
					if !row.fails(beside, string(body)) {
						return false
					}
					gaveUp.Add(1)
					time.Sleep(outwaited + 100*time.Millisecond)
					w.WriteHeader(http.StatusInternalServerError)
					return true
				}
			})
			target := s.target()
			target.Timings.Answer = 2 * outwaited
			r, err := Judge(t.Context(), target, Options{Only: []string{"ack-policy/life"}})
			require.NoError(t, err)
			require.Positive(t, gaveUp.Load())
			f := findingOf(t, r, "ack-policy/life")
			require.Equal(t, row.accused, f.Verdict == Fail, f.Why)
		})
	}
}

// What was held up alone is known to be, and is not asked for again: each time would take as long.
func TestWhatFailsAloneIsAskedOnce(t *testing.T) {
	t.Parallel()
	r := &run{alone: map[string]bool{}}
	gaveUp := &Trial{Deliveries: []Delivery{{Label: "paid", Status: 200}, {Label: "refund", Status: 500, Latency: 2 * outwaited}}}
	require.True(t, r.mayBeOthers(gaveUp))
	r.failedAlone(gaveUp)
	require.False(t, r.mayBeOthers(gaveUp))
	require.True(t, r.mayBeOthers(&Trial{Deliveries: []Delivery{{Label: "paid"}}}), "what was never answered")
	require.False(t, r.mayBeOthers(&Trial{Deliveries: []Delivery{{Label: "paid", Status: 500}}}), "what was refused at once")
}

// One failure among few deliveries is looked for again before it is excused.
func TestOneFailureIsAskedForAgain(t *testing.T) {
	t.Parallel()
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
	require.Equal(t, Fail, f.Verdict, f.Why)
	require.Contains(t, f.Why, "the target's answers flap")
}

// A machine that stands still for a moment makes all that is on its way late, or breaks it off. That accuses nobody.
func TestOneMomentAccusesNobody(t *testing.T) {
	t.Parallel()
	began := time.Now()
	at := func(after time.Duration, status int, latency time.Duration) Delivery {
		return Delivery{Label: "paid", Sign: "genuine", Genuine: true, EventID: "evt_1", Status: status, SentAt: began.Add(after), Latency: latency}
	}
	first, acknowledged := at(0, 200, time.Millisecond), at(20*time.Second, 200, time.Millisecond)
	for name, lie := range map[string]struct {
		judge  func(Journaled) Sighting
		status int
	}{"late": {inTime, 200}, "silent": {steadyAnswers, 0}, "failing": {steadyAnswers, 503}} {
		stalled := []Delivery{first, at(time.Second, lie.status, 11*time.Second), at(2*time.Second, lie.status, 13*time.Second), acknowledged}
		seen := lie.judge(Journaled{Deliveries: stalled})
		require.Equal(t, Info, seen.Verdict, "%s: %s", name, seen.Why)
		require.Contains(t, seen.Why, "2 of 4 answers", name)
		require.Len(t, seen.Deliveries, 2)
		twice := append(stalled, at(30*time.Second, lie.status, 11*time.Second))
		require.Equal(t, Fail, lie.judge(Journaled{Deliveries: twice}).Verdict, name)
	}
}

// A program that is woken by the first delivery is slow once. That is worth knowing, and no fault.
func TestAColdStartAccusesNobody(t *testing.T) {
	t.Parallel()
	r, err := Judge(t.Context(), openStall(t, func(s *stall) {
		s.answer = func(n int, _ http.ResponseWriter, _ *http.Request, _ []byte) bool {
			if n == 1 {
				time.Sleep(tooSlow + 100*time.Millisecond)
			}
			return false
		}
	}).target(), Options{Only: []string{"ack-policy/in-time", "authenticity/genuine"}})
	require.NoError(t, err)
	require.Equal(t, Pass, findingOf(t, r, "authenticity/genuine").Verdict)
	f := findingOf(t, r, "ack-policy/in-time")
	require.Equal(t, Info, f.Verdict, f.Why)
	require.Contains(t, f.Why, "1 of ")
}

// In a crowd on a busy machine a correct endpoint may give up what has waited for its turn too long.
func TestPatienceThatEndsInACrowdAccusesNobody(t *testing.T) {
	t.Parallel()
	crowd, alone := Item{Event: "paid", Copies: 12, Together: true, Want: "ack"}, Item{Event: "paid", Copies: 1, Want: "ack"}
	for _, row := range []struct {
		item    Item
		status  int
		latency time.Duration
		want    Verdict
	}{
		{crowd, 500, 5 * time.Second, Info}, {crowd, 500, time.Second, Fail}, {crowd, 409, 5 * time.Second, Fail}, {crowd, 0, 5 * time.Second, Fail},
		{alone, 500, 5 * time.Second, Fail}, {crowd, 200, 5 * time.Second, Pass},
	} {
		verdict, why := answered(row.item, Delivery{Status: row.status, Latency: row.latency})
		require.Equal(t, row.want, verdict, "%v: %s", row, why)
	}
}
