package mutants

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestObjectionsToTested(t *testing.T) {
	t.Parallel()
	meant := Mutant{Name: "judge/x", Expect: "judge/TestA/b"}
	argued := meant
	argued.Argued = "nobody can tell"
	for name, c := range map[string]struct {
		tested    Tested
		objection string
	}{
		"killed":              {Tested{Mutant: meant, Killer: "TestA/b"}, ""},
		"killed by another":   {Tested{Mutant: meant, Killer: "TestA"}, "is not killed by TestA/b, only by TestA"},
		"survives":            {Tested{Mutant: meant}, "survives"},
		"argued":              {Tested{Mutant: argued}, ""},
		"argued, but killed":  {Tested{Mutant: argued, Killer: "TestA/b"}, "is argued to survive, and is killed by TestA/b"},
		"trouble":             {Tested{Mutant: meant, Trouble: "no disk"}, "could not be tested: no disk"},
		"trouble, and argued": {Tested{Mutant: argued, Trouble: "no disk"}, "could not be tested: no disk"},
	} {
		require.Equal(t, c.objection, c.tested.Objection(), name)
	}
	all := Suite{Name: "judge", Mutants: []Tested{{Mutant: meant, Killer: "TestA/b"}, {Mutant: meant, Killer: "TestC"}, {Mutant: argued}, {Mutant: meant}}}
	require.Equal(t, "Of 4 mutants 1 are killed by the test that is meant for them, 1 by another only; 1 survive and are argued, 1 survive unargued: x.", all.Summary())
	require.Equal(t, []string{"judge/x is not killed by TestA/b, only by TestC", "judge/x survives"}, all.Objections())

	var page, markdown strings.Builder
	m := Matrix{Suites: []Suite{all}}
	require.Equal(t, all.Objections(), m.Objections(), "what is wrong with a suite is wrong with the page that has it")
	require.NoError(t, m.HTML(&page))
	require.NoError(t, m.Markdown(&markdown))
	for _, text := range []string{page.String(), markdown.String()} {
		require.Contains(t, text, all.Summary())
		require.Contains(t, text, "rgued: nobody can tell")
		require.Contains(t, text, "Survives")
	}
}

// A score is of the mutants that there are.
func TestScores(t *testing.T) {
	t.Parallel()
	mutant := &fstest.MapFile{Data: []byte("expect: x/TestA\nText.\n-- find a.go --\none\n-- replace --\ntwo\n")}
	scored := func(judge string) fstest.MapFS {
		return fstest.MapFS{"server/a.txtar": mutant, "server/score.json": {Data: []byte(`{"a":"TestA"}`)},
			"judge/a.txtar": mutant, "judge/b.txtar": mutant, "judge/score.json": {Data: []byte(judge)}}
	}
	all, err := LoadSuites(scored(`{"a":"","b":"TestB"}`))
	require.NoError(t, err)
	require.Equal(t, []string{"server", "judge"}, []string{all[0].Name, all[1].Name})
	require.Equal(t, []string{"", "TestB"}, []string{all[1].Mutants[0].Killer, all[1].Mutants[1].Killer})
	var again strings.Builder
	require.NoError(t, all[1].Score(&again))
	require.JSONEq(t, `{"a":"","b":"TestB"}`, again.String())
	_, err = LoadSuites(scored(`{"a":""}`))
	require.ErrorContains(t, err, "judge/b has no score: run hookproof mutants --suite judge --json hookproof/mutants/judge/score.json")
	_, err = LoadSuites(scored(`{"a":"","b":"","c":""}`))
	require.ErrorContains(t, err, "scores c, and there is no such mutant")
	all, err = LoadSuites(Files)
	require.NoError(t, err, "the committed scores")
	for _, s := range all {
		require.Empty(t, s.Objections(), "the committed scores")
	}
}

