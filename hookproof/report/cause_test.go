package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
)

// The cause stands before what it explains, and before what explains less.
func TestACauseIsToldFirst(t *testing.T) {
	t.Parallel()
	failed := func(check, because string) result.Finding {
		return result.Finding{Check: check, Because: because, Demand: "It is so.", Why: check + " was wrong", Verdict: result.Fail, Fix: "mend it"}
	}
	r := result.Report{Findings: []result.Finding{
		failed("authenticity/large-body", ""),
		failed("ack-policy/conflicts", "ack-policy/duplicate"),
		failed("ack-policy/duplicate", ""),
		failed("faults/killed", "ack-policy/duplicate"),
		failed("meaning/amount", "not/selected"),
	}}
	var text, page bytes.Buffer
	require.NoError(t, report.Text(&text, r, report.Style{}))
	require.NoError(t, report.HTML(&page, r))
	inOrder(t, text.String(), "1. ack-policy/duplicate", "It also explains these failures:", "     ack-policy/conflicts: ", "     faults/killed: ",
		"2. authenticity/large-body", "3. meaning/amount")
	require.NotContains(t, text.String(), "4. ")
	inOrder(t, page.String(), "ack-policy/duplicate was wrong", "Explained by", "ack-policy/conflicts was wrong", "Explained by", "faults/killed was wrong", "authenticity/large-body was wrong")
}

// What there was nothing to ask about is told with why, and leaves the rest of its check passed.
func TestAPartThatWasNotRunIsTold(t *testing.T) {
	t.Parallel()
	r := result.Report{Findings: []result.Finding{{Check: "faults/cut-before", Demand: "It is so.", Verdict: result.Pass,
		NotRun: []string{"S(paid refund, cut-before) = S(paid refund): there is nothing to cut"}}}}
	var text, page bytes.Buffer
	require.NoError(t, report.Text(&text, r, report.Style{}))
	require.NoError(t, report.HTML(&page, r))
	require.Equal(t, report.Passed, report.OutcomeOf(r))
	inOrder(t, text.String(), "Not run in part: nothing to test", "faults/cut-before: S(paid refund, cut-before) = S(paid refund): there is")
	require.Contains(t, page.String(), "Not run: S(paid refund, cut-before) = S(paid refund): there is nothing to cut")
}

func inOrder(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		_, after, found := strings.Cut(text, part)
		require.True(t, found, "%q is missing, or too early", part)
		text = after
	}
}
