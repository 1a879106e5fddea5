package run

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// A forgery that was answered 500 was not accepted, and no word of the failure may say so.
func TestAForgeryThatFailsWasNotAccepted(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) bool {
				if endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) {
					return false
				}
				w.WriteHeader(http.StatusInternalServerError)
				return true
			}
		}).target()
		r, err := Judge(t.Context(), target, Options{Only: []string{"authenticity/wrong-secret", "authenticity/unsigned"}})
		require.NoError(t, err)
		f := findingOf(t, r, "authenticity/wrong-secret")
		require.Equal(t, result.Fail, f.Verdict)
		require.Equal(t, "wrong-secret:paid was answered 500, instead of a 4xx", f.Why)
		require.NotContains(t, f.Importance, "accepted was seen")
		require.Contains(t, f.Importance, "was not accepted")
		require.Contains(t, f.Fix, "catch what the verification throws")
		require.Equal(t, result.Info, findingOf(t, r, "authenticity/unsigned").Verdict)
	})
}

// What a failure costs, and how it is mended, says no more than what its answers have shown.
func TestCosts(t *testing.T) {
	t.Parallel()
	forged := func(status int) History {
		return History{Deliveries: []target.Delivery{{Sign: "wrong-secret", Status: status}}}
	}
	genuine := History{Deliveries: []target.Delivery{{Sign: "genuine", Genuine: true, Status: 500}}}
	for name, row := range map[string]struct {
		check   string
		history History
		cost    string
		mend    string
	}{
		"a forgery that was taken":       {"authenticity/wrong-secret", forged(200), costMayBeForged, check.MendVerify},
		"a forgery that failed":          {"authenticity/wrong-secret", forged(500), costUnrefused, fixUnrefused},
		"a forgery that was redirected":  {"authenticity/unsigned", forged(302), costUnrefused, fixUnrefused},
		"a forgery that nobody answered": {"authenticity/stale", forged(0), costUnrefused, fixUnrefused},
		"a stale one that was taken":     {"authenticity/stale", forged(200), "whoever has seen one delivery can send it again for ever", "compare t with the clock, and refuse what is older than five minutes"},
		"a genuine one that failed":      {"ack-policy/unhandled-type", genuine, check.CostRetry, "answer 200 to every type that you do not know"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := check.Named(row.check)[0]
			cost, mend := advice(Outcome{Case: Case{Check: c}, Verdict: result.Fail, Symptom: wrongAnswer, History: row.history})
			require.Equal(t, life.Payment.Nouns.In(row.cost), cost)
			require.Equal(t, row.mend, mend)
		})
	}
}
