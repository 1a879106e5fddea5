package mutants

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"example.com/hookproof/hookproof/result"
)

// Text writes what a matrix came to: a line for each variant and each check, then what is wrong.
func (m Matrix) Text(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range m.Rows {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%.1fs\n", row.title(), strings.Join(row.wanted(), " + "), row.outcome(), row.Took.Seconds())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(w)
	for _, check := range m.Checks {
		expected, accidents := m.killedBy(check)
		_, _ = fmt.Fprintf(table, "%s\tkills %d\t%s\n", check, len(expected), byAccident(len(accidents)))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if spent := m.spent(); len(spent) > 1 {
		_, _ = fmt.Fprintln(w, "\nWhat a run of all checks on a correct endpoint takes, in seconds:")
		for _, line := range spent {
			_, _ = fmt.Fprintln(table, strings.Join(line, "\t"))
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\n%s\n", m.Summary())
	if m.leftOut() > 0 {
		_, err = fmt.Fprintln(w, "What is left out is run by hookproof mutants --alone --thorough, as the nightly workflow does.")
	}
	for _, why := range m.Objections() {
		_, err = fmt.Fprintln(w, " ", why)
	}
	return err
}

// spent is a table, its heading first: what the first run on each correct endpoint took, and its phases' shares.
func (m Matrix) spent() [][]string {
	var first []Row
	var phases []string
	runs := map[string]int{}
	for _, row := range m.Rows {
		if row.Kind != Correct || row.LeftOut {
			continue
		}
		if runs[row.Name]++; runs[row.Name] > 1 {
			continue
		}
		first = append(first, row)
		for _, p := range row.Judged.Phases {
			if !slices.Contains(phases, p.Phase) {
				phases = append(phases, p.Phase)
			}
		}
	}
	table := [][]string{slices.Concat([]string{"endpoint", "runs", "in all"}, phases, []string{"deliveries", "hook calls"})}
	seconds := func(t result.Millis) string { return fmt.Sprintf("%.1f", t/1000) }
	for _, row := range first {
		line := []string{row.Name, strconv.Itoa(runs[row.Name]), seconds(row.Judged.Took)}
		for _, phase := range phases {
			var took result.Millis
			for _, p := range row.Judged.Phases {
				if p.Phase == phase {
					took += p.Took
				}
			}
			line = append(line, seconds(took))
		}
		table = append(table, append(line, strconv.Itoa(row.Judged.Deliveries), strconv.Itoa(row.Judged.HookCalls)))
	}
	return table
}

func byAccident(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("and %d that are not about it", n)
}

// Summary is a matrix in one sentence.
func (m Matrix) Summary() string {
	var parts []string
	for _, kind := range []struct {
		kind Kind
		word string
	}{{Faulty, "mutants killed by their expected check"}, {Pair, "pairs killed by one of theirs"}, {Correct, "runs on correct endpoints without a failure"}} {
		all, right, told := m.Score(kind.kind)
		if all > 0 {
			parts = append(parts, fmt.Sprintf("%d of %d %s", right-told, all, kind.word))
		}
		if told > 0 {
			parts = append(parts, fmt.Sprintf("%d told as less than a failure", told))
		}
	}
	if n := m.leftOut(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d correct endpoints left out", n))
	}
	return fmt.Sprintf("%s; %d checks; %s.", strings.Join(parts, ", "), len(m.Checks), m.Took.Round(time.Second))
}

// killedBy are the mutants that a check kills: those that expect it, and the others.
func (m Matrix) killedBy(check string) (expected, accidents []string) {
	for _, row := range m.Rows {
		switch {
		case row.Kind != Faulty:
		case slices.Contains(row.Expected(), check):
			expected = append(expected, row.Name)
		case slices.Contains(row.Killers(), check):
			accidents = append(accidents, row.Name)
		}
	}
	return expected, accidents
}

// title is a row's name, with its run if there are several.
func (r Row) title() string {
	if r.Run > 1 {
		return fmt.Sprintf("%s (run %d)", r.Name, r.Run)
	}
	return r.Name
}

// outcome is what became of a row, in a few words.
func (r Row) outcome() string {
	switch why := r.Objection(); {
	case why != "":
		return strings.ToUpper(why[:1]) + why[1:]
	case r.LeftOut:
		return "left out"
	case r.Kind == Correct:
		return "not accused" + r.secondLook()
	}
	text := "killed"
	if told := r.Told(); told != result.Fail {
		text = "told, as " + string(told)
	}
	if others := r.Accidents(); len(others) > 0 {
		text += fmt.Sprintf(", and by %d that are not about it", len(others))
	}
	if r.Cut != "" {
		text += "; the run ended early: " + r.Cut
	}
	return text + r.secondLook()
}

// secondLook says of a row that was judged twice what was wrong with it at first.
func (r Row) secondLook() string {
	if r.First == "" {
		return ""
	}
	return "; at first it " + r.First
}
