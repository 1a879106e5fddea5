package hookprooftest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
	"example.com/hookproof/hookproof/life"
)

// Where a target has several lives, the subtests of each have its name before them.
func TestSubtestsOfSeveralLives(t *testing.T) {
	t.Parallel()
	subscription, err := life.BuiltIn("subscription")
	require.NoError(t, err)
	target := &hookproof.Target{Lives: map[string]hookproof.Life{"payment": {}, "club": {Story: subscription}}}
	lives, err := target.ByLife(nil)
	require.NoError(t, err)
	names := naming{"TestA", true}
	skipped, kept, err := names.leftOut(lives, hookproof.Options{})
	require.NoError(t, err)
	require.Empty(t, skipped, "nothing is left out where go test runs all")
	require.Equal(t, []string{"payment", "club"}, kept)

	late := func(life string) hookproof.Finding {
		return hookproof.Finding{Check: "a/late", Life: life, Verdict: hookproof.NotRun, Reason: "over-budget", Why: "out of time"}
	}
	cause := hookproof.Finding{Check: "a/cause", Life: "club", Verdict: hookproof.Fail, Demand: "It counts once.", Why: "it counted twice"}
	explained := cause
	explained.Check, explained.Because = "a/explained", "a/cause"
	elsewhere := explained
	elsewhere.Life = "payment"
	texts := tell(names, hookproof.Report{Seed: 7, Findings: []hookproof.Finding{late("payment"), late("club"), cause, explained, elsewhere}}, false)
	require.Equal(t, "could not be judged: out of time\nnor could, for the same reason, club/a/late", texts[0].text)
	require.Equal(t, "could not be judged, for the same reason as payment/a/late", texts[1].text)
	require.Contains(t, texts[2].text, "go test -run '^TestA$/^club$/^a$/^cause$'")
	require.Contains(t, texts[3].text, "explained by club/a/cause")
	require.NotContains(t, texts[4].text, "explained by", "the cause is another life's")
}
