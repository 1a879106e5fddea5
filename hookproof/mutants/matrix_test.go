package mutants

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/run"
)

// said makes a row of which some checks said something: "family/check fail".
func said(kind Kind, expect []Expectation, findings ...string) Row {
	row := Row{Name: string(kind), Kind: kind, Expect: expect, Description: "A row."}
	for _, text := range findings {
		f := result.Finding{Why: "why"}
		var verdict string
		_, _ = fmt.Sscan(text, &f.Check, &verdict)
		if f.Verdict = result.Verdict(strings.TrimSuffix(verdict, "!")); strings.HasSuffix(verdict, "!") {
			f.Reason = result.NoEvidence
		}
		row.Judged.Findings = append(row.Judged.Findings, f)
	}
	return row
}

func cut(r Row) Row {
	r.Cut = "it is gone"
	return r
}

func expects(checks ...string) []Expectation {
	var all []Expectation
	for _, check := range checks {
		all = append(all, Expectation{check, result.Fail})
	}
	return all
}

func TestObjections(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		row       Row
		objection string
	}{
		"killed":                       {said(Faulty, expects("a/b"), "a/b fail", "a/c pass"), ""},
		"killed, and by others":        {said(Faulty, expects("a/b"), "a/b fail", "a/c fail"), ""},
		"killed by accident":           {said(Faulty, expects("a/b"), "a/b pass", "a/c fail"), "is not killed by a/b, only by a/c"},
		"survives":                     {said(Faulty, expects("a/b"), "a/b pass", "a/c pass"), "survives: a/b says pass (why)"},
		"not asked":                    {said(Faulty, expects("a/b")), "survives"},
		"info is no kill":              {said(Faulty, expects("a/b"), "a/b info"), "survives: a/b says info (why)"},
		"unless it is what is told":    {said(Faulty, []Expectation{{"a/b", result.Info}}, "a/b info"), ""},
		"not run for want of evidence": {said(Faulty, []Expectation{{"a/b", result.NotRun}}, "a/b not-run!"), ""},
		"not run for want of a hook":   {said(Faulty, []Expectation{{"a/b", result.NotRun}}, "a/b not-run"), "survives: a/b says not-run (why)"},
		"a pair, killed by one":        {said(Pair, expects("a/b", "a/c"), "a/b pass", "a/c fail"), ""},
		"a pair that hides both":       {said(Pair, expects("a/b", "a/c"), "a/b pass", "a/c pass"), "survives: a/b says pass (why)"},
		"correct":                      {said(Correct, nil, "a/b pass", "a/c info", "a/d not-run"), ""},
		"accused":                      {said(Correct, nil, "a/b pass", "a/c fail"), "is accused, though correct: a/c"},
		"not judged":                   {said(Correct, nil, "a/b not-run!"), "was not judged by a/b: why"},
		"cut short, and killed":        {cut(said(Faulty, expects("a/b"), "a/b fail")), ""},
		"cut short, and told so":       {cut(said(Faulty, []Expectation{{"a/b", result.NotRun}})), ""},
		"cut short":                    {cut(said(Faulty, expects("a/b"), "a/c fail")), "could not be judged to the end: it is gone"},
		"correct, and cut short":       {cut(said(Correct, nil, "a/b pass")), "could not be judged to the end: it is gone"},
		"trouble":                      {Row{Kind: Faulty, Trouble: "it is down"}, "could not be judged: it is down"},
		"something left":               {Row{Kind: Correct, Left: "a process"}, "something is left behind: a process"},
	} {
		require.Equal(t, c.objection, c.row.Objection(), name)
	}
}

