package run

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
)

// careless is an endpoint with up to two faults: it counts every copy, and every event overwrites the status.
func careless(counts, overwrites bool, licences bool) func(*stall) {
	return func(s *stall) {
		s.answer = func(int, http.ResponseWriter, *http.Request, []byte) bool {
			if counts {
				s.forget()
			}
			return false
		}
		s.before = func(e stallEvent, o *stallOrder) bool {
			rank := 0
			switch e.Type {
			case "checkout.session.completed", "checkout.session.async_payment_succeeded":
				if rank = 4; e.Data.Object.PaymentStatus == "unpaid" {
					rank = 1
				} else if counts || o.shipped == 0 {
					o.shipped++
				}
			case "checkout.session.expired":
				rank = 2
			case "checkout.session.async_payment_failed":
				rank = 3
			case "charge.refunded":
				if o.refunded = max(o.refunded, e.Data.Object.AmountRefunded); o.refunded == 4500 {
					rank = 5
				}
			}
			if overwrites && rank > 0 {
				o.rank = rank
			}
			o.rank = max(o.rank, rank)
			return true
		}
		if licences {
			s.adds = func(o stallOrder, state map[string]any) {
				state["shipped"] = make([]struct{ Key string }, o.shipped)
			}
		}
	}
}

// Two faults of one endpoint are two causes: what is told under a cause passes once that cause is mended.
func TestWhatACauseExplainsIsMendedWithIt(t *testing.T) {
	t.Parallel()
	for name, licences := range map[string]bool{"a count": false, "a list": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				failing := func(counts, overwrites bool) map[string]string {
					s := openStall(t, careless(counts, overwrites, licences))
					target := s.target()
					make := target.Subject
					target.Subject = func(ctx context.Context) (event.Subject, error) { // a refund finds its order before the payment does
						subject, err := make(ctx)
						order := subject.Text("metadata.order")
						subject["paymentIntent"] = "pi_" + order
						s.mu.Lock()
						defer s.mu.Unlock()
						s.intents["pi_"+order] = order
						return subject, err
					}
					target.Counters, target.Announce = nil, nil
					r, err := Judge(t.Context(), target, Options{Seed: 1, Only: []string{"idempotence/redelivered", "idempotence/overlapping", "idempotence/later", "order"}})
					require.NoError(t, err)
					because := map[string]string{}
					for _, f := range r.Findings {
						if f.Verdict == result.Fail {
							because[f.Check] = f.Because
						}
					}
					return because
				}
				both, counts := failing(true, true), failing(true, false)
				require.Equal(t, "idempotence/redelivered", counts["order/repeated"], "of one fault alone")
				for _, mended := range []map[string]string{failing(false, true), counts} {
					for check, cause := range both {
						if _, stays := mended[cause]; cause != "" && !stays {
							require.NotContains(t, mended, check, "it is told under %s", cause)
						}
					}
				}
				require.Equal(t, "idempotence/redelivered", both["idempotence/overlapping"], "fifty copies are one fault with two")
				require.Equal(t, "idempotence/redelivered", both["idempotence/later"])
				require.Empty(t, both["order/late-after-paid"])
				require.Contains(t, both, "order/repeated")
			})
		})
	}
}
