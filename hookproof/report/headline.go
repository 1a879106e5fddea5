package report

import (
	"fmt"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/result"
)

// typesShown is how many of the types that were sent are named. The JSON report has all.
const typesShown = 12

// covered limits every verdict to the events that were sent.
func (s summary) covered() string {
	if len(s.sent) == 0 { // the report does not name them
		return "Only the event types of docs/events.md were sent ('hookproof list events' prints them); what the endpoint does with any other type was not judged."
	}
	return "Sent were events of " + s.types() + "; what the endpoint does with any other type was not judged. docs/events.md, or 'hookproof list events', has all types that can be sent."
}

// types names the types that were sent.
func (s summary) types() string {
	names := slices.Clone(s.sent[:min(len(s.sent), typesShown)])
	if more := len(s.sent) - len(names); more > 0 {
		names = append(names, counted(more, "other"))
	}
	return result.And(names)
}

// summary is what a run came to, how much of it was judged, and what would let more be judged.
type summary struct {
	outcome   Outcome
	failed    int
	known     int // failures that the baseline has
	causes    int // failed checks that no other one explains
	judged    int // checks that passed, failed or were info
	checks    int
	notJudged []unjudged
	next      []step
	sent      []string // types
	noEffect  bool     // no effect of what was sent could be seen
	scope     string   // what a verdict covers if hooks are missing; "" if none are
}

// unjudged is a family of which not everything was judged.
type unjudged struct {
	Family    string `json:"family"`
	NotJudged int    `json:"notJudged"`
	Checks    int    `json:"checks"`
}

// step is an addition to the target file, and how many more checks it would let be judged.
type step struct {
	Keys   []string `json:"keys"` // of the target file
	Checks int      `json:"checks"`

	findings []result.Finding // that it would let be judged
}

// steps are what a target file may lack, in the best order of adding it. Each step has the needs, with the keys of the target file
// that meet them. A step builds on those before it.
var steps = [][]struct {
	need string
	keys []string
}{
	{{"subject", []string{"subject"}}, {"state", []string{"state"}}},
	{{"restart", []string{"stop", "start"}}, {"database", []string{"database"}}, {"link", []string{"database"}}, {"break", []string{"database"}}},
	{{"counters", []string{"counters"}}},
	{{"announce", []string{"{{new.id}} in subject"}}},
	{{"previousSecret", []string{"previousSecret"}}},
	{{"replicas", []string{"replicas"}}},
	{{"api", []string{"api"}}},
}

// summaryOf summarizes a report. It decides nothing that is not in the report.
func summaryOf(r result.Report) summary {
	s := summary{outcome: OutcomeOf(r), failed: r.Count(result.Fail), known: r.Count(result.Known), causes: len(faults(r)), checks: len(r.Findings), next: nextOf(r), sent: r.Sent, noEffect: r.NoEffect}
	s.judged = s.checks - r.Count(result.NotRun)
	for _, name := range families(r) {
		one := unjudged{Family: name}
		for _, f := range r.Findings {
			if family(f.Check) == name {
				one.Checks++
				if f.Verdict == result.NotRun {
					one.NotJudged++
				}
			}
		}
		if one.NotJudged > 0 {
			s.notJudged = append(s.notJudged, one)
		}
	}
	if len(s.next) > 0 {
		switch first := s.next[0].Keys; {
		case slices.Contains(first, "state"):
			s.scope = " as far as a URL can show"
		case slices.Contains(first, "database"):
			s.scope = " as far as can be seen without access to its database"
		default:
			s.scope = " as far as its hooks can show"
		}
	}
	return s
}