func TestIdleChecks(t *testing.T) {
	t.Parallel()
	m := Matrix{Checks: []string{"a/kills", "a/told", "a/idle", "a/accused", "a/no-hook"}, Rows: []Row{
		said(Faulty, []Expectation{{"a/told", result.Info}}, "a/kills fail", "a/told info", "a/idle pass", "a/no-hook not-run"),
		said(Correct, nil, "a/accused fail", "a/idle pass"),
	}}
	require.Equal(t, []string{"a/idle", "a/accused"}, m.Idle(), "a kill of a correct endpoint is none")
	require.Contains(t, m.Objections(), "a/idle kills nothing")
	m.Part = true
	require.Empty(t, m.Idle(), "of some mutants no check can be told to be idle")
}

// A check that says of itself that it kills a fault is about it, and must do so on one endpoint at least.
func TestClaims(t *testing.T) {
	t.Parallel()
	one, other := said(Faulty, expects("a/b"), "a/b fail", "a/c fail", "a/d fail"), said(Faulty, expects("a/b"), "a/b fail")
	one.Name, other.Name = "go/fault", "node/fault"
	one.About, other.About = []string{"a/c", "a/e"}, []string{"a/c", "a/e"}
	require.Equal(t, []string{"a/d"}, one.Accidents())
	m := Matrix{Rows: []Row{one, other}}
	require.Equal(t, []string{"a/e says of itself that it kills fault, and does not"}, m.Objections())
	m.Alone = true
	require.Empty(t, m.Objections(), "it was not asked")

	require.Equal(t, []string{"a/c"}, Judge{Checks: []string{"a/b", "a/c", "a/d"}, Kills: map[string][]string{"a/b": {"fault"}, "a/c": {"fault"}, "a/d": {"other"}}}.
		about(Mutant{Name: "go/fault", Expect: "a/b"}))
}

func TestPages(t *testing.T) {
	t.Parallel()
	row := said(Faulty, expects("a/b"), "a/b fail", "a/c fail")
	row.Report, row.Diff, row.Description = "owner/repository#1", "-<old>\n+new\n", "A <fault>."
	m := Matrix{Checks: []string{"a/b", "a/c"}, Rows: []Row{row, said(Pair, expects("a/b", "a/c"), "a/b fail"), said(Correct, nil, "a/b pass")}}
	var page, markdown, text strings.Builder
	require.NoError(t, m.HTML(&page))
	require.NotContains(t, page.String(), "<old>", "what comes from outside is escaped")
	require.Contains(t, page.String(), "https://github.com/owner/repository/issues/1")
	require.Contains(t, page.String(), `href="#mutant-0--a-b"`)
	require.Contains(t, page.String(), `id="mutant-0--a-b"`)
	require.NoError(t, m.Markdown(&markdown))
	require.Contains(t, markdown.String(), "| [mutant](../hookproof/mutants/mutant.txtar) | A <fault>. |")
	require.NoError(t, m.Text(&text))
	require.Contains(t, text.String(), "1 of 1 mutants killed by their expected check, 1 of 1 pairs killed by one of theirs, 1 of 1 runs on correct endpoints without a failure; 2 checks")

	require.Contains(t, text.String(), "endpoint  runs  in all  deliveries  hook calls")

	// How often and how long are measurements: the page of two runs is that of one.
	m.Took = 1e10
	m.Rows[2].Run, m.Rows[2].Judged.Took, m.Rows[2].Judged.Phases = 1, 2000, []result.Spent{{Phase: "direct", Took: 500}}
	more := m.Rows[2]
	more.Run, more.Judged.Took = 2, 4000
	m.Rows = append(m.Rows, more)
	require.Equal(t, [][]string{{"endpoint", "runs", "in all", "direct", "deliveries", "hook calls"}, {"correct", "2", "2.0", "0.5", "0", "0"}}, m.spent())
	m.Rows[0].Judged.Findings = m.Rows[0].Judged.Findings[:1] // no accident this time
	var again strings.Builder
	require.NoError(t, m.Markdown(&again))
	require.NotEqual(t, markdown.String(), again.String())
	require.Equal(t, Stable(markdown.String()), Stable(again.String()))

	m.Rows[0].Judged.Findings[0].Verdict = result.Pass
	again.Reset()
	require.NoError(t, m.Markdown(&again))
	require.NotEqual(t, Stable(markdown.String()), Stable(again.String()))
}

