package main

import (
	_ "embed"
	"fmt"
	"os"
	"runtime"
	"strings"
	"text/template"
	"time"
)

// table is what all floods came to with one memory limit.
type table struct {
	limit string // GOMEMLIMIT; "" is none
	rows  []result
}

const header = "| flood | connections | addresses | peak MiB | later MiB | closed | sent | acknowledged | p50 ms | p99 ms |\n" +
	"|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"

func (t table) title() string {
	if t.limit == "" {
		return "Without GOMEMLIMIT"
	}
	return "With GOMEMLIMIT=" + t.limit + ", as in docker-compose.yml"
}

func (r result) line() string {
	quantile := func(q float64) float64 { return float64(r.genuine.milliseconds.ValueAtQuantile(q)) / 10 }
	return fmt.Sprintf("| %s | %d | %d | %.0f | %.0f | %d | %d | %d | %.1f | %.1f |\n", r.name, r.connections, r.addresses,
		r.peak, r.after, r.closed, r.genuine.deliveries, r.genuine.acknowledged, quantile(50), quantile(99))
}

//go:embed page.md
var page string

func writePage(p plan, tables []table) error {
	var figures strings.Builder
	for _, t := range tables {
		fmt.Fprintf(&figures, "\n## %s\n\n%s", t.title(), header)
		for _, r := range t.rows {
			figures.WriteString(r.line())
		}
	}
	form, err := template.New("page").Parse(page)
	if err != nil {
		return err
	}
	var text strings.Builder
	err = form.Execute(&text, map[string]any{
		"Length": p.length, "Rate": p.rate, "Rest": p.rest, "Processors": runtime.NumCPU(), "Go": runtime.Version(),
		"Date": time.Now().UTC().Format(time.DateOnly), "Most": mostMiB, "Figures": figures.String(),
	})
	if err != nil {
		return err
	}
	return os.WriteFile(p.page, []byte(text.String()), 0o644)
}
