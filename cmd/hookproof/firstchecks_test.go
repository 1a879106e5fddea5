package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/result"
)

// Which failures one cause explains is told beside it, so that the sums of the headline can be followed.
func TestTheFirstChecksTellWhatACauseExplains(t *testing.T) {
	t.Parallel()
	failure := func(name, because string) result.Finding {
		return result.Finding{Check: name, Verdict: result.Fail, Because: because}
	}
	a, b, c := failure("a", ""), failure("b", "a"), failure("c", "a")
	passed := result.Finding{Check: "d", Verdict: result.Pass}
	require.Equal(t, "\n    explains why b and c fail, too", alsoFailed(result.Report{Findings: []result.Finding{a, b, c, passed}}, a))
	require.Equal(t, "\n    explains why b fails, too", alsoFailed(result.Report{Findings: []result.Finding{a, b}}, a))
	require.Empty(t, alsoFailed(result.Report{Findings: []result.Finding{a, b}}, b))
}
