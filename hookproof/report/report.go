// Package report renders a run of hookproof: for people as text (Text, with Progress meanwhile) and as one page that needs no
// network (HTML), for machines as JSON and JUnit XML. It renders a result.Report and decides nothing: the same report always gives
// the same bytes.
package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/result"
)

// Outcome is the verdict on a whole run.
type Outcome string

// The outcomes. A run is incomplete if nothing passed, or if something was not run because evidence or time was missing. A run
// that lacks only a hook, or has only failures that its baseline knows, is passed.
const (
	Passed     Outcome = "passed"
	Failed     Outcome = "failed"
	Incomplete Outcome = "incomplete"
)

// OutcomeOf returns what a run came to. A failure outranks everything else.
func OutcomeOf(r result.Report) Outcome {
	switch {
	case r.Count(result.Fail) > 0:
		return Failed
	case r.Incomplete() || r.Count(result.Pass)+r.Count(result.Known) == 0:
		return Incomplete
	}
	return Passed
}

// verdicts are all verdicts, in the order of reports.
var verdicts = []result.Verdict{result.Fail, result.Known, result.Pass, result.Info, result.NotRun}

// verdictsOf returns the verdicts that a report can have: without a baseline no failure is known.
func verdictsOf(r result.Report) []result.Verdict {
	if r.Baseline != nil || r.Count(result.Known) > 0 {
		return verdicts
	}
	return slices.DeleteFunc(slices.Clone(verdicts), func(v result.Verdict) bool { return v == result.Known })
}

// words are the verdicts as people read them.
var words = map[result.Verdict]string{
	result.Fail: "failed", result.Known: "known to fail", result.Pass: "passed", result.Info: "info", result.NotRun: "not run",
}

// tally returns how many findings have each verdict, in a sentence.
func tally(r result.Report) string {
	var parts []string
	for _, v := range verdictsOf(r) {
		parts = append(parts, fmt.Sprintf("%d %s", r.Count(v), words[v]))
	}
	return strings.Join(parts, ", ") + notRunSummary(r)
}

