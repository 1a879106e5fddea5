package mutants

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"example.com/hookproof/hookproof/result"
)

//go:embed page
var pageFiles embed.FS

var page = template.Must(template.New("matrix.html").Funcs(template.FuncMap{
	"style":    func() template.CSS { return template.CSS(pageFile("matrix.css")) },
	"script":   func() template.JS { return template.JS(pageFile("matrix.js")) },
	"cell":     cellOf,
	"evidence": evidence,
	"anchor": func(row Row) string {
		return strings.NewReplacer("/", "-", "+", "-").Replace(row.Name) + fmt.Sprint("-", row.Run)
	},
	"flat":    func(check string) string { return strings.ReplaceAll(check, "/", "-") },
	"lines":   diffLines,
	"seconds": func(row Row) string { return fmt.Sprintf("%.1f", row.Took.Seconds()) },
	"title":   Row.title,
	"meant":   Tested.meant,
	"became":  Tested.outcome,
	"outcome": Row.outcome,
	"link": func(report string) string {
		repository, number, _ := strings.Cut(report, "#")
		return "https://github.com/" + repository + "/issues/" + number
	},
}).ParseFS(pageFiles, "page/matrix.html"))

func pageFile(name string) string {
	raw, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		panic("mutants: " + err.Error()) // embedded, so it is there
	}
	return string(raw)
}

// HTML writes a matrix as one page that needs nothing else: variants by checks, sortable, each cell linked to
// what was seen.
func (m Matrix) HTML(w io.Writer) error { return page.Execute(w, m) }

// cell is one check on one variant, as the page shows it.
type cell struct {
	Class, Mark, Says string
	Linked            bool
}

var marks = map[result.Verdict]string{result.Fail: "●", result.Info: "i", result.NotRun: "–", result.Pass: "·"}

func cellOf(row Row, check string) cell {
	f := row.finding(check)
	if f.Verdict == "" {
		return cell{Class: "none", Says: check + " was not asked"}
	}
	c := cell{Class: string(f.Verdict), Mark: marks[f.Verdict], Says: strings.TrimSpace(check + ": " + string(f.Verdict) + " " + f.Why), Linked: shown(f)}
	for _, e := range row.Expect {
		if e.Check != check {
			continue
		}
		c.Class += " expected"
		if f.Verdict != e.Told {
			c.Class += " missed"
		}
	}
	if f.Verdict == result.Fail && row.Kind == Correct {
		c.Class += " missed"
	}
	return c
}

// shown tells whether a finding has evidence that the page shows.
func shown(f result.Finding) bool {
	return f.Verdict == result.Fail || f.Verdict == result.Info || f.Incomplete()
}

func evidence(row Row) []result.Finding {
	var all []result.Finding
	for _, f := range row.Judged.Findings {
		if shown(f) {
			all = append(all, f)
		}
	}
	return all
}

// diffLine is a line of a diff and what kind it is.
type diffLine struct{ Class, Text string }

func diffLines(diff string) []diffLine {
	var all []diffLine
	for line := range strings.Lines(diff) {
		class := ""
		switch {
		case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"), strings.HasPrefix(line, "@@"), strings.HasPrefix(line, "diff "):
			class = "where"
		case strings.HasPrefix(line, "+"):
			class = "added"
		case strings.HasPrefix(line, "-"):
			class = "removed"
		}
		all = append(all, diffLine{class, line})
	}
	return all
}
