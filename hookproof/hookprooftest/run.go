// Package hookprooftest judges a webhook endpoint in a Go test:
//
//	func TestWebhook(t *testing.T) {
//		target, err := hookproof.LoadTarget("hookproof.json", nil)
//		if err != nil {
//			t.Fatal(err)
//		}
//		hookprooftest.Run(t, target, hookproof.Options{})
//	}
//
// examples/gotest has one whose target is made of Go functions, and docs/go.md the go.mod that it needs.
package hookprooftest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"example.com/hookproof/hookproof"
	"example.com/hookproof/hookproof/report"
)

// remedy says what a test can do about a check that could not be judged.
const remedy = `A check without evidence never passes, so a check that could not be judged fails the test. Each of them says above what it needs. Either
  add that: the fields of hookproof.Target are named like the keys of a target file (unhandled is Target.Unhandled);
  or give a slow endpoint more time, hookproof.Options{Budget: 3 * time.Minute}, or more hook calls, HookCalls: 600;
  or leave the check out, Skip: []string{%q}.`

// Run judges a target, with a subtest for each check. A check that failed fails with its evidence, one that lacks a hook is skipped, and one
// that could not be judged for want of evidence or time fails: no evidence is never a pass. What it says stands at the line that called Run.
// The last log is the headline: what was judged, and what was not. Where the target has several lives, each has subtests of its own.
//
// Only those checks are run that go test's -run and -skip choose: -run TestWebhook/idempotence, or
// -run TestWebhook/idempotence/redelivered. Where a hook fails, what was found before is told, and then the test ends.
func Run(t *testing.T, target *hookproof.Target, options hookproof.Options) hookproof.Report {
	t.Helper()
	lives, err := target.ByLife(options.Lives)
	if err != nil {
		t.Fatalf("hookproof: %v", err)
	}
	names := naming{t.Name(), len(lives) > 1}
	left, kept, err := names.leftOut(lives, options)
	if err != nil {
		t.Fatalf("hookproof: %v", err)
	}
	options.Skip = append(slices.Clone(options.Skip), left...)
	if names.several {
		options.Lives = kept
	}
	r, err := hookproof.Check(t.Context(), target, options)
	texts := tell(names, r, err != nil)
	for i, f := range r.Findings {
		t.Run(names.of(f), func(t *testing.T) {
			t.Helper()
			texts[i].to(t)
		})
	}
	if len(r.Findings) > 0 {
		t.Log(strings.TrimRight(report.Headline(r, style), "\n"))
	}
	if lacking := slices.IndexFunc(r.Findings, func(f hookproof.Finding) bool { return f.Incomplete() }); lacking >= 0 && err == nil {
		t.Logf(remedy, r.Findings[lacking].Check)
	}
	if r.Afterwards != "" {
		t.Log(r.Afterwards)
	}
	switch {
	case err != nil:
		t.Fatalf("hookproof: %v", err)
	case len(r.Findings) == 0:
		t.Fatalf("hookproof: nothing was judged: Options and go test's -run and -skip leave no check; 'hookproof list' names all")
	}
	return r
}

// style is the reports' text under go test's own indentation.
var style = report.Style{Width: 110}

// told is what is said of one finding, by which of T's methods.
type told struct {
	logs []string
	how  how
	text string
}

type how int

const (
	pass how = iota
	skip
	fail
)

// teller is what of a testing.T a finding is told to.
type teller interface {
	Helper()
	Log(...any)
	Error(...any)
	Skip(...any)
}

func (m told) to(t teller) {
	t.Helper()
	for _, text := range m.logs {
		t.Log(text)
	}
	switch m.how {
	case fail:
		t.Error(m.text)
	case skip:
		t.Skip(m.text)
	}
}

// tell says of each finding what it came to. One reason is told once: the first check that could not be judged for it fails, and
// the others are skipped. A run that ended early fails for that, so what it did not come to is skipped.
func tell(names naming, r hookproof.Report, endedEarly bool) []told {
	all := make([]told, len(r.Findings))
	first := map[string]string{} // reason to the check that tells it
	for i, f := range r.Findings {
		m := &all[i]
		for _, part := range f.Infos {
			m.logs = append(m.logs, "worth knowing: "+part)
		}
		for _, part := range f.NotRun {
			m.logs = append(m.logs, "not run: "+part)
		}
		switch {
		case f.Verdict == hookproof.Fail:
			m.how, m.text = fail, failure(names, r, f)
		case f.Verdict == hookproof.Info:
			m.logs = append(m.logs, "worth knowing: "+f.Why)
		case f.Incomplete() && endedEarly:
			m.how, m.text = skip, "not judged: "+f.Why
		case f.Incomplete() && first[f.Why] != "":
			m.how, m.text = skip, "could not be judged, for the same reason as "+first[f.Why]
		case f.Incomplete():
			first[f.Why] = names.of(f)
			m.how, m.text = fail, "could not be judged: "+f.Why+others(names, r, f)
		case f.Verdict == hookproof.NotRun:
			m.how, m.text = skip, f.Why
		}
	}
	return all
}

// others names the checks that could not be judged for the same reason.
func others(names naming, r hookproof.Report, f hookproof.Finding) string {
	const most = 4
	var alike []string
	for _, other := range r.Findings {
		if other.Incomplete() && other.Why == f.Why && names.of(other) != names.of(f) {
			alike = append(alike, names.of(other))
		}
	}
	if len(alike) == 0 {
		return ""
	}
	more := ""
	if left := len(alike) - most; left > 0 {
		alike, more = alike[:most], fmt.Sprintf(" and %d more", left)
	}
	return "\nnor could, for the same reason, " + strings.Join(alike, ", ") + more
}

// failure is a failed check with its evidence. One that another explains tells what was wrong, and how to have the rest.
func failure(names naming, r hookproof.Report, f hookproof.Finding) string {
	again := []string{names.of(f)}
	for _, check := range f.RerunWith {
		again = append(again, names.named(f.Life, check))
	}
	command := fmt.Sprintf("with Seed: %d in hookproof.Options:\n     %s", r.Seed, rerun(names.test, again...))
	if f.Because != "" && slices.ContainsFunc(r.Findings, func(cause hookproof.Finding) bool { return cause.Check == f.Because && cause.Life == f.Life }) {
		short := hookproof.Finding{Demand: f.Demand, Source: f.Source, Why: f.Why}
		return fmt.Sprintf("failed, explained by %s: fix that first\n%s   For its own evidence run only this check, %s", names.named(f.Life, f.Because), report.Evidence(short, style), command)
	}
	return "failed\n" + report.Evidence(f, style) + "   Run only this again, " + command
}
