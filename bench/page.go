package main

import (
	"bytes"
	"fmt"
	"strings"
)

// The tables of a page are between these two lines. Each run with -page replaces them.
const (
	pageBegin = "<!-- The tables below are written by go run ./bench -page. -->\n"
	pageEnd   = "<!-- Until here. -->\n"
)

// withTables replaces the tables of a page by those of a report.
func withTables(page []byte, r Report) ([]byte, error) {
	before, rest, begins := bytes.Cut(page, []byte(pageBegin))
	_, after, ends := bytes.Cut(rest, []byte(pageEnd))
	if !begins || !ends {
		return nil, fmt.Errorf("the page has no place for tables; it needs the lines %q and %q", strings.TrimSpace(pageBegin), strings.TrimSpace(pageEnd))
	}
	return bytes.Join([][]byte{before, []byte(pageBegin), tables(r), []byte(pageEnd), after}, nil), nil
}

// tables returns the report in Markdown.
func tables(r Report) []byte {
	var out bytes.Buffer
	write := func(format string, args ...any) { _, _ = fmt.Fprintf(&out, format+"\n", args...) }
	write("\n%s. Medians of %d × %g s, with the least and the greatest.\n", r.circumstances(), r.Rounds, r.Seconds)
	write("| goal | | figure | |\n|---|---|---|---|")
	for _, g := range r.Goals {
		write("| %s | %s | %s | %s |", g.Goal, g.limitText(), g.figureText(), g.verdictText())
	}
	for _, line := range r.NotMeasured {
		write("\n%s.", strings.ToUpper(line[:1])+line[1:])
	}
	mix := ""
	for _, row := range r.Rows {
		if row.Mix != mix {
			mix = row.Mix
			write("\n**%s**: %s\n", mix, about(mix))
			write("| connections | server | a second | of pgbench | of unique | drained, s | p50, ms | p99, ms | p99.9, ms | CPU s/1000 | client's |\n|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
		}
		write("| %d | %s | %s | %s | %s | %s | %.2f | %.2f | %.2f | %s | %s |", row.Connections, row.Server, spread(&row.Rate, "%.0f"),
			spread(row.OfLimit, "%.2f"), spread(row.OfUnique, "%.2f"), spread(row.Drain, "%.2f"),
			row.Latency.P50, row.Latency.P99, row.Latency.P999, known(row.CPU, "%.3f"), known(row.ClientCPU, "%.3f"))
	}
	write("\n| server | ready, ms | resident, MiB | after deliveries |\n|---|--:|--:|--:|")
	for _, s := range r.Servers {
		write("| %s | %s | %s | %d |", s.Name, spread(&s.Ready, "%.0f"), known(s.Resident, "%.0f"), s.Deliveries)
	}
	write("")
	return out.Bytes()
}
