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

// An inbox may apply the second of two payments first, and then a refund of the second is one of what was paid. That accuses nobody,
// however long the first payment waits.
func TestAnInboxMayTakePaymentsInAnyOrder(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		more  time.Duration // that the first event of an order waits
		after int           // the orders after which it does; the lag is measured with the first ones
	}{
		"a moment later":   {20 * memnet.Tick, 1},
		"behind a backlog": {4 * time.Second, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				s := openStall(t, func(s *stall) {
					s.lag = 30 * memnet.Tick
					met := map[*stallOrder]bool{}
					s.more = func(o *stallOrder) time.Duration {
						if met[o] || len(met) <= row.after {
							met[o] = true
							return 0
						}
						met[o] = true
						return row.more
					}
				})
				r, err := Judge(t.Context(), s.target(), Options{Only: []string{"meaning/second-payment"}})
				require.NoError(t, err)
				f := findingOf(t, r, "meaning/second-payment")
				require.Equal(t, result.Pass, f.Verdict, f.Why)
			})
		})
	}
}
