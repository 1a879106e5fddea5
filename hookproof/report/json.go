package report

import (
	_ "embed"
	"encoding/json"
	"io"

	"example.com/hookproof/hookproof/result"
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
func JSON(w io.Writer, r result.Report) error {
	if r.Phases == nil {
		r.Phases = []result.Spent{}
	}
	if r.Findings == nil {
		r.Findings = []result.Finding{}
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
		result.Report
	}{s.outcome, s.text(), Counts{r.Count(result.Pass), r.Count(result.Fail), r.Count(result.Info), r.Count(result.NotRun)}, s.causes, s.notJudged, s.next, r})
}
