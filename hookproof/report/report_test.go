package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
)

// samples are all reports that the tests know.
func samples() map[string]result.Report {
	return map[string]result.Report{"sample": sample(), "long": long(), "hostile": hostile(), "lives": twoLives(), "empty": {Version: 1}}
}

func written(t *testing.T, write func(io.Writer, result.Report) error, r result.Report) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, write(&out, r))
	return out.String()
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	pass := result.Finding{Verdict: result.Pass}
	fail := result.Finding{Verdict: result.Fail}
	info := result.Finding{Verdict: result.Info}
	noHook := result.Finding{Verdict: result.NotRun}
	noEvidence := result.Finding{Verdict: result.NotRun, Reason: result.NoEvidence}
	for _, c := range []struct {
		findings []result.Finding
		want     report.Outcome
	}{
		{nil, report.Incomplete},
		{[]result.Finding{pass}, report.Passed},
		{[]result.Finding{pass, info, noHook}, report.Passed},
		{[]result.Finding{info, noHook}, report.Incomplete},
		{[]result.Finding{pass, noEvidence}, report.Incomplete},
		{[]result.Finding{pass, fail, noEvidence}, report.Failed},
		{[]result.Finding{fail}, report.Failed},
	} {
		require.Equal(t, c.want, report.OutcomeOf(result.Report{Findings: c.findings}), c.findings)
	}
}

func TestJSONFollowsTheSchema(t *testing.T) {
	t.Parallel()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.Schema()))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource("report.schema.json", document))
	schema, err := compiler.Compile("report.schema.json")
	require.NoError(t, err)
	validate := func(raw string) error {
		read, err := jsonschema.UnmarshalJSON(strings.NewReader(raw))
		require.NoError(t, err)
		return schema.Validate(read)
	}
	for name, r := range samples() {
		require.NoError(t, validate(written(t, report.JSON, r)), name)
	}
	good := written(t, report.JSON, sample())
	for _, c := range []struct{ old, new, why string }{
		{`"version": 1`, `"version": 2`, "another version"},
		{`"version": 1`, `"version": 1, "more": 1`, "a key that is not known"},
		{`"outcome": "failed"`, `"outcome": "perhaps"`, "a word that is none"},
		{`"verdict": "info"`, `"verdict": "maybe"`, "a verdict that is none"},
		{`"why": "two tickets were issued for one payment",`, ``, "a failure without a reason"},
		{`"status": 307`, `"status": "307"`, "a status that is no number"},
		{`"began": "2026-11-25T08:27:23Z"`, `"began": "today"`, "a time that is none"},
	} {
		bad := strings.Replace(good, c.old, c.new, 1)
		require.NotEqual(t, good, bad, c.why)
		require.Error(t, validate(bad), c.why)
	}
}

func TestJSONIsTheReport(t *testing.T) {
	t.Parallel()
	raw := written(t, report.JSON, sample())
	var read result.Report
	require.NoError(t, json.Unmarshal([]byte(raw), &read))
	require.Equal(t, raw, written(t, report.JSON, read))
	var summary struct {
		Outcome string
		Counts  map[string]int
	}
	require.NoError(t, json.Unmarshal([]byte(raw), &summary))
	require.Equal(t, "failed", summary.Outcome)
	require.Equal(t, map[string]int{"pass": 6, "fail": 5, "info": 1, "notRun": 3}, summary.Counts)
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	type counts struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
	}
	var read struct {
		XMLName xml.Name `xml:"testsuites"`
		counts
		Suites []struct {
			counts
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
				Error *struct {
					Message string `xml:"message,attr"`
				} `xml:"error"`
				Skipped *struct {
					Message string `xml:"message,attr"`
				} `xml:"skipped"`
				Output string `xml:"system-out"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	raw := written(t, report.JUnit, sample())
	require.True(t, strings.HasPrefix(raw, xml.Header))
	require.NoError(t, xml.Unmarshal([]byte(raw), &read))
	require.Equal(t, counts{15, 5, 1, 2}, read.counts)
	var sum counts
	found := map[string]result.Finding{}
	for _, f := range sample().Findings {
		found[f.Check] = f
	}
	for _, suite := range read.Suites {
		got := counts{Tests: len(suite.Cases)}
		for _, c := range suite.Cases {
			f, known := found[c.Name]
			require.True(t, known, c.Name)
			delete(found, c.Name)
			require.Equal(t, suite.Name, strings.Split(c.Name, "/")[0])
			require.Equal(t, f.Verdict == result.Fail, c.Failure != nil, c.Name)
			require.Equal(t, f.Verdict == result.NotRun && !f.Incomplete(), c.Skipped != nil, c.Name)
			require.Equal(t, f.Incomplete(), c.Error != nil, c.Name)
			switch {
			case c.Error != nil:
				got.Errors++
				require.Equal(t, f.Why, c.Error.Message)
			case c.Failure != nil:
				got.Failures++
				require.Equal(t, f.Why, c.Failure.Message)
				require.Contains(t, c.Failure.Text, "--only "+f.Check+" --seed 20261125")
			case c.Skipped != nil:
				got.Skipped++
				require.Equal(t, f.Why, c.Skipped.Message)
			case f.Verdict == result.Info:
				require.Contains(t, c.Output, f.Why)
			}
		}
		require.Equal(t, suite.counts, got, suite.Name)
		sum = counts{sum.Tests + got.Tests, sum.Failures + got.Failures, sum.Errors + got.Errors, sum.Skipped + got.Skipped}
	}
	require.Equal(t, read.counts, sum)
	require.Empty(t, found, "every check is a case")
	for name, r := range samples() {
		var any struct {
			XMLName xml.Name `xml:"testsuites"`
		}
		require.NoError(t, xml.Unmarshal([]byte(written(t, report.JUnit, r)), &any), name)
	}
}
