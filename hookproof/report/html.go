package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/result"
)

//go:embed page
var pageFiles embed.FS

// page is the template of the page. Its style and script are included in it, since they are ours and trusted.
var page = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"said": formatDuration, "shown": shownBody, "instant": instant, "link": link, "family": family, "shortID": shortID, "counted": counted,
	"ticked": ticked,
	"word":   func(v result.Verdict) string { return words[v] },
	"anchor": func(check string) string { return anchors.Replace(check) },
	"style":  func() template.CSS { return template.CSS(pageFile("page.css")) },
	"script": func() template.JS { return template.JS(pageFile("page.js")) },
	"web":    func(source string) bool { return strings.HasPrefix(source, "https://") },
}).ParseFS(pageFiles, "page/*.html"))

// anchors makes a name of a check, which may have the name of a life behind it, one of an element.
var anchors = strings.NewReplacer("/", "-", " (", "-", ")", "")

func pageFile(name string) string {
	raw, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		panic("report: " + err.Error()) // embedded, so it exists
	}
	return string(raw)
}

// view is the data of the page.
type view struct {
	result.Report
	Outcome  Outcome
	Headline string
	Advice   string // what to do next
	Covered  string // the limit of every verdict
	Tally    string
	Effort   string
	Baseline []string // what came of the comparison with one, in sentences
	Verdicts []result.Verdict
	Families []familyRow
	Phases   []phaseRow
	Failures []failure
	Judged   int // checks
	Unjudged int
	Gaps     []gap
	Partly   []result.Finding // of which a part was not run
}

// familyRow is how many checks of a family have each verdict, in the order of verdicts.
type familyRow struct {
	Name   string
	Counts []familyCount
	Took   result.Millis
}

type familyCount struct {
	Verdict result.Verdict
	N       int
}

type phaseRow struct {
	result.Spent
	Share float64 // of the whole run, in percent
}

// failure is a failed check with its evidence.
type failure struct {
	result.Finding
	Rows        []result.Row // every delivery, none folded
	Diagram     *diagram
	Differences []difference
	Rerun       string
	Asking      string
	Bodies      []result.Request // of the rows that are drawn
	MoreBodies  int              // those that differ only in the event's id
}

// HTML writes a report as one page that needs nothing else: no network, no font, no picture, and no script for the content.
func HTML(w io.Writer, r result.Report) error {
	r = byLife(r)
	s := summaryOf(r)
	v := view{Report: r, Outcome: s.outcome, Headline: s.sentence(), Advice: s.advice(), Covered: s.covered(), Tally: tally(r), Effort: effort(r), Verdicts: verdictsOf(r), Baseline: baselineText(r)}
	v.Judged, v.Unjudged, v.Gaps, v.Partly = s.judged, s.checks-s.judged, gapsOf(r), inPart(r)
	for _, name := range families(r) {
		v.Families = append(v.Families, familyRowOf(r, name))
	}
	for _, p := range r.Phases {
		p.Phase = phaseText(p.Phase)
		v.Phases = append(v.Phases, phaseRow{p, float64(min(p.Took/max(r.Took, 1), 1)) * 100})
	}
	for _, f := range byCause(r) {
		bodies := bodiesOf(f)
		v.Failures = append(v.Failures, failure{
			Bodies: bodies, MoreBodies: len(f.Requests) - len(bodies),
			Finding: f, Rows: result.Numbered(f.Timeline), Diagram: draw(f.Timeline),
			Differences: differences(f), Rerun: rerun(r, f), Asking: secretSource(r),
		})
	}
	return page.Execute(w, v)
}

// mostSpaces is how many trailing spaces of a body are shown.
const mostSpaces = 40

// shownBody returns a body without most of its trailing spaces, which fill up a large body.
func shownBody(body string) string {
	short := strings.TrimRight(body, " ")
	if cut := len(body) - len(short); cut > mostSpaces {
		return short + fmt.Sprintf("\n… and %d spaces", cut)
	}
	return body
}

// bodiesOf returns a finding's requests, one for each row of its timeline: fifty that differ only in the event's id are one.
func bodiesOf(f result.Finding) []result.Request {
	drawn := map[int]bool{}
	for _, r := range result.Rows(f.Timeline) {
		drawn[r.Request] = true
	}
	var list []result.Request
	for i, q := range f.Requests {
		if drawn[i+1] {
			list = append(list, q)
		}
	}
	return list
}

func familyRowOf(r result.Report, name string) familyRow {
	one := familyRow{Name: name}
	for _, v := range verdictsOf(r) {
		one.Counts = append(one.Counts, familyCount{Verdict: v})
	}
	for _, f := range r.Findings {
		if family(f.Check) == name {
			one.Counts[slices.Index(verdictsOf(r), f.Verdict)].N++
			one.Took += f.Took
		}
	}
	return one
}
