package mutants

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"example.com/hookproof/hookproof/result"
)

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
	Name        string        `json:"name"`
	Kind        Kind          `json:"kind"`
	Report      string        `json:"report,omitempty"`
	Expect      []Expectation `json:"expect,omitempty"` // one; of a pair, each of the two
	About       []string      `json:"about,omitempty"`  // other checks that say of themselves that they kill it
	Needs       []string      `json:"needs,omitempty"`
	Description string        `json:"description"`
	Diff        string        `json:"diff,omitempty"`
	Trouble     string        `json:"trouble,omitempty"` // why it could not be judged
	Left        string        `json:"left,omitempty"`    // what the judge has left behind
	Cut         string        `json:"cut,omitempty"`     // why the judge gave up before its end: a fault may make a hook fail
	First       string        `json:"first,omitempty"`   // what was wrong with it when it was judged before, if it was judged twice
	LeftOut     bool          `json:"leftOut,omitempty"` // correct, and left to a thorough run
	Judged      result.Report `json:"judged"`
	Took        time.Duration `json:"tookNs"`
	Run         int           `json:"run,omitempty"` // of several on a correct variant, from 1
}

// Expectation is a check that must kill a mutant, and what it says then.
type Expectation struct {
	Check string         `json:"check"`
	Told  result.Verdict `json:"told"`
}

// Matrix is the kill matrix: variants and checks.
type Matrix struct {
	Checks []string      `json:"checks"` // all there are, in the judge's order
	Alone  bool          `json:"alone"`  // each mutant met its expected check only
	Part   bool          `json:"part"`   // only some of the mutants were asked for
	Seed   uint64        `json:"seed"`
	Rows   []Row         `json:"rows"`
	Took   time.Duration `json:"tookNs"`
	Suites []Suite       `json:"-"` // as they were scored last; none where a part of the matrix was asked for

	Reports []Report `json:"-"` // public ones, and what sees them; none where a part of the matrix was asked for
}

// Killers are the checks that failed, in the order of their names.
func (r Row) Killers() []string {
	var killers []string
	for _, f := range r.Judged.Findings {
		if f.Verdict == result.Fail {
			killers = append(killers, f.Check)
		}
	}
	slices.Sort(killers)
	return killers
}

// Expected are those of the checks that must kill it which did.
func (r Row) Expected() []string {
	var killed []string
	for _, e := range r.Expect {
		// What is not run must be for want of evidence, or because the judge gave up: then the whole run is incomplete, and says so.
		if f := r.finding(e.Check); f.Verdict == e.Told && (e.Told != result.NotRun || f.Incomplete()) || e.Told == result.NotRun && r.Cut != "" {
			killed = append(killed, e.Check)
		}
	}
	return killed
}

// Accidents are the checks that failed and are not about it.
func (r Row) Accidents() []string {
	return slices.DeleteFunc(r.Killers(), func(check string) bool { return slices.Contains(r.wanted(), check) || slices.Contains(r.About, check) })
}

// wanted are the checks that must kill it.
func (r Row) wanted() []string {
	var names []string
	for _, e := range r.Expect {
		names = append(names, e.Check)
	}
	return names
}

// Doubtful tells whether a row is not as it should be for want of evidence, which a second run may find. What was
// left behind is never doubtful, nor is an accusation of a correct endpoint: one is too many.
func (r Row) Doubtful() bool {
	return r.Objection() != "" && r.Left == "" && (r.Kind != Correct || len(r.Killers()) == 0)
}

// Objection is what is wrong with a row, or "".
func (r Row) Objection() string {
	if r.Trouble != "" {
		return "could not be judged: " + r.Trouble
	}
	if r.Left != "" {
		return "something is left behind: " + r.Left
	}
	if r.Cut != "" && len(r.Expected()) == 0 {
		return "could not be judged to the end: " + r.Cut
	}
	if r.Kind == Correct {
		if killers := r.Killers(); len(killers) > 0 {
			return "is accused, though correct: " + strings.Join(killers, ", ")
		}
		for _, f := range r.Judged.Findings {
			if f.Incomplete() {
				return fmt.Sprintf("was not judged by %s: %s", f.Check, f.Why)
			}
		}
		return ""
	}
	if len(r.Expected()) > 0 {
		return "" // of a pair, one of both is enough: neither hides the other from both
	}
	if others := r.Killers(); len(others) > 0 {
		return fmt.Sprintf("is not killed by %s, only by %s", strings.Join(r.wanted(), " or "), strings.Join(others, ", "))
	}
	for _, check := range r.wanted() {
		if f := r.finding(check); f.Why != "" {
			return fmt.Sprintf("survives: %s says %s (%s)", check, f.Verdict, f.Why)
		}
	}
	return "survives"
}

