package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
)

// What a run was out of is told once, with the flag that gives more of it.
func TestWhatARunLacks(t *testing.T) {
	t.Parallel()
	without := func(check, why string) hookproof.Finding {
		return hookproof.Finding{Check: check, Verdict: hookproof.NotRun, Reason: hookproof.NoEvidence, Why: why}
	}
	require.Equal(t, []string{"order/life: out of hook calls (250); --hook-calls gives more", "order/tie: two subjects differ at /n"},
		lacking(hookproof.Report{Findings: []hookproof.Finding{
			without("order/life", "out of hook calls (250)"), without("order/late-after-paid", "out of hook calls (250)"), without("order/tie", "two subjects differ at /n"),
		}}))
}
