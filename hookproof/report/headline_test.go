package report_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
)

// The headline says of how much it speaks, and never more than was judged.
func TestHeadline(t *testing.T) {
	t.Parallel()
	of := func(check string, verdict result.Verdict, missing ...string) result.Finding {
		return result.Finding{Check: check, Demand: "It is so.", Verdict: verdict, Why: "so", Missing: missing}
	}
	lacking := func(check string) result.Finding {
		f := of(check, result.NotRun)
		f.Reason = result.NoEvidence
		return f
	}
	because := func(check, cause string) result.Finding {
		f := of(check, result.Fail)
		f.Because = cause
		return f
	}
	pass := of("authenticity/genuine", result.Pass)
	fail := of("authenticity/unsigned", result.Fail)
	known := of("order/tie", result.Known)
	for name, row := range map[string]struct {
		findings       []result.Finding
		headline, next string
	}{
		"nothing":                      {nil, "INCOMPLETE: nothing was judged", ""},
		"only failures that are known": {[]result.Finding{known, known}, "PASSED: 2 of 2 checks, 2 of them known to fail", ""},
		"a new failure beside one":     {[]result.Finding{known, fail}, "FAILED: 1 check failed of 2, beside 1 known to fail", ""},
		"no evidence beside one":       {[]result.Finding{known, lacking("order/refunds")}, "INCOMPLETE: 1 of 2 checks judged, 1 of them known to fail; not judged: 1 of 2 of order", ""},
		"a URL": {
			[]result.Finding{pass, of("authenticity/no-effect", result.NotRun, "subject", "state"), of("order/refunds", result.NotRun, "subject", "state"), of("faults/killed", result.NotRun, "subject", "state", "database", "restart")},
			"PASSED as far as a URL can show: 1 of 4 checks; not judged: order, faults, 1 of 2 of authenticity",
			"Next: 'hookproof init' writes a target file with subject and state for 2 more checks, if the endpoint handles any of the types that were sent; stop, start and database for 1 more (see docs/target.md).",
		},
		"no database": {
			[]result.Finding{pass, of("faults/killed", result.NotRun, "database", "restart"), of("bookkeeping/sum", result.NotRun, "counters")},
			"PASSED as far as can be seen without access to its database: 1 of 3 checks; not judged: faults, bookkeeping",
			"Next: give the target file stop, start and database for 1 more check; counters for 1 more (see docs/target.md).",
		},
		"a database that cannot be dialled": {
			[]result.Finding{pass, of("faults/cut-before", result.NotRun, "database")},
			"PASSED as far as can be seen without access to its database: 1 of 2 checks; not judged: faults",
			"Next: give the target file database for 1 more check (see docs/target.md).",
		},
		"no counters": {
			[]result.Finding{pass, of("bookkeeping/sum", result.NotRun, "counters")},
			"PASSED as far as its hooks can show: 1 of 2 checks; not judged: bookkeeping",
			"Next: give the target file counters for 1 more check (see docs/target.md).",
		},
		"what is ignored on purpose": {
			[]result.Finding{pass, of("meaning/refund", result.NotRun), of("meaning/unpaid", result.Pass)},
			"PASSED: 2 of 3 checks; not judged: 1 of 2 of meaning", "",
		},
		"everything": {[]result.Finding{pass, of("order/refunds", result.Info)}, "PASSED: 2 of 2 checks", ""},
		"failed":     {[]result.Finding{pass, fail}, "FAILED: 1 check failed of 2", ""},
		"failed, and not judged": {
			[]result.Finding{pass, fail, lacking("order/refunds")},
			"FAILED: 1 check failed of 2 judged, of 3 in all; not judged: order", "",
		},
		"of one cause": {
			[]result.Finding{fail, because("authenticity/stale", "authenticity/unsigned"), because("authenticity/tampered", "authenticity/unsigned"), pass},
			"FAILED: 1 cause, 3 checks failed of 4", "",
		},
		"of two causes, and not judged": {
			[]result.Finding{fail, because("authenticity/stale", "authenticity/unsigned"), of("meaning/amount", result.Fail), pass, lacking("order/refunds")},
			"FAILED: 2 causes, 3 checks failed of 4 judged, of 5 in all; not judged: order", "",
		},
		"of a cause that is not told": {[]result.Finding{because("authenticity/stale", "not/selected"), pass}, "FAILED: 1 check failed of 2", ""},
		"no evidence":                 {[]result.Finding{pass, lacking("order/refunds")}, "INCOMPLETE: 1 of 2 checks judged; not judged: order", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := result.Report{Version: 1, Findings: row.findings}
			text := strings.Join(strings.Fields(written(t, func(w io.Writer, r result.Report) error {
				return report.Text(w, r, report.Style{})
			}, r)), " ")
			require.Contains(t, text, row.headline+" ")
			require.Equal(t, name == "what is ignored on purpose", strings.Contains(text, "(1 of them with nothing to test)"))
			require.Equal(t, name == "what is ignored on purpose", strings.Contains(text, "Not run: nothing to test meaning/refund: so"))
			require.Contains(t, text, row.next)
			require.Equal(t, row.next != "", strings.Contains(text, "Next:"))
			require.Contains(t, text, "docs/events.md", "what was sent limits every verdict")
			var read struct {
				Headline, Advice string
				Causes           int
			}
			require.NoError(t, json.Unmarshal([]byte(written(t, report.JSON, r)), &read))
			require.Equal(t, row.headline, read.Headline)
			require.Equal(t, row.next, read.Advice)
			require.Equal(t, strings.Count(text, " Demanded: "), read.Causes, "each cause is told once")
			page := written(t, report.HTML, r)
			_, sentence, _ := strings.Cut(row.headline, " ")
			require.Contains(t, strings.ToLower(page), strings.ToLower(sentence))
			require.NotContains(t, page, row.headline, "its first word is the page's heading")
			require.Contains(t, page, "docs/events.md")
			if len(row.findings) > 0 {
				require.Contains(t, written(t, report.JUnit, r), `name="headline" value="`+row.headline)
			}
		})
	}
}

