package baseline_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/baseline"
	"example.com/hookproof/hookproof/result"
)

func of(check, life string, verdict result.Verdict) result.Finding {
	return result.Finding{Check: check, Life: life, Verdict: verdict}
}

// A check is known whatever its finding says; of a life that is named, only there.
func TestMark(t *testing.T) {
	t.Parallel()
	b := baseline.Baseline{Version: 1, Known: []baseline.Failure{{Check: "order/tie"}, {Check: "faults/killed", Life: "payment"}, {Check: "meaning/unpaid", Life: "payment"}}}
	r := result.Report{Findings: []result.Finding{
		of("order/tie", "payment", result.Fail), of("order/tie", "intent", result.Pass),
		of("faults/killed", "payment", result.Pass), of("faults/killed", "intent", result.Fail),
		of("meaning/unpaid", "payment", result.NotRun), of("meaning/unpaid", "intent", result.Info),
	}}
	before := r.Findings
	b.Mark(&r, "known.json")
	require.Equal(t, result.Fail, before[0].Verdict, "what was handed in is left as it was")
	var verdicts []result.Verdict
	for _, f := range r.Findings {
		verdicts = append(verdicts, f.Verdict)
	}
	require.Equal(t, []result.Verdict{result.Known, result.Pass, result.Pass, result.Fail, result.NotRun, result.Info}, verdicts)
	require.Equal(t, &result.Baseline{File: "known.json", Gone: []result.Gone{{Check: "faults/killed", Life: "payment"}}, NotJudged: 1}, r.Baseline)
}

// A baseline that is written anew has what fails now, and what was not judged; notes stay.
func TestOf(t *testing.T) {
	t.Parallel()
	older := baseline.Baseline{Version: 1, Known: []baseline.Failure{{Check: "order/tie", Note: "#12"}, {Check: "faults/killed", Note: "#13"}, {Check: "meaning/unpaid"}}}
	findings := []result.Finding{of("order/tie", "payment", result.Known), of("authenticity/unsigned", "payment", result.Fail), of("faults/killed", "payment", result.NotRun), of("meaning/unpaid", "payment", result.Pass)}
	require.Equal(t, []baseline.Failure{{Check: "authenticity/unsigned"}, {Check: "faults/killed", Note: "#13"}, {Check: "order/tie", Note: "#12"}},
		baseline.Of(result.Report{Findings: findings}, older).Known)
	findings = append(findings, of("authenticity/unsigned", "intent", result.Pass))
	require.Contains(t, baseline.Of(result.Report{Findings: findings}, older).Known, baseline.Failure{Check: "authenticity/unsigned", Life: "payment"})
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ text, told string }{
		"no JSON":        {"known", "known.json:1: "},
		"another member": {`{"version": 1, "knwon": []}`, `/knwon: the key is not known`},
		"no version":     {`{"known": []}`, "/version: it must be 1"},
		"a family":       {`{"version": 1, "known": [{"check": "order"}]}`, "/known/0/check: it must be a check's whole name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "known.json")
			require.NoError(t, os.WriteFile(file, []byte(row.text), 0o600))
			_, err := baseline.Read(file)
			require.ErrorContains(t, err, row.told)
		})
	}
}
