package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/life"
)

// A refusal does not say why: whoever forges would learn from it what to mend.
func TestARefusalDoesNotSayWhy(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	event, err := life.Payment.New("checkout.session.completed", subjectOf(e.book()))
	require.NoError(t, err)
	answers := map[string]bool{}
	for _, sign := range []string{"wrong-secret", "no-header", "malformed-header", "stale", "future", "tampered-body"} {
		d := e.target().Deliver(t.Context(), event, sign)
		require.Equal(t, 400, d.Status, sign)
		answers[d.Answer] = true
	}
	require.Len(t, answers, 1, "all refusals say the same")
}
