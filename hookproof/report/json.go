package report

import (
	_ "embed"
	"encoding/json"
	"io"

	"example.com/hookproof/hookproof/result"
)

//go:embed report.schema.json
var schema []byte

// Schema is the JSON Schema of what JSON writes. A change that breaks readers raises the report's version.
func Schema() []byte { return schema }

// Counts is how many findings have each verdict.
type Counts struct {
	Pass   int `json:"pass"`
	Fail   int `json:"fail"`
	Info   int `json:"info"`
	NotRun int `json:"notRun"`
}

// JSON writes a report for machines: a result.Report, preceded by its outcome, its headline, its counts and its causes.
func JSON(w io.Writer, r result.Report) error {
	if r.Phases == nil {
		r.Phases = []result.Spent{}
	}
	if r.Findings == nil {
		r.Findings = []result.Finding{}
	}
	s := summaryOf(byLife(r))
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
		Advice    string     `json:"advice,omitempty"` // Next in a sentence, or why there is none
		result.Report
	}{s.outcome, s.text(), Counts{r.Count(result.Pass), r.Count(result.Fail), r.Count(result.Info), r.Count(result.NotRun)}, s.causes, s.notJudged, s.next, s.advice(), r})
}
