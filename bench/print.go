package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// print writes the report as text.
func (r Report) print(out io.Writer) error {
	_, _ = fmt.Fprintf(out, "\n%s\nMedians (least–greatest) of %d × %g s; ratios are of the same round\n", r.circumstances(), r.Rounds, r.Seconds)
	mix := ""
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range r.Rows {
		if row.Mix != mix {
			mix = row.Mix
			if err := table.Flush(); err != nil {
				return err
			}
			_, _ = fmt.Fprintf(out, "\n%s: %s\n", mix, about(mix))
			_, _ = fmt.Fprintln(table, "connections\tserver\ta second\tof pgbench\tof unique\tdrained s\tp50 ms\tp99 ms\tp99.9 ms\tCPU s/1000\tclient's\t")
		}
		_, _ = fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%.2f\t%.2f\t%.2f\t%s\t%s\t\n", row.Connections, row.Server, spread(&row.Rate, "%.0f"),
			spread(row.OfLimit, "%.2f"), spread(row.OfUnique, "%.2f"), spread(row.Drain, "%.2f"),
			row.Latency.P50, row.Latency.P99, row.Latency.P999, known(row.CPU, "%.3f"), known(row.ClientCPU, "%.3f"))
	}
	_, _ = fmt.Fprintln(table, "\t")
	_, _ = fmt.Fprintln(table, "server\tready ms\tresident MiB\tafter deliveries\t")
	for _, s := range r.Servers {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%d\t\n", s.Name, spread(&s.Ready, "%.0f"), known(s.Resident, "%.0f"), s.Deliveries)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return printGoals(out, r.Goals, r.NotMeasured)
}

// printGoals writes each goal with its figure, and what was not measured.
func printGoals(out io.Writer, goals []Result, notMeasured []string) error {
	_, _ = fmt.Fprintln(out, "\nGoals")
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, g := range goals {
		_, _ = fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", g.Goal, g.limitText(), g.figureText(), g.verdictText())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, line := range notMeasured {
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return nil
}

func about(name string) string {
	for _, m := range mixes {
		if m.name == name {
			return m.about
		}
	}
	return ""
}

// spread formats a median with the least and the greatest value; nil is "".
func spread(s *Spread, format string) string {
	if s == nil {
		return ""
	}
	median, least, greatest := fmt.Sprintf(format, s.Median), fmt.Sprintf(format, s.Min), fmt.Sprintf(format, s.Max)
	if least == greatest {
		return median
	}
	return fmt.Sprintf("%s (%s–%s)", median, least, greatest)
}

// known formats a figure; 0 is unknown.
func known(v float64, format string) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf(format, v)
}

func (g Result) limitText() string {
	sign := "≤"
	if g.AtLeast {
		sign = "≥"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %g %s", sign, g.Limit, g.Unit))
}

func (g Result) figureText() string {
	if g.Figure == nil {
		return "–"
	}
	format := "%.0f"
	if g.Unit == "×" {
		format = "%.2f"
	}
	return strings.TrimSpace(spread(g.Figure, format) + " " + g.Unit)
}

func (g Result) verdictText() string {
	switch g.Verdict {
	case missed:
		return missed + " " + g.Comment
	case notMeasured:
		return notMeasured + ": " + g.Comment
	}
	return g.Verdict
}