// Whoever reads a CI system's list of failures sees which of them another one explains.
func TestJUnitTellsTheCause(t *testing.T) {
	t.Parallel()
	r := result.Report{Findings: []result.Finding{
		{Check: "ack-policy/duplicate", Verdict: result.Fail, Why: "paid was answered 500"},
		{Check: "ack-policy/conflicts", Verdict: result.Fail, Why: "paid&12 was answered 500", Because: "ack-policy/duplicate"},
		{Check: "order/tie", Verdict: result.Fail, Why: "it was wrong", Because: "not/selected"},
	}}
	page := written(t, report.JUnit, r)
	require.Contains(t, page, `<failure message="paid was answered 500" type="fail">`)
	require.Contains(t, page, `<failure message="explained by ack-policy/duplicate: paid&amp;12 was answered 500" type="fail">`)
	require.Contains(t, page, `<failure message="it was wrong" type="fail">`)
}

// Where no effect is seen, no hook is advised: the types that were sent come first, since the endpoint may wait for others.
func TestNoHookIsAdvisedWhereNoEffectIsSeen(t *testing.T) {
	t.Parallel()
	r := result.Report{Version: 1, NoEffect: true, Sent: []string{"checkout.session.completed", "topup.created"}, Findings: []result.Finding{
		{Check: "authenticity/genuine", Demand: "It is so.", Verdict: result.Pass},
		{Check: "faults/killed", Demand: "It is so.", Verdict: result.NotRun, Why: "needs it", Missing: []string{"database", "restart"}},
	}}
	const next = "Next: find out why a payment changed nothing in the state. If the endpoint waits for other types than those that were sent, " +
		"name the life that has them under lives; no further hook helps. If it handles one of these, its object may go by other ids than those that the subject hook gives, or the state hook does not show what changes (see docs/target.md)."
	const sent = "Sent were events of checkout.session.completed and topup.created; what the endpoint does with any other type was not judged."
	text := strings.Join(strings.Fields(report.Headline(r, report.Style{})), " ")
	inOrder(t, text, next, sent)
	inOrder(t, written(t, report.HTML, r), next, sent)
	var read struct {
		Advice string
		Next   []any
		Sent   []string
	}
	require.NoError(t, json.Unmarshal([]byte(written(t, report.JSON, r)), &read))
	require.Equal(t, next, read.Advice)
	require.Equal(t, r.Sent, read.Sent)
	require.Empty(t, read.Next)

	r.Sent = strings.Fields(strings.Repeat("a.b ", 14))
	require.Contains(t, strings.Join(strings.Fields(report.Headline(r, report.Style{})), " "), "a.b, a.b and 2 others; what")
}
