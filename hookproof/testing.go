package hookproof

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// Run judges a target in a Go test: a subtest for each check, which fails with its evidence, or is skipped with
// what the target does not offer. What cannot be judged for want of evidence or time fails, too. Where the judge gives
// up in the middle, since a hook fails, what it had found is told first. It answers the report.
//
//	func TestWebhook(t *testing.T) {
//		target, err := hookproof.LoadTarget("hookproof.json", nil)
//		if err != nil {
//			t.Fatal(err)
//		}
//		hookproof.Run(t, target, hookproof.Options{})
//	}
func Run(t *testing.T, target *Target, options Options) Report {
	t.Helper()
	report, err := Judge(t.Context(), target, options)
	for _, note := range report.Notes {
		t.Log("taken for granted: " + note)
	}
	for _, f := range report.Findings {
		f.Lacking = f.Lacking && err == nil // else it is told once, below
		t.Run(f.Check, func(t *testing.T) { f.tell(t) })
	}
	if err != nil && context.Cause(t.Context()) == nil {
		t.Fatalf("hookproof: %v", err)
	}
	return report
}

// teller is what of a testing.T a finding is told to.
type teller interface {
	Helper()
	Log(...any)
	Error(...any)
	Skip(...any)
}

func (f Finding) tell(t teller) {
	t.Helper()
	for _, part := range f.NotRun {
		t.Log("not run: " + part)
	}
	switch {
	case f.Verdict == Fail:
		t.Error(f.evidence())
	case f.Verdict == NotRun && f.Lacking:
		t.Error("it could not be judged: " + f.Why)
	case f.Verdict == NotRun:
		t.Skip(f.Why)
	case f.Verdict == Info:
		t.Log(f.Why)
	}
}

// evidence is a failure in a few lines.
func (f Finding) evidence() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\nbut: %s\n", f.Demand, f.Why)
	if f.Because != "" {
		fmt.Fprintf(&out, "explained by: %s\n", f.Because)
	}
	if f.Schedule != "" {
		fmt.Fprintf(&out, "shown by: %s\n", f.Schedule)
	}
	if f.Unshrunk != "" {
		fmt.Fprintf(&out, "there may be a shorter one: %s\n", f.Unshrunk)
	}
	rows, width := Rows(f.Timeline), 0
	for _, r := range rows {
		width = max(width, utf8.RuneCountInString(r.Name()))
	}
	for _, r := range rows {
		switch {
		case r.More > 0:
			fmt.Fprintf(&out, "             … %s\n", r.Gap())
		case r.Event == "":
			fmt.Fprintf(&out, "%8.1f ms  [%s]\n", r.At, r.Fault)
		default:
			took := fmt.Sprintf("%.1f ms", r.Latency)
			if r.Alike > 1 {
				took = fmt.Sprintf("%.1f to %.1f ms", r.Latency, r.Slowest)
			}
			fmt.Fprintf(&out, "%8.1f ms  %-*s  %-14s → %s (%s)", r.At, width, r.Name(), r.Sign, r.Answer(), took)
			if r.Fault != "" {
				fmt.Fprintf(&out, "  [%s]", r.Fault)
			}
			out.WriteString("\n")
		}
	}
	fmt.Fprintf(&out, "why: %s\nmend: %s", f.Importance, f.Mend)
	return out.String()
}
