package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
)

// An annotation is one line, whatever the target says, and a failure stands after the one that explains it.
func TestAnnotations(t *testing.T) {
	t.Parallel()
	r := result.Report{Findings: []result.Finding{
		{Check: "idempotence/later", Verdict: result.Fail, Why: "a\x1b[2J", Because: "idempotence/redelivered"},
		{Check: "order/tie", Verdict: result.Known, Why: "b"},
		{Check: "order/life", Verdict: result.Pass},
		{Check: "idempotence/redelivered", Verdict: result.Fail, Why: "50 % more\n::error::x", Fix: "count once"},
	}}
	var out bytes.Buffer
	require.NoError(t, report.Annotations("a,b:c.json")(&out, r))
	require.Equal(t, "::error title=hookproof%3A idempotence/redelivered,file=a%2Cb%3Ac.json,line=1::50 %25 more ::error::x%0AFix: count once\n"+
		"::error title=hookproof%3A idempotence/later,file=a%2Cb%3Ac.json,line=1::explained by idempotence/redelivered, so fix that first: a\n", out.String())
	out.Reset()
	require.NoError(t, report.Annotations("")(&out, r))
	require.True(t, strings.HasPrefix(out.String(), "::error title=hookproof%3A idempotence/redelivered::50"), out.String())
}
