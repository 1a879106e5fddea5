package mutants

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Verdict is what a check said of a variant: one of hookproof's.
type Verdict string

// The verdicts that matter here.
const (
	Pass   Verdict = "pass"
	Fail   Verdict = "fail"
	Info   Verdict = "info"
	NotRun Verdict = "not-run"
)

// Cell is one check on one variant.
type Cell struct {
	Verdict  Verdict  `json:"verdict"`
	Why      string   `json:"why,omitempty"`
	Schedule string   `json:"schedule,omitempty"` // the shortest that shows it
	Evidence []string `json:"evidence,omitempty"` // the deliveries, one a line
	Lacking  bool     `json:"lacking,omitempty"`  // not run for want of evidence or time, not of a hook
}

// Kind is what a row is about.
type Kind string

// The kinds of rows.
const (
	Faulty  Kind = "mutant"
	Correct Kind = "correct"
	Pair    Kind = "pair" // of two faults at once
)

// Row is one variant and what all checks said of it.
type Row struct {
	Name        string          `json:"name"`
	Kind        Kind            `json:"kind"`
	Report      string          `json:"report,omitempty"`
	Expect      []string        `json:"expect,omitempty"` // one check; of a pair, each of the two
	Needs       []string        `json:"needs,omitempty"`
	Description string          `json:"description"`
	Diff        string          `json:"diff,omitempty"`
	Cells       map[string]Cell `json:"cells,omitempty"` // by the checks' names
	Trouble     string          `json:"trouble,omitempty"`
	Judged      Judged          `json:"judged"`
	Took        time.Duration   `json:"tookNs"`
	Run         int             `json:"run,omitempty"` // of several on a correct variant, from 1
}

// Judged is what a run of the judge came to, beside its findings.
type Judged struct {
	Deliveries int           `json:"deliveries"`
	HookCalls  int           `json:"hookCalls"`
	Phases     []Phase       `json:"phases,omitempty"`
	Took       time.Duration `json:"tookNs"`
}

// Phase is a part of a run and how long it took.
type Phase struct {
	Name string        `json:"name"`
	Took time.Duration `json:"tookNs"`
}

// Matrix is the kill matrix: variants and checks.
type Matrix struct {
	Checks []string      `json:"checks"` // all there are, in the judge's order
	Alone  bool          `json:"alone"`  // each mutant met its expected check only
	Seed   uint64        `json:"seed"`
	Rows   []Row         `json:"rows"`
	Took   time.Duration `json:"tookNs"`
}

// Killers are the checks that failed, in the order of their names.
func (r Row) Killers() []string {
	var killers []string
	for check, cell := range r.Cells {
		if cell.Verdict == Fail {
			killers = append(killers, check)
		}
	}
	slices.Sort(killers)
	return killers
}

// Expected are those of the checks that must kill it which did.
func (r Row) Expected() []string {
	return slices.DeleteFunc(slices.Clone(r.Expect), func(check string) bool { return r.Cells[check].Verdict != Fail })
}

// Accidents are the other checks that failed.
func (r Row) Accidents() []string {
	return slices.DeleteFunc(r.Killers(), func(check string) bool { return slices.Contains(r.Expect, check) })
}

// Objection is what is wrong with a row, or "".
func (r Row) Objection() string {
	if r.Trouble != "" {
		return "could not be judged: " + r.Trouble
	}
	if r.Kind == Correct {
		if killers := r.Killers(); len(killers) > 0 {
			return "is accused, though correct: " + strings.Join(killers, ", ")
		}
		for _, cell := range r.Cells {
			if cell.Lacking {
				return "was not judged by all checks: " + cell.Why
			}
		}
		return ""
	}
	if len(r.Expected()) > 0 {
		return "" // of a pair, one of both is enough: neither hides the other from both
	}
	if others := r.Accidents(); len(others) > 0 {
		return fmt.Sprintf("is not killed by %s, only by accident: %s", strings.Join(r.Expect, " or "), strings.Join(others, ", "))
	}
	for _, check := range r.Expect {
		if cell := r.Cells[check]; cell.Why != "" {
			return fmt.Sprintf("survives: %s says %s (%s)", check, cell.Verdict, cell.Why)
		}
	}
	return "survives"
}

// Objections are all that is wrong with a matrix, one sentence each; none is a matrix as it should be.
func (m Matrix) Objections() []string {
	var all []string
	for _, row := range m.Rows {
		if why := row.Objection(); why != "" {
			all = append(all, row.Name+" "+why)
		}
	}
	for _, check := range m.Idle() {
		all = append(all, check+" kills nothing")
	}
	return all
}

// Idle are the checks that no mutant is killed by. With each mutant against its expected check alone, only
// those expected by some mutant are looked at.
func (m Matrix) Idle() []string {
	kills := map[string]bool{}
	for _, row := range m.Rows {
		if row.Kind != Correct {
			for _, check := range row.Killers() {
				kills[check] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(m.Checks), func(check string) bool { return kills[check] })
}

// Score is how many mutants there are, and how many their expected check killed.
func (m Matrix) Score(kind Kind) (all, killed int) {
	for _, row := range m.Rows {
		if row.Kind == kind {
			all++
			if row.Objection() == "" {
				killed++
			}
		}
	}
	return all, killed
}

// sort puts rows in their order: mutants, pairs, correct ones, each by name.
func (m *Matrix) sort() {
	order := map[Kind]int{Faulty: 0, Pair: 1, Correct: 2}
	slices.SortStableFunc(m.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(order[a.Kind], order[b.Kind]), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Run, b.Run))
	})
}