// notRunSummary returns how many of the checks that were not run lacked nothing but a hook, and how many had nothing to test.
func notRunSummary(r result.Report) string {
	evidence, hooks, ignored := splitNotRun(r)
	var parts []string
	for _, one := range []struct {
		n   int
		why string
	}{{len(hooks), "because a hook is missing"}, {len(ignored), "with nothing to test"}} {
		if one.n > 0 {
			parts = append(parts, fmt.Sprintf("%d of them %s", one.n, one.why))
		}
	}
	switch {
	case len(parts) == 0:
		return ""
	case len(evidence) == 0 && len(ignored) == 0:
		return " (a hook is missing)"
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// splitNotRun returns the findings that were not run, by what was missing: evidence or time; a hook; or nothing, since the target
// ignores on purpose what they ask for.
func splitNotRun(r result.Report) (evidence, hooks, ignored []result.Finding) {
	for _, f := range with(r, result.NotRun) {
		switch {
		case f.Incomplete():
			evidence = append(evidence, f)
		case len(f.Missing) > 0:
			hooks = append(hooks, f)
		default:
			ignored = append(ignored, f)
		}
	}
	return evidence, hooks, ignored
}

// infos returns the findings that are worth knowing and no fault, and those of which a part is.
func infos(r result.Report) []result.Finding {
	list := with(r, result.Info)
	for _, f := range r.Findings {
		if len(f.Infos) > 0 {
			f.Why = strings.Join(f.Infos, "; ")
			list = append(list, f)
		}
	}
	return list
}

// inPart returns the findings of which a part was not run, with the reason for that part.
func inPart(r result.Report) []result.Finding {
	var list []result.Finding
	for _, f := range r.Findings {
		if len(f.NotRun) > 0 {
			f.Why = strings.Join(f.NotRun, "; ")
			list = append(list, f)
		}
	}
	return list
}

// reason is one reason and the checks that have it.
type reason struct {
	why    string
	checks []string
}

// byReason groups findings by their reason.
func byReason(findings []result.Finding) []reason {
	var all []reason
	for _, f := range findings {
		why := cmp.Or(f.Why, f.Demand)
		at := slices.IndexFunc(all, func(r reason) bool { return r.why == why })
		if at < 0 {
			at, all = len(all), append(all, reason{why: why})
		}
		all[at].checks = append(all[at].checks, f.Check)
	}
	return all
}

// with returns the findings with a verdict.
func with(r result.Report, v result.Verdict) []result.Finding {
	var found []result.Finding
	for _, f := range r.Findings {
		if f.Verdict == v {
			found = append(found, f)
		}
	}
	return found
}

// family returns the part of a check's name before the slash.
func family(check string) string {
	name, _, _ := strings.Cut(check, "/")
	return name
}

// families returns the families of the findings, in the order of the findings.
func families(r result.Report) []string {
	var names []string
	for _, f := range r.Findings {
		if name := family(f.Check); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// said formats a duration.
func formatDuration(m result.Millis) string {
	switch {
	case m >= 1000:
		return fmt.Sprintf("%.2f s", m/1000)
	case m >= 10:
		return fmt.Sprintf("%.0f ms", m)
	}
	return fmt.Sprintf("%.1f ms", m)
}

// instant formats a time since the first delivery, to the millisecond.
func instant(m result.Millis) string {
	if m >= 1000 {
		return fmt.Sprintf("%.3f s", m/1000)
	}
	return formatDuration(m)
}

// took formats how long a row's answer took, or the range of its answers.
func took(r result.Row) string {
	if r.Alike > 1 {
		return formatDuration(r.Latency) + " to " + formatDuration(r.Slowest)
	}
	return formatDuration(r.Latency)
}

// idOf returns the id of a row's event, or how many ids the row has.
func idOf(r result.Row) string {
	if r.IDs > 1 {
		return counted(r.IDs, "id")
	}
	return shortID(r.ID)
}

// shortID returns an event's id without its middle: enough to distinguish events.
func shortID(id string) string {
	prefix, rest, found := strings.Cut(id, "_")
	if !found {
		prefix, rest = "", id
	} else {
		prefix += "_"
	}
	letters := []rune(rest)
	if len(letters) <= 10 {
		return id
	}
	return prefix + string(letters[:4]) + "…" + string(letters[len(letters)-4:])
}

// counted formats a number of things: 1 check, 2 checks.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if before, ends := strings.CutSuffix(thing, "y"); ends {
		return fmt.Sprintf("%d %sies", n, before)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// difference is one place and what is there in two states, in words.
type difference struct{ Pointer, Expected, Actual string }

// Same reports whether the values are equal. They are shown if the states must differ.
func (d difference) Same() bool { return d.Expected == d.Actual }

// differences returns the places at which two states differ, sorted; all places if the states are equal.
func differences(f result.Finding) []difference {
	expected, actual := leaves(f.Expected), leaves(f.Actual)
	var all []difference
	for _, d := range result.Differences(expected, actual) {
		all = append(all, difference{cmp.Or(d.Place, "the state"), d.Expected, d.Actual})
	}
	if len(all) == 0 { // the states must differ, and do not
		for _, pointer := range slices.Sorted(maps.Keys(actual)) {
			all = append(all, difference{cmp.Or(pointer, "the state"), expected.Word(pointer), actual.Word(pointer)})
		}
	}
	return all
}

// leaves returns a state with its values as JSON.
func leaves(s result.State) result.Leaves {
	texts := make(result.Leaves, len(s))
	for pointer, value := range s {
		var raw bytes.Buffer
		encoder := json.NewEncoder(&raw)
		encoder.SetEscapeHTML(false)
		if encoder.Encode(value) != nil {
			texts[pointer] = fmt.Sprint(value)
			continue
		}
		texts[pointer] = strings.TrimSpace(raw.String())
	}
	return texts
}

var issue = regexp.MustCompile(`^([\w.-]+/[\w.-]+)#(\d+)$`)

// link returns the address of a public report; "" if its name does not tell it.
func link(name string) string {
	match := issue.FindStringSubmatch(name)
	if match == nil {
		return ""
	}
	return "https://github.com/" + match[1] + "/issues/" + match[2]
}
