package report

import (
	_ "embed"
	"encoding/json"
	"io"

	"example.com/hookproof/hookproof"
)

//go:embed report.schema.json
var schema []byte

// Schema is the JSON Schema of what JSON writes. A change that readers could trip over raises the
// report's version.
func Schema() []byte { return schema }

// Counts are how many findings have each verdict.
type Counts struct {
	Pass   int `json:"pass"`
	Fail   int `json:"fail"`
	Info   int `json:"info"`
	NotRun int `json:"notRun"`
}

// JSON writes a report for machines: a hookproof.Report, with its outcome, its headline, counts and causes ahead of it.
func JSON(w io.Writer, r hookproof.Report) error {
	if r.Phases == nil {
		r.Phases = []hookproof.Spent{}
	}
	if r.Findings == nil {
		r.Findings = []hookproof.Finding{}
	}
	s := summaryOf(r)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(struct {
		Outcome   Outcome    `json:"outcome"`
		Headline  string     `json:"headline"`
		Counts    Counts     `json:"counts"`
		Causes    int        `json:"causes,omitempty"` // of the failures: those that no other one explains
		NotJudged []unjudged `json:"notJudged,omitempty"`
		Next      []step     `json:"next,omitempty"`
		hookproof.Report
	}{s.outcome, s.text(), Counts{r.Count(hookproof.Pass), r.Count(hookproof.Fail), r.Count(hookproof.Info), r.Count(hookproof.NotRun)}, s.causes, s.notJudged, s.next, r})
}
