package run

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
)

// writesRowsWhole makes a stall read an order, work for a moment and write the whole order: what another event changed meanwhile is lost.
// Copies of one event wait for each other, as they do at an insert of the event's id.
func writesRowsWhole(s *stall) {
	gates := map[string]chan bool{}
	s.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) bool {
		var e stallEvent
		if endpointtest.Unmarshal(body, &e) != nil {
			return false
		}
		s.mu.Lock()
		gate := gates[e.ID]
		if gate == nil {
			gate = make(chan bool, 1)
			gates[e.ID] = gate
		}
		s.mu.Unlock()
		gate <- true
		defer func() { <-gate }()
		s.mu.Lock()
		reference := e.Data.Object.Metadata["order"]
		if reference == "" {
			reference = s.intents[strings.Trim(string(e.Data.Object.PaymentIntent), `"`)]
		}
		order := s.orders[reference]
		if order == nil || s.seen[e.ID] {
			s.mu.Unlock()
			return false
		}
		read := *order
		s.mu.Unlock()
		time.Sleep(memnet.Tick)
		if e.happenedFirst() { // and is written last
			time.Sleep(memnet.Tick)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		*order = read
		status, _ := s.take(r.Header.Get("Stripe-Signature"), body)
		w.WriteHeader(status)
		return true
	}
}

// happenedFirst tells the first of two events that overlap, of those that a stall can tell apart.
func (e stallEvent) happenedFirst() bool {
	return e.Type == "checkout.session.completed" || e.Data.Object.AmountRefunded == 450
}

// Different events that overlap end as one after the other does. An endpoint that loses one of them keeps every promise about copies of
// one event.
func TestDifferentEventsThatOverlap(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		lie  func(*stall)
		want result.Verdict
	}{
		"one at a time": {nil, result.Pass},
		"with a history": {func(s *stall) {
			s.adds = func(o stallOrder, state map[string]any) { state["history"] = strings.Join(o.actions, ", ") }
			s.answer = func(_ int, _ http.ResponseWriter, _ *http.Request, body []byte) bool {
				if e := (stallEvent{}); endpointtest.Unmarshal(body, &e) == nil && e.happenedFirst() { // and is taken last
					time.Sleep(memnet.Tick)
				}
				return false
			}
		}, result.Pass},
		"rows written whole": {writesRowsWhole, result.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				r, err := Judge(t.Context(), openStall(t, row.lie).target(), Options{Only: []string{"idempotence/overlapping", "order/together"}})
				require.NoError(t, err)
				require.Equal(t, result.Pass, findingOf(t, r, "idempotence/overlapping").Verdict)
				require.Equal(t, row.want, findingOf(t, r, "order/together").Verdict, findingOf(t, r, "order/together").Why)
				if row.want == result.Fail {
					require.Contains(t, findingOf(t, r, "order/together").Schedule, " & ")
				}
			})
		})
	}
}