func TestCombine(t *testing.T) {
	t.Parallel()
	sources := sourcesOf("one\ntwo\nthree\nfour\n")
	mutant := func(find, replace string) Mutant {
		return Mutant{Name: find, Expect: "a/" + find, Edits: []Edit{{"a.txt", find + "\n", replace}}}
	}
	pair, err := Combine(mutant("one", "1\n"), mutant("three", "3\n"), sources)
	require.NoError(t, err)
	changed, err := pair.Apply(sources)
	require.NoError(t, err)
	require.Equal(t, "1\ntwo\n3\nfour\n", string(changed["a.txt"]))
	for name, two := range map[string][2]Mutant{
		"the same text":            {mutant("one", "1\n"), mutant("one", "")},
		"text beside it":           {mutant("one", "1\n"), mutant("two", "2\n")},
		"what the other brings in": {mutant("one", "three\n"), mutant("three", "3\n")},
	} {
		_, err := Combine(two[0], two[1], sources)
		require.ErrorIs(t, err, errTogether, name)
	}
	within := Mutant{Name: "within", Expect: "a/within", Edits: []Edit{{"a.txt", "on\n", "1\n"}}}
	_, err = Combine(within, mutant("three", "3\n"), sources)
	require.NoError(t, err, "what it finds ends within a line")
	_, err = Combine(within, mutant("one", "1\n"), sources)
	require.ErrorIs(t, err, errTogether, "and is in a line that the other finds")
	changed, err = Mutant{Name: "within", Edits: []Edit{{"a.txt", "thr\n", "fr\n"}}}.Apply(sources)
	require.NoError(t, err)
	require.Equal(t, "one\ntwo\nfree\nfour\n", string(changed["a.txt"]))
	_, err = mutant("five", "").Apply(sources)
	require.ErrorContains(t, err, "mutant five: what it finds in a.txt is there 0 times")
}

func TestJudgesErrorIsTrouble(t *testing.T) {
	t.Parallel()
	judge := Judge{Checks: []string{"a/b"}, Judge: func(Context, string, func(string) string, run.Options) (result.Report, error) {
		return result.Report{}, errors.New("it is not reachable")
	}}
	m, err := Run(t.Context(), Files, judge, variants(t, "no-dedupe"))
	require.NoError(t, err)
	require.Equal(t, []string{"go/no-dedupe could not be judged to the end: it is not reachable"}, m.Objections()[:1])
}

func TestAnAccusationIsNeverDoubtful(t *testing.T) {
	t.Parallel()
	judged := func(v result.Verdict, lacking bool) result.Report {
		return result.Report{Findings: []result.Finding{{Check: "order/tie", Verdict: v, Reason: map[bool]result.Reason{true: result.NoEvidence}[lacking]}}}
	}
	require.False(t, Row{Kind: Correct, Judged: judged(result.Fail, false)}.Doubtful(), "one is too many")
	require.True(t, Row{Kind: Correct, Judged: judged(result.NotRun, true)}.Doubtful())
	require.False(t, Row{Kind: Correct, Judged: judged(result.Pass, false)}.Doubtful())
	require.True(t, Row{Kind: Faulty, Judged: judged(result.Pass, false)}.Doubtful(), "it survives, so far")
	require.True(t, Row{Kind: Faulty, Trouble: "it is down"}.Doubtful())
	require.False(t, Row{Kind: Correct, Left: "a process"}.Doubtful(), "another run would not make up for it")
}

