package run

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
)

// Whoever compares a sum with the order's price, and does what is advised, is right: the advice on a free session names the
// sum that is the price.
func TestTheAdviceOnAFreeSessionMends(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		for sum, verdict := range map[string]result.Verdict{"amount_total": result.Fail, "amount_subtotal": result.Pass} {
			target := openStall(t, func(s *stall) {
				s.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) bool {
					var e struct {
						Data struct{ Object map[string]any }
					}
					_ = endpointtest.Unmarshal(body, &e)
					free := e.Data.Object["payment_status"] == "no_payment_required"
					return free && endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) && e.Data.Object[sum] != 4500.0
				}
			}).target()
			r, err := Judge(t.Context(), target, Options{Only: []string{"meaning/free"}})
			require.NoError(t, err)
			f := findingOf(t, r, "meaning/free")
			require.Equal(t, verdict, f.Verdict, "%s: %s", sum, f.Why)
			if verdict == result.Fail {
				require.Contains(t, f.Fix, "amount_subtotal")
			}
		}
	})
}

// Whoever fulfils what is completed, paid or not, fails meaning/slow-payment-failed alone where that is all that is asked, and
// is told to look at payment_status: a handler of the failure comes too late.
func TestTheAdviceOnAFailedPaymentMends(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		types  string
		status bool // is looked at
		want   result.Verdict
	}{
		"whatever is told":         {"checkout.session.", false, result.Fail},
		"whatever is completed":    {"checkout.session.completed", false, result.Fail},
		"what failed":              {"checkout.session.async_payment_failed", false, result.Fail},
		"with an eye on the money": {"checkout.session.", true, result.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				target := openStall(t, func(s *stall) {
					s.before = func(e stallEvent, o *stallOrder) bool {
						if strings.HasPrefix(e.Type, row.types) && (!row.status || e.Data.Object.PaymentStatus != "unpaid") {
							o.shipped = 1
						}
						return false
					}
				}).target()
				r, err := Judge(t.Context(), target, Options{Only: []string{"meaning/slow-payment-failed"}})
				require.NoError(t, err)
				f := findingOf(t, r, "meaning/slow-payment-failed")
				require.Equal(t, row.want, f.Verdict, f.Why)
				if row.want == result.Fail {
					require.Contains(t, f.Fix, "payment_status")
				}
			})
		})
	}
}
