package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/result"
)

// What a run was out of is told once, with the flag that gives more of it.
func TestWhatARunLacks(t *testing.T) {
	t.Parallel()
	without := func(check, why string) result.Finding {
		return result.Finding{Check: check, Verdict: result.NotRun, Reason: result.NoEvidence, Why: why}
	}
	require.Equal(t, []string{"order/life: out of hook calls (250); --hook-calls gives more", "order/tie: two subjects differ at /n"},
		lacking(result.Report{Findings: []result.Finding{
			without("order/life", "out of hook calls (250)"), without("order/late-after-paid", "out of hook calls (250)"), without("order/tie", "two subjects differ at /n"),
		}}))
}
