package hookproof

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An endpoint that waits for other types is told which were sent, in Stripe's names, before its hooks are doubted.
func TestATargetWithoutEffectIsToldWhatWasSent(t *testing.T) {
	t.Parallel()
	target := openStall(t, func(s *stall) {
		s.before = func(stallEvent, *stallOrder) bool { return true } // as an endpoint for subscriptions does
	}).target()
	_, err := Judge(t.Context(), target, Options{})
	require.Error(t, err)
	sent := strings.Index(err.Error(), "Sent were topup.created and checkout.session.completed.")
	page := strings.Index(err.Error(), "docs/events.md")
	hooks := strings.Index(err.Error(), "does the state hook show")
	require.Positive(t, sent, err)
	require.Greater(t, page, sent, err)
	require.Greater(t, hooks, page, err)
}

// A run that a hook ends tells of every check: those whose turn had not come are not judged, and none is left out.
func TestARunThatEndsEarlyTellsOfEveryCheck(t *testing.T) {
	t.Parallel()
	target := openStall(t, nil).target()
	target.Counters = func(context.Context) (Counters, error) { return Counters{}, errors.New("lost count") }
	only := []string{"authenticity/genuine", "idempotence/replicas", "bookkeeping", "faults/poisoned-by-garbage", "ack-policy/steady"}
	r, err := Judge(t.Context(), target, Options{Only: only})
	var failed *HookError
	require.ErrorAs(t, err, &failed)
	require.Len(t, r.Findings, 8)
	require.Equal(t, Pass, findingOf(t, r, "authenticity/genuine").Verdict)
	replicas := findingOf(t, r, "idempotence/replicas")
	require.Equal(t, []string{"replicas"}, replicas.Missing, "it could not have been judged in any case")
	require.False(t, replicas.Lacking)
	for _, check := range []string{"bookkeeping/received", "bookkeeping/sum", "faults/poisoned-by-garbage", "ack-policy/steady"} {
		f := findingOf(t, r, check)
		require.Equal(t, NotRun, f.Verdict, check)
		require.True(t, f.Lacking, check)
		require.Equal(t, "the run ended before it was decided: the hook counters failed", f.Why, check)
	}
}
