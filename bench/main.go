// Command bench measures the delivery's way against its limit: PostgreSQL doing the same writes with no
// HTTP in front, driven by pgbench. Both are measured in turn, round by round, on one durable database
// server, because machines are shared and noisy: the ratios are what counts, not the rates.
//
//	go run ./bench                       three rounds of three seconds, 1, 8 and 32 connections
//	go run ./bench -rounds 5 -time 10s -json bench.json
//
// It needs a PostgreSQL with pgbench on the machine. Everything runs on the loopback interface, and
// stops by itself.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// connections are the numbers of concurrent connections that are measured.
var connections = []int{1, 8, 32}

// mixes are what is delivered. The first is what the limit is measured with, too.
var mixes = []string{"unique", "duplicate", "forged"}

// Row is what one mix at one number of connections came to, over all rounds.
type Row struct {
	Mix         string    `json:"mix"`
	Connections int       `json:"connections"`
	Rates       []float64 `json:"rates"`          // deliveries (of pgbench: transactions) a second, a round each
	Rate        float64   `json:"rate"`           // their median
	Latency     Latency   `json:"latency"`        // over all rounds
	CPU         float64   `json:"cpuPerThousand"` // the server's CPU seconds for a thousand deliveries
	Refused     int       `json:"refused"`        // answers that are not what the mix should get; 0
}

// Latency is in milliseconds, corrected for coordinated omission.
type Latency struct {
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99.9"`
}

// Report is the whole run.
type Report struct {
	PostgreSQL string        `json:"postgresql"`
	Rounds     int           `json:"rounds"`
	Time       time.Duration `json:"roundNanoseconds"`
	Limit      []Row         `json:"pgbench"`
	Server     []Row         `json:"server"`
	Resident   float64       `json:"residentMiB"` // of the server, after the last round
	Ready      float64       `json:"readyMs"`     // from the process's start to /ready, on a migrated database
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := flags.Int("rounds", 3, "rounds of each measurement; the median counts")
	length := flags.Duration("time", 3*time.Second, "length of one round")
	file := flags.String("json", "", "write the report to this file as well")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *rounds < 1 || *length < 100*time.Millisecond || *length > time.Minute {
		return errors.New("-rounds must be 1 or more, and -time from 100ms to 1m")
	}
	b, err := open(ctx, out)
	if err != nil {
		return err
	}
	defer b.close()
	report, err := b.measure(ctx, *rounds, *length, out)
	if err != nil {
		return err
	}
	if err := print(out, report); err != nil {
		return err
	}
	if *file == "" {
		return nil
	}
	raw, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(*file, append(raw, '\n'), 0o644)
}

// measure interleaves the rounds, so that what else the machine does falls on all alike.
func (b *bench) measure(ctx context.Context, rounds int, length time.Duration, out io.Writer) (Report, error) {
	report := Report{PostgreSQL: b.postgres.Version(), Rounds: rounds, Time: length, Ready: b.ready}
	limit, server := map[int]*tally{}, map[string]*tally{}
	for _, n := range connections {
		limit[n] = newTally()
		for _, mix := range mixes {
			server[key(mix, n)] = newTally()
		}
	}
	for round := 1; round <= rounds; round++ {
		_, _ = fmt.Fprintf(out, "Round %d of %d\n", round, rounds)
		for _, n := range connections {
			if err := b.pgbench(ctx, n, length, limit[n]); err != nil {
				return report, err
			}
			for _, mix := range mixes {
				if err := b.deliver(ctx, mix, n, length, server[key(mix, n)]); err != nil {
					return report, err
				}
			}
		}
	}
	for _, n := range connections {
		report.Limit = append(report.Limit, limit[n].row("unique", n))
		for _, mix := range mixes {
			report.Server = append(report.Server, server[key(mix, n)].row(mix, n))
		}
	}
	var err error
	report.Resident, err = b.resident()
	return report, err
}

func key(mix string, n int) string { return fmt.Sprint(mix, " ", n) }

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)/2]
}

func print(out io.Writer, r Report) error {
	limit := map[int]float64{}
	for _, row := range r.Limit {
		limit[row.Connections] = row.Rate
	}
	unique := map[int]float64{}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(out, "\nPostgreSQL %s, fsync on; medians of %d rounds of %s\n\n", r.PostgreSQL, r.Rounds, r.Time)
	_, _ = fmt.Fprintln(table, "what\tconnections\ta second\tspread\tof pgbench\tof unique\tp50 ms\tp99 ms\tp99.9 ms\tCPU s/1000\t")
	line := func(what string, row Row, ofUnique string) {
		_, _ = fmt.Fprintf(table, "%s\t%d\t%.0f\t%.0f–%.0f\t%.2f\t%s\t%.2f\t%.2f\t%.2f\t%.2f\t\n", what, row.Connections, row.Rate,
			slices.Min(row.Rates), slices.Max(row.Rates), row.Rate/limit[row.Connections], ofUnique,
			row.Latency.P50, row.Latency.P99, row.Latency.P999, row.CPU)
	}
	for _, row := range r.Limit {
		line("pgbench", row, "")
	}
	for _, row := range r.Server {
		if row.Mix == "unique" {
			unique[row.Connections] = row.Rate
		}
		line(row.Mix, row, fmt.Sprintf("%.2f", row.Rate/unique[row.Connections]))
		if row.Refused > 0 {
			return fmt.Errorf("%d %s deliveries were not answered as they should be", row.Refused, row.Mix)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\nThe server: ready %.0f ms after its start, %.0f MiB resident at the end.\n", r.Ready, r.Resident)
	return err
}
