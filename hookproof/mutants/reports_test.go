package mutants

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/result"
)

// Every public report is seen by a check, whose mutant has the fault, or says why nothing can see it. That the check kills the mutant the
// kill matrix shows.
func TestEveryReportIsSeenOrArgued(t *testing.T) {
	t.Parallel()
	all, err := LoadReports(Files)
	require.NoError(t, err)
	require.Len(t, all, 104)
	mutants := map[string]Mutant{}
	for _, directory := range endpointDirectories(t) {
		list, err := Load(Files, directory)
		require.NoError(t, err)
		for _, m := range list {
			mutants[m.Name] = m
		}
	}
	checks, known, unseen := Hookproof().Checks, map[string]bool{}, 0
	for _, r := range all {
		require.Regexp(t, `^[\w.-]+/[\w.-]+#\d+$`, r.Report)
		require.False(t, known[r.Report], "%s is there twice", r.Report)
		known[r.Report] = true
		require.True(t, strings.HasSuffix(r.About, "."), r.Report)
		if r.Unseen != "" {
			require.Regexp(t, `^[A-Z].{60,}\.$`, r.Unseen, "%s: a true reason, in a sentence", r.Report)
			unseen++
			continue
		}
		require.Contains(t, checks, r.Check, r.Report)
		require.Contains(t, mutants, r.Mutant, r.Report)
		require.Equal(t, r.Check, mutants[r.Mutant].Expect, "%s: the check that must kill %s", r.Report, r.Mutant)
	}
	require.LessOrEqual(t, unseen, 7, "a fault that is argued to be unseen is not argued away")
}

func TestLoadReports(t *testing.T) {
	t.Parallel()
	for text, complaint := range map[string]string{
		`[{"report": "a/b#1", "about": "It fails.", "check": "a/b"}]`:                                    "a/b#1 must have a check and a mutant, or say why it is unseen",
		`[{"report": "a/b#1", "about": "It fails."}]`:                                                    "a/b#1 must have",
		`[{"report": "a/b#1", "about": "It fails.", "check": "a/b", "mutant": "go/m", "unseen": "So."}]`: "a/b#1 must have",
		`[{"report": "a/b#1", "seen": "yes"}]`:                                                           `unknown field "seen"`,
	} {
		_, err := LoadReports(fstest.MapFS{reportsFile: {Data: []byte(text)}})
		require.ErrorContains(t, err, complaint)
	}
}

func TestThePageTellsWhichReportsAreSeen(t *testing.T) {
	t.Parallel()
	killed, survives := said(Faulty, expects("a/b"), "a/b fail"), said(Faulty, expects("a/b"), "a/b pass")
	told := said(Faulty, []Expectation{{"a/c", result.Info}}, "a/c info")
	killed.Name, survives.Name, told.Name = "go/killed", "go/survives", "go/told"
	m := Matrix{Checks: []string{"a/b", "a/c"}, Rows: []Row{killed, survives, told}, Reports: []Report{
		{Report: "a/a#1", About: "One.", Check: "a/b", Mutant: "go/killed"}, {Report: "a/a#2", About: "The same.", Check: "a/b", Mutant: "go/killed"},
		{Report: "a/a#3", About: "Two.", Check: "a/b", Mutant: "go/survives"}, {Report: "a/a#4", About: "Three.", Check: "a/c", Mutant: "go/told"},
		{Report: "a/a#5", About: "Four.", Unseen: "Nobody can see it."},
	}}
	var page strings.Builder
	require.NoError(t, m.Markdown(&page))
	require.Contains(t, page.String(), "Of 5 public reports of endpoints that fail, 2 are seen by a check that fails, and 1 are told as less than a failure.")
	require.Contains(t, page.String(), "| [a/a#2](https://github.com/a/a/issues/2) | The same. | a/b, of [go/killed](../hookproof/mutants/go/killed.txtar) |")
	require.Contains(t, page.String(), "| [a/a#5](https://github.com/a/a/issues/5) | Four. | Nobody can see it. |")
}