// What is told as less than a failure is not counted as a kill.
func TestToldIsNoKill(t *testing.T) {
	t.Parallel()
	info := []Expectation{{"a/b", result.Info}}
	both := append(expects("a/c"), info...)
	m := Matrix{Rows: []Row{
		said(Faulty, expects("a/b"), "a/b fail"), said(Faulty, info, "a/b info"), said(Faulty, info, "a/b pass"),
		said(Pair, both, "a/b info", "a/c fail"), said(Pair, both, "a/b info", "a/c pass"),
	}}
	require.Contains(t, m.Summary(), "1 of 3 mutants killed by their expected check, 1 told as less than a failure, 1 of 2 pairs killed by one of theirs, 1 told as less than a failure;")
	require.Equal(t, "told, as info", m.Rows[1].outcome())
	m.Rows[1].First = "survives"
	require.Equal(t, "told, as info; at first it survives", m.Rows[1].outcome(), "a second look is told")
	require.Contains(t, m.secondLooks(), "survives")
	require.Equal(t, "killed", m.Rows[3].outcome())
	require.Equal(t, "told, as info", m.Rows[4].outcome())
}

// What a run leaves out it says so of, and the page may say of it that it is not accused: nothing else.
func TestCorrectEndpointsThatAreLeftOut(t *testing.T) {
	t.Parallel()
	left, judged := said(Correct, nil), said(Correct, nil, "a/b pass")
	left.Name, left.LeftOut, left.Description, left.Diff = "go/correct/left", true, "Left.", "-old\n+new\n"
	judged.Name = "go/correct/judged"
	m := Matrix{Checks: []string{"a/b"}, Alone: true, Rows: []Row{said(Faulty, expects("a/b"), "a/b fail"), judged, left}}
	var text strings.Builder
	require.NoError(t, m.Text(&text))
	require.Contains(t, text.String(), "1 of 1 runs on correct endpoints without a failure, 1 correct endpoints left out;")
	require.Contains(t, text.String(), "What is left out is run by hookproof mutants --alone --thorough, as the nightly workflow does.")
	require.Regexp(t, `go/correct/left +left out`, text.String())
	require.Empty(t, m.Objections())

	all := m
	all.Rows = append(m.Rows[:2:2], left)
	all.Rows[2].LeftOut = false
	var page strings.Builder
	require.NoError(t, all.Markdown(&page))
	require.Contains(t, page.String(), "| [go/correct/left](../hookproof/mutants/go/correct/left.txtar) | Left. | no |")
	file := filepath.Join(t.TempDir(), "page.md")
	for name, row := range map[string]struct{ was, is, delta string }{
		"as committed":     {"", "", ""},
		"accused":          {"Left. | no |", "Left. | **yes** |", "+| [go/correct/left](../hookproof/mutants/go/correct/left.txtar) | Left. | left out |"},
		"of another kind":  {"| Left. |", "| Left, once. |", "is not what this run found"},
		"it is not there":  {"| [go/correct/left](../hookproof/mutants/go/correct/left.txtar) | Left. | no |\n", "", "left out"},
		"one that was run": {"A row. | no |", "A row. | left out |", "A row. | no |"},
	} {
		require.NoError(t, os.WriteFile(file, []byte(strings.Replace(page.String(), row.was, row.is, 1)), 0o600))
		err := m.Compare(file)
		if row.delta == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, row.delta, name)
		}
	}
}

// A run of each mutant alone meets the correct variants that differ most; whoever names one, or is thorough, gets it.
func TestWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	usual, other := Mutant{Name: "go/correct/as-it-is", Expect: None}, Mutant{Name: "go/correct/optimistic", Expect: None}
	require.True(t, Options{Alone: true}.leavesOut(other))
	for _, o := range []Options{{}, {Alone: true, Thorough: true}, {Alone: true, Mutants: []string{"go/correct"}}} {
		require.False(t, o.leavesOut(other), "%+v", o)
	}
	require.False(t, Options{Alone: true}.leavesOut(usual))
	require.False(t, Options{Alone: true}.leavesOut(Mutant{Name: "go/no-dedupe", Expect: "a/b"}), "every mutant is run")
	correct, err := Load(Files, "go/correct")
	require.NoError(t, err)
	for _, name := range onEachChange {
		require.True(t, strings.HasSuffix(name, "/as-it-is") || slices.ContainsFunc(correct, func(m Mutant) bool { return m.Name == name }), name)
	}
}
