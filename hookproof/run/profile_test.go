package run

import (
	"encoding/json"
	"net/http"
	"strings"
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

// Whatever is our policy alone is told as info under profile stripe, wherever its verdict comes from.
func TestWhatIsOurPolicyFailsNobodyUnderProfileStripe(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		check string
		lie   func(*stall)
	}{
		"a state that is compared": {"meaning/currency", func(s *stall) {
			s.before = func(e stallEvent, o *stallOrder) bool { return false }
			s.answer = func(_ int, _ http.ResponseWriter, _ *http.Request, body []byte) bool { return s.pays(body) }
		}},
		"an answer": {"authenticity/large-body", func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
				if len(body) > 100<<10 {
					w.WriteHeader(http.StatusRequestEntityTooLarge)
				}
				return len(body) > 100<<10
			}
		}},
		"the whole run": {"ack-policy/no-leak", func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, r *http.Request, _ []byte) bool {
				if r.Header.Get("Stripe-Signature") == "" {
					w.WriteHeader(http.StatusBadRequest)
					_, _ = w.Write([]byte("Error: no signature\n    at verify (/srv/app.js:12:3)"))
				}
				return r.Header.Get("Stripe-Signature") == ""
			}
		}},
		"nothing gets through": {"ack-policy/no-rate-limit", func(s *stall) { s.answer = answering(http.StatusTooManyRequests) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				for profile, verdict := range map[string]result.Verdict{"strict": result.Fail, "stripe": result.Info} {
					target := openStall(t, row.lie).target()
					r, err := Judge(t.Context(), target, Options{Only: []string{row.check}, Profile: profile})
					require.NoError(t, err)
					f := findingOf(t, r, row.check)
					require.Equal(t, verdict, f.Verdict, "%s: %s", profile, f.Why)
					require.Equal(t, check.OurPolicy, f.Source)
				}
			})
		})
	}
}

// A shop that takes cards alone is never told of slow payments. Stripe's page speaks of them to whoever enables such methods,
// so that profile stripe tells what the shop does with them, names unhandled, and fails nothing.
func TestCardsAloneFailNobodyUnderProfileStripe(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		cardsAlone := func(s *stall) {
			s.before = func(e stallEvent, _ *stallOrder) bool {
				return e.Type == "checkout.session.async_payment_succeeded" || e.Type == "checkout.session.async_payment_failed"
			}
		}
		for profile, verdict := range map[string]result.Verdict{"strict": result.Fail, "stripe": result.Info} {
			options := runOf(aboutStates...)
			options.Profile = profile
			r, err := Judge(t.Context(), openStall(t, cardsAlone).target(), options)
			require.NoError(t, err)
			f := findingOf(t, r, "meaning/slow-payment")
			require.Equal(t, verdict, f.Verdict, "%s: %s", profile, f.Why)
			require.Contains(t, f.Why, "it does not show checkout.session.async_payment_succeeded; list that under unhandled if the endpoint is never sent it")
			require.Equal(t, 1, r.Count(verdict), profile)
		}
	})
}

// A row that is our policy is marked as one that profile strict alone demands, so that the table and explain say so.
func TestOurPolicyIsStrict(t *testing.T) {
	t.Parallel()
	for _, c := range check.All() {
		require.True(t, c.Strict || strings.HasPrefix(c.Source, "https://docs.stripe.com/"), c.Name)
	}
}

// pays books a session of whatever currency.
func (s *stall) pays(body []byte) bool {
	var e stallEvent
	if endpointtest.Unmarshal(body, &e) != nil || e.Data.Object.Currency != "eur" || e.Type != "checkout.session.completed" {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.orders[e.Data.Object.Metadata["order"]]; o != nil {
		o.rank, o.shipped = 4, 1
	}
	return false
}

// A voucher that takes the whole price away is told as Stripe tells it: the price, a discount as large, and no total.
func TestAFreeSessionIsOneOfAPriceAndADiscount(t *testing.T) {
	t.Parallel()
	about := event.Subject{"sessionId": "cs_test_1", "amount": 1200, "currency": "eur"}
	told, err := eventOf(life.Payment.Vocabulary["free"], life.Payment.Completed(about), &target.Target{}, time.Unix(0, 0), false)
	require.NoError(t, err)
	sent, err := life.Payment.New("checkout.session.completed.no_payment_required", about) // as scenarios send it
	require.NoError(t, err)
	for _, e := range []event.Event{told, sent} {
		requireFree(t, e, 1200)
	}
}

func requireFree(t *testing.T, e event.Event, price int) {
	t.Helper()
	var read struct {
		Data struct {
			Object struct {
				Subtotal int `json:"amount_subtotal"`
				Total    int `json:"amount_total"`
				Details  struct {
					Discount int `json:"amount_discount"`
				} `json:"total_details"`
				PaymentStatus string `json:"payment_status"`
			}
		}
	}
	require.NoError(t, json.Unmarshal(e.Body, &read))
	o := read.Data.Object
	require.Equal(t, "no_payment_required", o.PaymentStatus)
	require.Equal(t, []int{price, 0, price}, []int{o.Subtotal, o.Total, o.Details.Discount})
}
