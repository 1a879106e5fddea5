package run

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
)

// A shop that finds whose a payment is by its customer alone is judged.
func TestAShopThatKnowsItsCustomersIsJudged(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		var mu sync.Mutex
		orders := map[string]string{} // a customer's one order
		target := openStall(t, nil).target()
		shop := memnet.OpenDoor(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body := endpointtest.Body(r)
			if !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			var e struct {
				Type string
				Data struct {
					Object struct {
						Customer      string
						PaymentStatus string `json:"payment_status"`
					}
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if endpointtest.Unmarshal(body, &e) != nil || e.Type != "checkout.session.completed" || e.Data.Object.PaymentStatus != "paid" {
				return
			}
			if _, known := orders[e.Data.Object.Customer]; known {
				orders[e.Data.Object.Customer] = "paid"
			}
		}))
		target.URL, target.Announce, target.Counters = shop.URL(), nil, nil
		target.Subject = func(context.Context) (event.Subject, error) {
			mu.Lock()
			defer mu.Unlock()
			id := event.Random()
			orders["cus_"+id] = "open"
			return event.Subject{"sessionId": "cs_test_" + id, "customer": "cus_" + id, "amount": 4500, "currency": "usd"}, nil
		}
		target.State = func(_ context.Context, s event.Subject) (any, error) {
			mu.Lock()
			defer mu.Unlock()
			return map[string]any{"status": orders[s.Text("customer")], "customer": s.Text("customer")}, nil
		}
		r, err := Judge(t.Context(), target, Options{Only: []string{"idempotence/redelivered", "meaning/unpaid", "meaning/strangers", "meaning/neighbours", "authenticity/no-effect"}})
		require.NoError(t, err)
		require.Equal(t, 5, r.Count(result.Pass), r.Findings)
	})
}
