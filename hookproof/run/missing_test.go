package run

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
)

// What a check lacks is told in the words of Needs, also where a hook turns out not to offer it.
func TestWhatIsMissingIsTold(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, nil).target()
		target.Announce = func(context.Context) (event.Subject, func(context.Context) error, error) {
			return nil, nil, &result.NotJudged{Kind: result.NoHook, Hooks: []string{"announce"}, Text: "the target itself makes up sessionId"}
		}
		r, err := Judge(t.Context(), target, Options{Only: []string{"order/overtaking", "idempotence/replicas", "faults/killed"}})
		require.NoError(t, err)
		require.False(t, r.Incomplete())
		for check, missing := range map[string][]string{"order/overtaking": {"announce"}, "idempotence/replicas": {"replicas"}, "faults/killed": {"database"}} {
			f := findingOf(t, r, check)
			require.Equal(t, result.NotRun, f.Verdict, check)
			require.Equal(t, missing, f.Missing, check)
		}
		require.Equal(t, "the target itself makes up sessionId", findingOf(t, r, "order/overtaking").Why)
	})
}