// nextOf returns the additions that would let more be judged. If no effect is seen, none is known to.
func nextOf(r result.Report) []step {
	if r.NoEffect {
		return nil
	}
	var list []step
	var given []string
	counted := map[string]bool{}
	for _, needs := range steps {
		for _, one := range needs {
			given = append(given, one.need)
		}
		var next step
		for _, f := range r.Findings {
			lacks := slices.ContainsFunc(f.Missing, func(need string) bool { return !slices.Contains(given, need) })
			if len(f.Missing) == 0 || lacks || counted[f.Check] {
				continue
			}
			counted[f.Check] = true
			next.Checks++
			next.findings = append(next.findings, f)
		}
		if next.Checks == 0 {
			continue
		}
		for _, one := range needs {
			for _, key := range one.keys {
				if missing(r, one.need) && !slices.Contains(next.Keys, key) {
					next.Keys = append(next.Keys, key)
				}
			}
		}
		list = append(list, next)
	}
	return list
}

// missing reports whether any check was not judged because of a need.
func missing(r result.Report, need string) bool {
	return slices.ContainsFunc(r.Findings, func(f result.Finding) bool { return slices.Contains(f.Missing, need) })
}

// text returns the headline: the verdict, what it covers, and what it does not cover.
func (s summary) text() string {
	word := strings.ToUpper(string(s.outcome))
	var text string
	whole := len(s.notJudged) == 0
	switch {
	case s.judged == 0:
		return word + ": nothing was judged"
	case s.outcome == Failed && whole:
		return fmt.Sprintf("%s: %s failed of %d%s", word, s.failures(), s.checks, s.knownToo())
	case s.outcome == Failed:
		text = fmt.Sprintf("%s: %s failed of %d judged, of %d in all%s", word, s.failures(), s.judged, s.checks, s.knownToo())
	case s.outcome == Incomplete:
		text = fmt.Sprintf("%s: %d of %s judged%s", word, s.judged, counted(s.checks, "check"), s.knownToo())
	default:
		text = fmt.Sprintf("%s%s: %d of %s%s", word, s.scope, s.judged, counted(s.checks, "check"), s.knownToo())
	}
	if whole {
		return text
	}
	return text + "; not judged: " + s.missed()
}

// knownToo counts the failures that the baseline has.
func (s summary) knownToo() string {
	switch {
	case s.known == 0:
		return ""
	case s.outcome == Failed:
		return fmt.Sprintf(", beside %d known to fail", s.known)
	}
	return fmt.Sprintf(", %d of them known to fail", s.known)
}

// failures counts the checks that failed, and their causes if one explains another.
func (s summary) failures() string {
	checks := counted(s.failed, "check")
	if s.causes == s.failed {
		return checks
	}
	return counted(s.causes, "cause") + ", " + checks
}

// missed names the families that were not judged. Those without any judged check come first.
func (s summary) missed() string {
	var all, parts []string
	for _, one := range s.notJudged {
		if one.NotJudged == one.Checks {
			all = append(all, one.Family)
		} else {
			parts = append(parts, fmt.Sprintf("%d of %d of %s", one.NotJudged, one.Checks, one.Family))
		}
	}
	return strings.Join(append(all, parts...), ", ")
}

// noEffectAdvice is what to do next if no effect is seen. More hooks would show no more of it.
const noEffectAdvice = "Next: find out why a payment changed nothing in the state. If the endpoint waits for other types than those that were sent, " +
	"name the life that has them under lives; no further hook helps. If it handles one of these, its object may go by other ids than those that the subject hook gives, " +
	"or the state hook does not show what changes (see docs/target.md)."

// advice returns what to do next, in a sentence; "" if no hook would let more be judged.
func (s summary) advice() string {
	if s.noEffect {
		return noEffectAdvice
	}
	var parts []string
	for n, one := range s.next {
		keys := result.And(one.Keys)
		switch {
		case slices.Contains(one.Keys, "state"):
			parts = append(parts, fmt.Sprintf("'hookproof init' writes a target file with %s for %s, if the endpoint handles any of the types that were sent", keys, counted(one.Checks, "more check")))
		case n == 0:
			parts = append(parts, fmt.Sprintf("give the target file %s for %s", keys, counted(one.Checks, "more check")))
		default:
			parts = append(parts, fmt.Sprintf("%s for %d more", keys, one.Checks))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "Next: " + strings.Join(parts, "; ") + " (see docs/target.md)."
}
