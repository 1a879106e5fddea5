package run

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// What is redelivered is given up when there is nothing left to hope for.
func TestWhenARedeliveryIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		with    func(x *executor, h *History, s *stall)
		status  int // of each answer
		unknown []string
	}{
		"the time is over":                      {func(x *executor, _ *History, _ *stall) { x.timings.Redeliver = time.Millisecond }, 503, []string{"paid"}},
		"that after a fault is":                 {func(x *executor, h *History, _ *stall) { x.timings.Recover, h.recovers = time.Millisecond, true }, 503, []string{"paid"}},
		"refused for good":                      {func(x *executor, _ *History, _ *stall) { x.timings.Refusal = time.Millisecond }, 404, []string{"paid"}},
		"refused now, and what is done as well": {func(x *executor, _ *History, _ *stall) { x.timings.Refusal = time.Millisecond }, 409, []string{"paid"}},
		"acknowledged before, and what is wrong is its copy": {func(x *executor, h *History, _ *stall) {
			x.timings.CoolDown = time.Millisecond
			h.Deliveries = []target.Delivery{{Status: 200, EventID: h.events["paid"].ID}}
		}, 503, nil},
		"nobody listens": {func(x *executor, _ *History, s *stall) { x.timings.Respawn = time.Millisecond; _ = s.stop() }, 0, []string{"paid"}},
		"acknowledged":   {func(*executor, *History, *stall) {}, 200, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				s := openStall(t, func(s *stall) {
					s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, _ []byte) bool {
						w.WriteHeader(row.status)
						return true
					}
				})
				x := pipelineOf(t, s.target()).executor
				x.timings.Redeliver, x.timings.Recover, x.timings.Refusal, x.timings.CoolDown = time.Hour, time.Hour, time.Hour, time.Hour
				e, err := eventOf(life.Payment.Vocabulary["paid"], life.Payment.Stranger(nil, true), x.target, time.Now(), false)
				require.NoError(t, err)
				h := &History{events: map[string]event.Event{"paid": e}, pending: []string{"paid"}}
				row.with(x, h, s)
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // where it is never given up
				defer cancel()
				require.NoError(t, x.redeliver(ctx, h))
				require.ElementsMatch(t, row.unknown, h.Unacknowledged)
			})
		})
	}
}

// An event is another copy's work where it is refused for now, and what has long been done is acknowledged.
func TestWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		for status, now := range map[int]bool{409: true, 423: true, 425: true, 429: true, 400: false, 404: false, 422: false} {
			for done, acknowledges := range map[int]bool{200: true, 409: false} {
				script := &scripted{neutral: []int{done}}
				x := pipelineOf(t, openStall(t, script.answers).target()).executor
				require.Equal(t, now && acknowledges, x.mayBeLeased(t.Context(), target.Delivery{Status: status}), "%d, and what is done %d", status, done)
				x.facts.neutral = target.Outgoing{}
				require.False(t, x.mayBeLeased(t.Context(), target.Delivery{Status: status}), "nothing is known to be done")
			}
		}
	})
}
