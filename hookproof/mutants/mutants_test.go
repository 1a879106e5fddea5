package mutants

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/life"
)

const root = "../.."

func TestMutantsApplyAndCompile(t *testing.T) {
	t.Parallel()
	here, err := filepath.Abs(root)
	require.NoError(t, err)
	o := Options{Root: here, Pairs: 20, Seed: 1}
	jobs, err := o.jobs(t.Context(), Files)
	require.NoError(t, err)
	for _, j := range jobs {
		if j.endpoint.compiled() {
			_, err := os.Stat(j.binary)
			require.NoError(t, err, j.mutant.Name)
			continue
		}
		_, err := variant(os.DirFS(filepath.Join(here, j.endpoint.directory)), j.mutant)
		require.NoError(t, err, j.mutant.Name)
	}
}

// endpointDirectories are the directories of endpoints' mutants.
func endpointDirectories(t *testing.T) (names []string) {
	t.Helper()
	all, err := endpointsOf(Files, root)
	require.NoError(t, err)
	for _, e := range all {
		names = append(names, e.name)
	}
	require.NotEmpty(t, names)
	return names
}

// Every mutant of our own sources finds its text in them, and its test in the suite's.
func TestMutantsOfSourcesApply(t *testing.T) {
	t.Parallel()
	for name := range suites {
		all, err := Load(Files, name)
		require.NoError(t, err)
		for _, m := range all {
			_, err := m.Apply(os.DirFS(root))
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(m.Expect, name+"/Test"), "%s expects %s", m.Name, m.Expect)
		}
	}
}

func parse(t *testing.T, text string) (Mutant, error) {
	t.Helper()
	return Parse("go/test", []byte(text))
}

func TestParse(t *testing.T) {
	t.Parallel()
	m, err := parse(t, "report: a/b#1\nexpect: family/check\nneeds: overlap|restart\nargued: no program can tell\ntakes: long\nOne line,\nand one more.\n-- find a.go --\none\n-- replace --\ntwo\n")
	require.NoError(t, err)
	require.Equal(t, Mutant{"go/test", "a/b#1", "family/check", "fail", "no program can tell", []string{"overlap", "restart"}, true, "One line, and one more.", []Edit{{"a.go", "one\n", "two\n"}}}, m)

	for text, complaint := range map[string]string{
		"expect: a/b\n-- find a.go --\none\n-- replace --\n":                              "description",
		"Text.\n-- find a.go --\none\n-- replace --\n":                                    "expect:",
		"expect: a/b\nText.\n":                                                            "pairs of sections",
		"expect: a/b\nText.\n-- find a.go --\none\n":                                      "pairs of sections",
		"expect: a/b\nText.\n-- replace --\none\n-- find a.go --\n":                       "pairs of sections",
		"expect: a/b\nText.\n-- find ../a.go --\none\n-- replace --\n":                    "is no path",
		"expect: a/b\nverdict: pass\nText.\n-- find a.go --\none\n-- replace --\n":        "verdict is",
		"expect: a/b\ntakes: ages\nText.\n-- find a.go --\none\n-- replace --\n":          `takes is "ages"`,
		"expect: a/b\nneeds: luck\nText.\n-- find a.go --\none\n-- replace --\n":          `needs names "luck"`,
		"expect: a/b\nText.\n-- find a.go --\n-- replace --\nnothing is found nowhere.\n": "pairs of sections",
	} {
		_, err := parse(t, text)
		require.ErrorContains(t, err, complaint)
		require.ErrorContains(t, err, "go/test")
	}
}

func TestCommittedMutantsTellOfThemselves(t *testing.T) {
	t.Parallel()
	for _, directory := range append(endpointDirectories(t), "go/correct", "node-subscriptions/correct", "python-subscriptions/correct", "server", "judge") {
		all, err := Load(Files, directory)
		require.NoError(t, err)
		require.NotEmpty(t, all, directory)
		for _, m := range all {
			require.Equal(t, strings.HasSuffix(directory, "correct"), m.Correct(), m.Name)
			require.True(t, m.Argued == "" || suites[directory].tests != nil, "%s: an endpoint's fault that no check can see has no place here", m.Name)
			if m.Report != "" {
				require.Regexp(t, `^[\w.-]+/[\w.-]+#\d+$`, m.Report, m.Name)
			}
			require.LessOrEqual(t, len(m.Description), 240, "%s: two lines", m.Name)
		}
	}
}

// The check that must kill a fault says itself that it does, so that it is told with the fault's public report.
func TestChecksNameTheFaultsOfTheirMutants(t *testing.T) {
	t.Parallel()
	var faults map[string]any
	require.NoError(t, json.Unmarshal(fixtures.Faults(), &faults))
	kills := Hookproof().Kills
	reports, err := LoadReports(Files)
	require.NoError(t, err)
	listed := map[string]bool{}
	for _, r := range reports {
		listed[r.Report] = true
	}
	mutated := map[string]bool{}
	for _, directory := range endpointDirectories(t) {
		all, err := Load(Files, directory)
		require.NoError(t, err)
		for _, m := range all {
			require.Contains(t, kills, m.Expect, m.Name)
			if faults[m.Short()] != nil {
				require.Contains(t, kills[m.Expect], m.Short(), m.Expect)
				mutated[m.Short()] = true
			}
			require.True(t, m.Report == "" || listed[m.Report] || faults[m.Short()] != nil, "%s has a report, so it is a fault of fixtures/faults.json, or the report is in reports.json", m.Name)
		}
	}
	for fault := range faults {
		require.Contains(t, mutated, fault, "each has its mutant")
	}
}

// A check without a mutant that is about it kills nothing that anybody knows of: where each mutant meets its own check
// alone, as in CI, nothing else shows that a check can kill.
func TestEveryCheckHasItsMutant(t *testing.T) {
	t.Parallel()
	without := map[string]bool{}
	for _, l := range life.BuiltIns() {
		for _, c := range check.Of(l) {
			without[c.Name] = true
		}
	}
	for _, directory := range endpointDirectories(t) {
		all, err := Load(Files, directory)
		require.NoError(t, err)
		for _, m := range all {
			delete(without, m.Expect)
		}
	}
	require.Empty(t, without, "each has a mutant that expects it")
}

// What takes longest is begun first, or all others wait for it at the end.
func TestTheLongestAreBegunFirst(t *testing.T) {
	t.Parallel()
	long := Mutant{Long: true}
	for alone, jobs := range map[bool][]job{
		true:  {{mutant: long, kind: Correct}, {kind: Correct}, {mutant: long, kind: Faulty}},
		false: {{mutant: long, kind: Faulty}, {kind: Correct}},
	} {
		for n := range jobs[1:] {
			require.Greater(t, Options{Alone: alone}.length(jobs[n]), Options{Alone: alone}.length(jobs[n+1]))
		}
	}
}