// The test that is meant comes first, then all others; what does not compile is no kill; and the mutant is in
// programs that a test builds, too.
func TestRunSuite(t *testing.T) {
	t.Parallel()
	directory, ran := t.TempDir(), filepath.Join(t.TempDir(), "ran")
	for name, text := range map[string]string{
		"go.mod":                "module example.com/small\n\ngo 1.26\n",
		"hookproof/a.go":        "package a\n\nfunc One() int { return 1 }\n\nfunc Two() int { return 2 }\n\nfunc Three() int { return 3 }\n\nfunc Four() int { return 4 }\n",
		"program/main.go":       "package main\n\nimport \"os\"\n\nfunc main() { os.Exit(7) }\n",
		"hookproof/ran_test.go": "package a\n\nconst ran = " + strconv.Quote(ran) + "\n",
		"hookproof/a_test.go": `package a

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestOne(t *testing.T) { t.Run("one", func(t *testing.T) { if One() != 1 { t.Error() } }) }

func TestTwo(t *testing.T) { if Two() != 2 { t.Error() } }

func TestSecond(t *testing.T) {
	if One() == 1 { return }
	if _, err := os.Stat(ran); err == nil { t.Error() }
	if err := os.WriteFile(ran, nil, 0o600); err != nil { t.Fatal(err) }
}

func TestThree(t *testing.T) {
	if Three() != 3 { t.Fatal() }
	t.Run("part", func(t *testing.T) {})
}

func TestProgram(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	if said, err := exec.Command("go", "build", "-o", program, "../program").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, said)
	}
	if err := exec.Command(program).Run(); err.(*exec.ExitError).ExitCode() != 7 {
		t.Error(err)
	}
}
`,
	} {
		file := filepath.Join(directory, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	mutant := func(expect, file, find, replace string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("expect: judge/" + expect + "\nText.\n-- find " + file + " --\n" + find + "\n-- replace --\n" + replace + "\n")}
	}
	files := fstest.MapFS{
		"judge/meant.txtar":    mutant("TestOne/one", "hookproof/a.go", "return 1", "return 5"),
		"judge/second.txtar":   mutant("TestSecond", "hookproof/a.go", "return 1", "return 5"),
		"judge/other.txtar":    mutant("TestOne/one", "hookproof/a.go", "return 2", "return 5"),
		"judge/nobody.txtar":   mutant("TestOne/one", "hookproof/a.go", "return 4", "return 5"),
		"judge/whole.txtar":    mutant("TestThree/part", "hookproof/a.go", "return 3", "return 5"),
		"judge/broken.txtar":   mutant("TestOne/one", "hookproof/a.go", "return 1", "return x"),
		"judge/untested.txtar": mutant("TestFour", "hookproof/a.go", "return 1", "return 5"),
		"judge/built.txtar":    mutant("TestProgram", "program/main.go", "os.Exit(7)", "os.Exit(8)"),
	}
	cache := t.TempDir()
	s, err := RunSuite(t.Context(), files, "judge", Options{Root: directory, Verdicts: cache, Progress: t.Output()})
	require.NoError(t, err)
	became := map[string]string{}
	for _, m := range s.Mutants {
		require.Equal(t, m.Short() == "second", m.Second, "%s: what was killed at the second try only is told", m.Short())
		became[m.Short()] = m.Objection()
	}
	require.Contains(t, became["broken"], "could not be tested: it does not compile")
	delete(became, "broken")
	require.Equal(t, map[string]string{
		"meant": "", "second": "", "built": "", "other": "is not killed by TestOne/one, only by TestTwo", "nobody": "survives",
		"whole":    "is not killed by TestThree/part, only by TestThree",
		"untested": "could not be tested: there is no test TestFour",
	}, became)

	// A test that sees a mutant in some runs only is told, and no run of several believes the cache.
	require.NoError(t, os.Remove(ran))
	often, err := RunSuite(t.Context(), files, "judge", Options{Root: directory, Verdicts: cache, Repeat: 3, Alone: true, Mutants: []string{"meant", "second", "nobody"}})
	require.NoError(t, err)
	require.Equal(t, []string{"judge/nobody survives", "judge/second survives 1 of the 3 runs of the test that must kill it"}, often.Objections())
	require.Equal(t, map[string]bool{"meant": false, "second": false, "nobody": false}, cachedOf(often))

	// A second run finds the kills of the first that nothing casts doubt on, and runs the rest.
	again, err := RunSuite(t.Context(), files, "judge", Options{Root: directory, Verdicts: cache, Alone: true, Mutants: []string{"meant", "built", "second", "whole"}})
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"meant": true, "built": true, "second": false, "whole": false}, cachedOf(again))

	files["judge/argued.txtar"] = &fstest.MapFile{Data: append([]byte("argued: so\n"), files["judge/nobody.txtar"].Data...)}
	_, err = RunSuite(t.Context(), files, "judge", Options{Root: directory, Verdicts: cache, Alone: true, Mutants: []string{"argued"}})
	require.ErrorContains(t, err, "an argued mutant has no test")
	_, err = RunSuite(t.Context(), files, "jury", Options{Root: directory})
	require.ErrorContains(t, err, `there is no suite "jury"; there are server and judge`)
	_, err = RunSuite(t.Context(), files, "judge", Options{Root: directory, Mutants: []string{"absent"}})
	require.ErrorContains(t, err, "no mutant of these names")

	require.NoError(t, os.WriteFile(filepath.Join(directory, "hookproof", "a.go"), []byte("package a\n\nfunc One() int { return 9 }\n\nfunc Two() int { return 2 }\n\nfunc Three() int { return 3 }\n\nfunc Four() int { return 4 }\n"), 0o600))
	_, err = RunSuite(t.Context(), files, "judge", Options{Root: directory, Verdicts: cache})
	require.ErrorContains(t, err, "the tests do not pass on the sources as they are, so they prove nothing of mutants: TestOne/one")
}