// finding is what a check said, if it was asked.
func (r Row) finding(check string) result.Finding {
	for _, f := range r.Judged.Findings {
		if f.Check == check {
			return f
		}
	}
	return result.Finding{Check: check}
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
	all = append(all, m.unfounded()...)
	for _, s := range m.Suites {
		all = append(all, s.Objections()...)
	}
	return all
}

// unfounded are the faults that checks say of themselves that they kill, and do not on any endpoint.
func (m Matrix) unfounded() []string {
	if m.Alone || m.Part {
		return nil
	}
	claims := map[[2]string]bool{}
	for _, row := range m.Rows {
		for _, check := range row.About {
			claims[[2]string{check, path.Base(row.Name)}] = true
		}
	}
	for _, row := range m.Rows {
		for _, check := range row.Killers() {
			delete(claims, [2]string{check, path.Base(row.Name)})
		}
	}
	var all []string
	for claim := range claims {
		all = append(all, fmt.Sprintf("%s says of itself that it kills %s, and does not", claim[0], claim[1]))
	}
	slices.Sort(all)
	return all
}

// Idle are the checks that no mutant is killed by, those left out that no endpoint offers the hooks for. Where
// each mutant met its expected check alone, only checks that some mutant expects can be told to be idle, and where
// only some mutants were asked for, none.
func (m Matrix) Idle() []string {
	if m.Part {
		return nil
	}
	busy, offered, expected := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, row := range m.Rows {
		for _, check := range row.wanted() {
			expected[check] = true
		}
		for _, f := range row.Judged.Findings {
			busy[f.Check] = busy[f.Check] || row.Kind != Correct && (f.Verdict == result.Fail || slices.Contains(row.Expected(), f.Check))
			offered[f.Check] = offered[f.Check] || row.Cut == "" && (f.Verdict != result.NotRun || f.Incomplete() && row.Kind == Correct)
		}
	}
	return slices.DeleteFunc(slices.Clone(m.Checks), func(check string) bool {
		return busy[check] || !offered[check] || m.Alone && !expected[check]
	})
}

// Told is the most that the expected checks say of a mutant that does not survive: fail is a kill, info and not-run
// tell of what cannot be called a fault for sure. It is "" for all other rows.
func (r Row) Told() result.Verdict {
	if r.Kind == Correct || r.Objection() != "" {
		return ""
	}
	var told result.Verdict
	for _, e := range r.Expect {
		if slices.Contains(r.Expected(), e.Check) && told != result.Fail {
			told = e.Told
		}
	}
	return told
}

// Score is how many rows of a kind there are, how many are as they should be, and of how many of those it was told
// less than a failure.
func (m Matrix) Score(kind Kind) (all, right, told int) {
	for _, row := range m.Rows {
		if row.Kind != kind || row.LeftOut {
			continue
		}
		all++
		if row.Objection() == "" {
			right++
			if kind != Correct && row.Told() != result.Fail {
				told++
			}
		}
	}
	return all, right, told
}

// leftOut is how many variants are left to a thorough run.
func (m Matrix) leftOut() (n int) {
	for _, row := range m.Rows {
		if row.LeftOut {
			n++
		}
	}
	return n
}

// sort puts rows in their order: mutants, pairs, correct ones, each by name.
func (m *Matrix) sort() {
	order := map[Kind]int{Faulty: 0, Pair: 1, Correct: 2}
	slices.SortStableFunc(m.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(order[a.Kind], order[b.Kind]), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Run, b.Run))
	})
}
