package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/result"
)

const (
	curlsShown = 3    // of the first causes
	longCurl   = 4000 // a longer one stays in the JSON report
)

// Brief writes a report for a model, which reads the JSON report where it needs more: the verdict, what to do next, each cause with what
// was sent and how to fix it, and what was not judged.
func Brief(w io.Writer, r result.Report) error {
	r = byLife(r)
	t := &text{Style: Style{Width: wideEnough}}
	s := summaryOf(r)
	t.line("%s", clean(s.text()))
	t.line("%s, profile %s, seed %d, %s", clean(r.Target), clean(r.Profile), r.Seed, formatDuration(r.Took))
	if s.outcome == Failed && r.Incomplete() {
		t.line("The run is also incomplete: some checks had no evidence or no time.")
	}
	if advice := s.advice(); advice != "" {
		t.line("%s", advice)
	}
	for _, note := range r.Notes {
		t.line("Assumed: %s.", clean(note))
	}
	for i, f := range faults(r) {
		t.line("")
		t.cause(r, i, f)
	}
	t.brief("Worth knowing", infos(r))
	t.notJudged(r)
	if r.Afterwards != "" {
		t.line("\n%s", clean(r.Afterwards))
	}
	_, err := io.WriteString(w, t.String())
	return err
}

// wideEnough is a width at which nothing is wrapped: a model has no columns.
const wideEnough = 1 << 16

// cause writes the failure that no other one explains.
func (t *text) cause(r result.Report, i int, f fault) {
	t.line("%d. %s", i+1, clean(f.Check))
	t.field("Demanded", f.Demand+sourced(f.Finding))
	t.field("But", f.Why)
	t.field("Broken", f.Relation)
	t.field("Where", strings.Join(f.Phrases, "; "))
	t.timeline(f.Timeline)
	t.states(f.Finding)
	t.field("Fix", f.Fix)
	var others []string
	for _, other := range f.Explains {
		others = append(others, other.Check)
	}
	t.field("Explains", strings.Join(others, ", "))
	t.field("Run only this", rerun(r, f.Finding))
	if i < curlsShown && len(f.Requests) > 0 && len(f.Requests[0].Curl) <= longCurl {
		q := f.Requests[0]
		t.line("   Send %s (%s, signed as %s) again:", clean(q.Name), clean(q.Type), clean(q.Sign))
		t.WriteString(q.Curl + "\n")
	} else if len(f.Requests) > 0 {
		t.line("   What was sent, with curl: requests of this finding in the JSON report.")
	}
}

// notJudged writes how many checks were not judged, by what was missing.
func (t *text) notJudged(r result.Report) {
	evidence, hooks, ignored := splitNotRun(r)
	if len(evidence)+len(hooks)+len(ignored) == 0 {
		return
	}
	t.line("\nNot judged")
	for _, g := range byReason(slices.Concat(evidence, hooks, ignored)) {
		what := strings.Join(g.checks, ", ")
		if len(g.checks) > 3 {
			what = fmt.Sprintf("%s of %s", counted(len(g.checks), "check"), strings.Join(familiesOf(g.checks), ", "))
		}
		t.line("    %s: %s", clean(what), clean(g.why))
	}
}

func familiesOf(checks []string) (names []string) {
	for _, check := range checks {
		if name := family(check); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
