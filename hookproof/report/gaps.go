package report

import (
	"html/template"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/result"
)

// gap is what was not judged for one reason, and what to do about it.
type gap struct {
	Kind   string
	Why    string
	Do     string
	Checks []result.Finding
}

// gapKinds name the reasons, in the order of reports, and say what to do about each.
var gapKinds = []struct {
	reason   result.Reason
	name, do string
}{
	{result.NoEvidence, "No evidence", "The reason says what to mend. Then run the check again: the run is incomplete without it."},
	{result.OverBudget, "Out of time or of hook calls", "Run it again with a larger --budget or --hook-calls, or these checks alone with --only."},
	{result.RunEnded, "The run ended before", "Mend what ended the run, and run it again."},
	{result.NoHook, "A hook is missing", ""}, // see hookAdvice
	{result.NothingToAsk, "Nothing to test", "Nothing, if it is meant so: the target file says that the endpoint ignores these events, or the endpoint cannot be asked."},
}

// gapsOf returns what was not judged, by kind and reason.
func gapsOf(r result.Report) []gap {
	var gaps []gap
	unjudged := with(r, result.NotRun)
	for _, kind := range gapKinds {
		of := slices.DeleteFunc(slices.Clone(unjudged), func(f result.Finding) bool { return kindOf(f) != kind.reason })
		for _, g := range byReason(of) {
			one := gap{Kind: kind.name, Why: g.why, Do: kind.do}
			for _, f := range of {
				if slices.Contains(g.checks, f.Check) {
					one.Checks = append(one.Checks, f)
				}
			}
			if kind.reason == result.NoHook {
				one.Do = hookAdvice(r, one.Checks)
			}
			gaps = append(gaps, one)
		}
	}
	return gaps
}

// kindOf returns why a check was not run. A report of before reasons has only what was missing.
func kindOf(f result.Finding) result.Reason {
	switch {
	case f.Reason != "":
		return f.Reason
	case len(f.Missing) > 0:
		return result.NoHook
	}
	return result.NothingToAsk
}

// hookAdvice says which keys the target file needs for some checks.
func hookAdvice(r result.Report, checks []result.Finding) string {
	if r.NoEffect {
		return "Find out first why a payment changed nothing in the state: no further hook shows more until it does."
	}
	var keys []string
	for _, needs := range steps {
		for _, one := range needs {
			needed := slices.ContainsFunc(checks, func(f result.Finding) bool { return slices.Contains(f.Missing, one.need) })
			for _, key := range one.keys {
				if needed && !slices.Contains(keys, key) {
					keys = append(keys, key)
				}
			}
		}
	}
	switch {
	case len(keys) == 0:
		return "The target must offer what is missing (see docs/target.md)."
	case slices.Contains(keys, "state"):
		return "'hookproof init' writes a target file with " + and(keys) + " (see docs/target.md)."
	}
	return "Give the target file " + and(keys) + " (see docs/target.md)."
}

// ticked is a text in which what stands between backticks is code.
func ticked(text string) template.HTML {
	var out strings.Builder
	for n, part := range strings.Split(text, "`") {
		part = template.HTMLEscapeString(part)
		if n%2 == 1 {
			part = "<code>" + part + "</code>"
		}
		out.WriteString(part)
	}
	return template.HTML(out.String())
}
