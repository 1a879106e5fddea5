package run

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
)

// sortsItsInbox makes a stall work on what has come a moment later, in the order in which it was created. It takes the status of the
// event that it works on last, so a latecomer undoes a payment.
func sortsItsInbox(s *stall) {
	inbox := map[*stallOrder][]stallEvent{}
	ranks := map[string]int{"unpaid": 1, "paid": 2}
	s.before = func(e stallEvent, o *stallOrder) bool {
		rank := ranks[e.Data.Object.PaymentStatus]
		if rank == 0 || e.Type == "checkout.session.expired" || e.Type == "checkout.session.async_payment_failed" {
			return false
		}
		if inbox[o] = append(inbox[o], e); len(inbox[o]) > 1 {
			return true
		}
		time.AfterFunc(30*memnet.Tick, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			slices.SortFunc(inbox[o], func(a, b stallEvent) int { return int(a.Created - b.Created) })
			for _, e := range inbox[o] {
				o.rank = ranks[e.Data.Object.PaymentStatus]
				o.shipped = max(o.shipped, o.rank-1)
			}
			delete(inbox, o)
		})
		return true
	}
}

// An endpoint whose effects come after its answers meets an order twice: at once, and with each effect awaited.
func TestALatecomerIsNotHiddenByAnInbox(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		lie  func(*stall)
		want result.Verdict
	}{
		"right": {func(s *stall) { s.lag = 30 * memnet.Tick }, result.Pass},
		"sorts": {sortsItsInbox, result.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				r, err := Judge(t.Context(), openStall(t, row.lie).target(), Options{Only: []string{"order/slow-payment"}})
				require.NoError(t, err)
				f := findingOf(t, r, "order/slow-payment")
				require.Equal(t, row.want, f.Verdict, f.Why)
				if row.want == result.Fail {
					require.Equal(t, "awaited async-paid unpaid", f.Schedule)
				}
			})
		})
	}
}
