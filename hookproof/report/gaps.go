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

// gapKinds name the reasons but for a missing hook, in the order of reports, and say what to do about each.
var gapKinds = []struct {
	reason   result.Reason
	name, do string
}{
	{result.NoEvidence, "No evidence", "The reason says what to mend. Then run the check again: the run is incomplete without it."},
	{result.OverBudget, "Out of time or of hook calls", "Run it again with a larger --budget or --hook-calls, or these checks alone with --only."},
	{result.RunEnded, "The run ended before", "Mend what ended the run, and run it again."},
	{result.NothingToAsk, "Nothing to test", "Nothing, if it is meant so: the target file says that the endpoint ignores these events, or the endpoint cannot be asked."},
}

// gapsOf returns what was not judged, by reason. What lacks hooks comes in the best order of adding them.
func gapsOf(r result.Report) []gap {
	var gaps []gap
	for _, kind := range gapKinds {
		if kind.reason == result.NothingToAsk {
			gaps = append(gaps, hookGaps(r)...)
		}
		gaps = append(gaps, gapsBecause(r, kind.reason, kind.name, kind.do)...)
	}
	return gaps
}

// hookGaps are the gaps that hooks would close. Where no effect is seen, no hook does.
func hookGaps(r result.Report) []gap {
	if r.NoEffect {
		return gapsBecause(r, result.NoHook, "A hook is missing", "Find out first why a payment changed nothing in the state: no further hook shows more until it does.")
	}
	var gaps []gap
	for n, one := range nextOf(r) {
		keys := result.And(one.Keys)
		g := gap{Kind: "Needs " + keys, Checks: one.findings, Why: "The target does not offer " + keys + ".", Do: "Give the target file " + keys + " (see docs/target.md)."}
		if slices.Contains(one.Keys, "state") {
			g.Why = "Nothing shows what became of an order: the target has no " + keys + "."
			g.Do = "'hookproof init' writes a target file with " + keys + " (see docs/target.md)."
		}
		if n > 0 {
			g.Do += " They build on what stands above."
		}
		gaps = append(gaps, g)
	}
	return gaps
}

// gapsBecause returns the gaps of one kind of reason, one for each text of it.
func gapsBecause(r result.Report, kind result.Reason, name, do string) []gap {
	var gaps []gap
	of := slices.DeleteFunc(with(r, result.NotRun), func(f result.Finding) bool { return kindOf(f) != kind })
	for _, g := range byReason(of) {
		one := gap{Kind: name, Why: g.why, Do: do}
		for _, f := range of {
			if slices.Contains(g.checks, f.Check) {
				one.Checks = append(one.Checks, f)
			}
		}
		gaps = append(gaps, one)
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