func cachedOf(s Suite) map[string]bool {
	cached := map[string]bool{}
	for _, m := range s.Mutants {
		cached[m.Short()] = m.Cached
	}
	return cached
}

// A kill is an earlier run's only where all that it was made of is the same.
func TestVerdictsAreOfWhatTheyAreMadeOf(t *testing.T) {
	t.Parallel()
	directory, cache := t.TempDir(), t.TempDir()
	write := func(name, text string) {
		file := filepath.Join(directory, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	const source, used = "package a\n\nimport \"example.com/small/used\"\n\nfunc One() int { return used.One }\n", "package used\n\nconst One = 1\n"
	const test = "package a\n\nimport \"testing\"\n\nfunc TestOne(t *testing.T) { if One() != 1 { t.Error() } }\n"
	write("go.mod", "module example.com/small\n\ngo 1.26\n")
	write("hookproof/a.go", source)
	write("hookproof/a_test.go", test)
	write("hookproof/testdata/data", "data")
	write("used/used.go", used)
	write("other/other.go", "package other\n")
	mutant := func(replace string) fstest.MapFS {
		return fstest.MapFS{"judge/m.txtar": {Data: []byte("expect: judge/TestOne\nText.\n-- find hookproof/a.go --\nused.One }\n-- replace --\n" + replace + " }\n")}}
	}
	files := mutant("used.One + 1")
	cached := func(fresh bool) bool {
		s, err := RunSuite(t.Context(), files, "judge", Options{Root: directory, Verdicts: cache, Fresh: fresh, Alone: true})
		require.NoError(t, err)
		require.Empty(t, s.Objections())
		var text strings.Builder
		require.NoError(t, s.Text(&text))
		if s.Mutants[0].Cached {
			require.Contains(t, text.String(), "1 verdicts are from the cache: kills by the same test on the same sources. 0 were run.")
		} else {
			require.Contains(t, text.String(), "Each was run; no verdict is from the cache.")
		}
		return s.Mutants[0].Cached
	}
	require.False(t, cached(false), "there is none")
	require.True(t, cached(false), "nothing has changed")
	require.False(t, cached(true), "--fresh")
	write("other/other.go", "package other\n\n// Changed.\n")
	require.True(t, cached(false), "no part of the tests")

	// What else a kill is made of is asked of the cache alone, without a build for each.
	known := func() (verdicts, []*Tested) {
		v, err := Options{Root: directory, Verdicts: cache}.verdicts(t.Context(), "judge")
		require.NoError(t, err)
		m, err := Load(files, "judge")
		require.NoError(t, err)
		return v, []*Tested{{Mutant: m[0], Killer: "TestOne"}}
	}
	for name, change := range map[string]func(){
		"a source":           func() { write("hookproof/a.go", source+"\n// Changed.\n") },
		"a package it uses":  func() { write("used/used.go", used+"\n// Changed.\n") },
		"a test":             func() { write("hookproof/a_test.go", test+"\n// Changed.\n") },
		"what tests read":    func() { write("hookproof/testdata/data", "changed") },
		"the module's needs": func() { write("go.sum", "\n") },
		"the mutant":         func() { files = mutant("used.One + 2") },
	} {
		change()
		v, killed := known()
		require.False(t, v.killed(killed[0].Mutant), name)
		require.NoError(t, v.keep(killed))
		require.True(t, v.killed(killed[0].Mutant), name)
	}
	require.True(t, cached(false), "what is kept is what a run finds")
	files["judge/m.txtar"].Data = append([]byte("argued: so\n"), files["judge/m.txtar"].Data...)
	s, err := RunSuite(t.Context(), files, "judge", Options{Root: directory, Verdicts: cache})
	require.NoError(t, err)
	require.Equal(t, []string{"judge/m is argued to survive, and is killed by TestOne"}, s.Objections(), "what is argued to survive must not have been killed before either")
}
