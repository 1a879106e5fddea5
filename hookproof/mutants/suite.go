package mutants

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Suite is what became of the mutants of this repository's own sources that one package's tests must kill.
type Suite struct {
	Name    string // and the directory of its mutants
	Tests   string // the packages' directories
	Mutants []Tested
	Took    time.Duration // 0 where the score was read
}

// Tested is a mutant and what became of it.
type Tested struct {
	Mutant
	Killer  string // the test that failed first; "" if all passed
	Second  bool   // it passed at first
	Runs    int    // of the test that is meant for it, where several were asked for
	Missed  int    // those of them that it survived
	Cached  bool   // an earlier run of the same sources, tests and mutant found this kill
	Trouble string // why that cannot be told
	Took    time.Duration
}

// meant is the test that must kill it.
func (t Tested) meant() string { return strings.TrimPrefix(t.Expect, path.Dir(t.Name)+"/") }

// Objection is what is wrong with a mutant, or "": one that survives must be argued, and one that is argued
// must survive.
func (t Tested) Objection() string {
	switch {
	case t.Trouble != "":
		return "could not be tested: " + t.Trouble
	case t.Argued != "" && t.Killer != "":
		return "is argued to survive, and is killed by " + t.Killer
	case t.Missed > 0 && t.Killer != "":
		return fmt.Sprintf("survives %d of the %d runs of the test that must kill it", t.Missed, t.Runs)
	case t.Argued != "" || t.Killer == t.meant():
		return ""
	case t.Killer != "":
		return fmt.Sprintf("is not killed by %s, only by %s", t.meant(), t.Killer)
	}
	return "survives"
}

// Objections are all that is wrong with a suite, one sentence each.
func (s Suite) Objections() []string {
	var all []string
	for _, t := range s.Mutants {
		if why := t.Objection(); why != "" {
			all = append(all, t.Name+" "+why)
		}
	}
	return all
}

// Summary is a suite in one sentence.
func (s Suite) Summary() string {
	meant, others, argued := 0, 0, 0
	var survivors []string
	for _, t := range s.Mutants {
		switch {
		case t.Killer == t.meant():
			meant++
		case t.Killer != "":
			others++
		case t.Argued != "":
			argued++
		default:
			survivors = append(survivors, t.Short())
		}
	}
	text := fmt.Sprintf("Of %d mutants %d are killed by the test that is meant for them, %d by another only; %d survive and are argued, %d survive unargued",
		len(s.Mutants), meant, others, argued, len(survivors))
	if len(survivors) > 0 {
		text += ": " + strings.Join(survivors, ", ")
	}
	return text + "."
}

// Text writes what became of each mutant, then what is wrong.
func (s Suite) Text(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, t := range s.Mutants {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%.1fs\n", t.Name, t.outcome(), t.Took.Seconds())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s %s.\n%s\n", s.Summary(), s.Took.Round(time.Second), s.cached())
	for _, why := range s.Objections() {
		_, err = fmt.Fprintln(w, " ", why)
	}
	return err
}

// cached says how many verdicts are an earlier run's.
func (s Suite) cached() string {
	n := 0
	for _, t := range s.Mutants {
		if t.Cached {
			n++
		}
	}
	if n == 0 {
		return "Each was run; no verdict is from the cache."
	}
	return fmt.Sprintf("%d verdicts are from the cache: kills by the same test on the same sources. %d were run. --fresh runs all.", n, len(s.Mutants)-n)
}

// rank is higher for what is to begin earlier.
func (t Tested) rank() int {
	if t.Long {
		return 1
	}
	return 0
}

// outcome is what became of a mutant, in a few words.
func (t Tested) outcome() string {
	switch why := t.Objection(); {
	case why != "":
		return strings.ToUpper(why[:1]) + why[1:]
	case t.Second:
		return "killed at the second try"
	case t.Cached:
		return "killed, as an earlier run found"
	case t.Killer != "":
		return "killed"
	}
	return "argued"
}

// scoreFile is where a suite's score is kept, beside its mutants: the test that killed each, "" for none.
func scoreFile(suite string) string { return suite + "/score.json" }

// Score writes what LoadSuites reads.
func (s Suite) Score(w io.Writer) error {
	killers := map[string]string{}
	for _, t := range s.Mutants {
		killers[t.Short()] = t.Killer
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(killers)
}

// LoadSuites are the suites as they were scored last. It is an error if a mutant has no score, or a score no mutant.
func LoadSuites(files fs.FS) ([]Suite, error) {
	var all []Suite
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(suites))) { // the server first
		s, err := newSuite(files, name, func(Mutant) bool { return false })
		if err != nil {
			return nil, err
		}
		raw, err := fs.ReadFile(files, scoreFile(name))
		if err != nil {
			return nil, err
		}
		killers := map[string]string{}
		if err := json.Unmarshal(raw, &killers); err != nil {
			return nil, fmt.Errorf("hookproof/mutants/%s: %w", scoreFile(name), err)
		}
		for i := range s.Mutants {
			t := &s.Mutants[i]
			var scored bool
			if t.Killer, scored = killers[t.Short()]; !scored {
				return nil, fmt.Errorf("%s has no score: %s", t.Name, again(name))
			}
			delete(killers, t.Short())
		}
		for gone := range killers {
			return nil, fmt.Errorf("hookproof/mutants/%s scores %s, and there is no such mutant: %s", scoreFile(name), gone, again(name))
		}
		all = append(all, s)
	}
	return all, nil
}

func again(suite string) string {
	return fmt.Sprintf("run hookproof mutants --suite %s --json hookproof/mutants/%s", suite, scoreFile(suite))
}
