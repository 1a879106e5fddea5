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
	Known  int `json:"known,omitempty"` // failures that the baseline has
	Info   int `json:"info"`
	NotRun int `json:"notRun"`
}

// finding is a finding with what the text report says of it.
type finding struct {
	result.Finding
	Text string `json:"text,omitempty"`
}

// findingText returns the evidence of a failure, as in the text report, for programs that show it to people; "" for any other finding.
func findingText(r result.Report, f result.Finding) string {
	if f.Verdict != result.Fail && f.Verdict != result.Known {
		return ""
	}
	t := &text{Style: Style{Width: 110}}
	t.failure(r, f)
	return t.String()
}

// JSON writes a report for machines: a result.Report, preceded by its outcome, its headline, its counts and its causes.
func JSON(w io.Writer, r result.Report) error {
	if r.Phases == nil {
		r.Phases = []result.Spent{}
	}
	s := summaryOf(byLife(r))
	findings := make([]finding, len(r.Findings))
	for i, f := range r.Findings {
		findings[i] = finding{Finding: f, Text: findingText(r, f)}
	}
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
		Findings []finding `json:"findings"` // instead of the report's
	}{s.outcome, s.text(), Counts{r.Count(result.Pass), r.Count(result.Fail), r.Count(result.Known), r.Count(result.Info), r.Count(result.NotRun)}, s.causes, s.notJudged, s.next, s.advice(), r, findings})
}
