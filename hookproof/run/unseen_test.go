package run

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// An endpoint that ignores a payment on purpose, and says so, is judged by its answers. The run is complete, since no effect can be
// expected of it.
func TestWhoIgnoresThePaymentIsJudgedByAnswers(t *testing.T) {
	t.Parallel()
	for name, unhandled := range map[string][]string{
		"says so":         {"checkout.session.completed", "checkout.session.async_payment_succeeded"},
		"does not say so": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				target := openStall(t, func(s *stall) {
					s.before = func(stallEvent, *stallOrder) bool { return true }
				}).target()
				target.Unhandled = unhandled
				r, err := Judge(t.Context(), target, Options{Only: []string{"authenticity", "idempotence", "meaning"}, Skip: []string{"idempotence/restart", "idempotence/later"}})
				require.Equal(t, result.Pass, findingOf(t, r, "authenticity/wrong-secret").Verdict)
				f := findingOf(t, r, "idempotence/redelivered")
				require.Equal(t, result.NotRun, f.Verdict)
				if unhandled == nil {
					require.Error(t, err)
					require.Equal(t, life.Payment.Nouns.In(unseenEffect)+unseenAsked, f.Why)
					return
				}
				require.NoError(t, err)
				require.Equal(t, meansToIgnore+unhandled[0], f.Why)
				for _, f := range r.Findings {
					require.False(t, f.Incomplete(), "%s: %s", f.Check, f.Why)
				}
			})
		})
	}
}
