package mutants

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"example.com/hookproof/hookproof/result"
)

// Report is a public report of an endpoint that fails, and what sees such a fault: a mutant has it, and a check kills the mutant.
type Report struct {
	Report string `json:"report"` // its address, as owner/repository#number
	About  string `json:"about"`
	Check  string `json:"check"`
	Mutant string `json:"mutant"` // may stand for several reports of one fault
	Unseen string `json:"unseen"` // why no black box can see it; then there is neither a check nor a mutant
}

// reportsFile has the reports that the judge was made for.
const reportsFile = "reports.json"

// LoadReports reads the public reports.
func LoadReports(files fs.FS) ([]Report, error) {
	raw, err := fs.ReadFile(files, reportsFile)
	if err != nil {
		return nil, err
	}
	var all []Report
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&all); err != nil {
		return nil, fmt.Errorf("hookproof/mutants/%s: %w", reportsFile, err)
	}
	for _, r := range all {
		if (r.Unseen == "") != (r.Check != "" && r.Mutant != "") || r.Unseen != "" && r.Check+r.Mutant != "" {
			return nil, fmt.Errorf("hookproof/mutants/%s: %s must have a check and a mutant, or say why it is unseen", reportsFile, r.Report)
		}
	}
	return all, nil
}

// reportsMarkdown writes which public reports are seen, and by what.
func (m Matrix) reportsMarkdown(b *strings.Builder) {
	if len(m.Reports) == 0 {
		return
	}
	told := map[string]result.Verdict{}
	for _, row := range m.Rows {
		told[row.Name] = row.Told()
	}
	seen, less := 0, 0
	for _, r := range m.Reports {
		switch {
		case r.Unseen != "":
		case told[r.Mutant] == result.Fail:
			seen++
		case told[r.Mutant] != "":
			less++
		}
	}
	fmt.Fprintf(b, "## Public reports\n\nOf %d public reports of endpoints that fail, %d are seen by a check that fails, and %d are told as less than a failure. The others no black box can see; why is said of each.\n\n",
		len(m.Reports), seen, less)
	b.WriteString("| report | what it is about | seen by |\n|---|---|---|\n")
	for _, r := range m.Reports {
		by := r.Unseen
		if by == "" {
			by = r.Check + ", of " + linked(r.Mutant)
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", issue(r.Report), r.About, by)
	}
	b.WriteString("\n")
}
