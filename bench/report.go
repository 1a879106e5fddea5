package main

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Report is the result of a run. -json writes it, and the text, the tables and the picture are made from it.
type Report struct {
	PostgreSQL  string   `json:"postgresql"`
	Machine     string   `json:"machine"`            // processors, operating system, architecture
	HostLoad    *float64 `json:"hostLoadProcessors"` // processors that other programs kept busy during the run; null is unknown
	Rounds      int      `json:"rounds"`
	Seconds     float64  `json:"roundSeconds"`
	Rows        []Row    `json:"rows"`
	Servers     []Server `json:"servers"`
	Image       *float64 `json:"imageMB"`     // of the production image; null if not measured
	NotMeasured []string `json:"notMeasured"` // what is not measured, and why
	Goals       []Result `json:"goals"`
}

// Row is the result of one job, over all rounds: one server, one mix, one number of connections.
type Row struct {
	Server      string    `json:"server"`
	Mix         string    `json:"mix"`
	Connections int       `json:"connections"`
	Rates       []float64 `json:"rates"` // deliveries (of pgbench: transactions) a second, a round each
	Rate        Spread    `json:"rate"`
	OfLimit     *Spread   `json:"ofPgbench,omitempty"`    // the rate as a ratio of pgbench's in the same round
	OfUnique    *Spread   `json:"ofUnique,omitempty"`     // and of its own rate in the mix unique
	Drain       *Spread   `json:"drainSeconds,omitempty"` // how long a burst's backlog took
	Latency     Latency   `json:"latencyMs"`
	CPU         float64   `json:"cpuPerThousand"`    // the server's CPU seconds for a thousand deliveries, without PostgreSQL's; 0 is unknown
	ClientCPU   float64   `json:"clientPerThousand"` // and the load generator's
	Refused     int64     `json:"refused"`           // deliveries with an unexpected answer; 0 in a good run
	// Touched counts the server's database connections that were used though the mix must not use any.
	Touched *int `json:"touchedDatabase,omitempty"`
}

// Latency is in milliseconds, over all rounds, corrected for coordinated omission.
type Latency struct {
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99.9"`
}

// Server is what was measured of a server's process.
type Server struct {
	Name       string  `json:"name"`
	Ready      Spread  `json:"readyMs"`     // from the process's start to the first 200 of /ready, on a migrated database
	Resident   float64 `json:"residentMiB"` // at the end; 0 is unknown
	Deliveries int64   `json:"deliveries"`  // that it had answered by then
}

// Spread is a median with the least and the greatest value.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// spreadOf is the zero Spread for no values.
func spreadOf(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + median) / 2
	}
	return Spread{rounded(median), rounded(sorted[0]), rounded(sorted[len(sorted)-1])}
}

// ratio compares two series round by round, because the host load of a round affects both. It is nil when there is nothing to
// compare.
func ratio(of, to []float64) *Spread {
	var ratios []float64
	for i := range min(len(of), len(to)) {
		if to[i] > 0 {
			ratios = append(ratios, of[i]/to[i])
		}
	}
	if len(ratios) == 0 {
		return nil
	}
	spread := spreadOf(ratios)
	return &spread
}

// circumstances says in one line on what machine, and under what host load, the figures were measured.
func (r Report) circumstances() string {
	load := ""
	if r.HostLoad != nil {
		load = fmt.Sprintf("; host load %.2g processors", *r.HostLoad)
	}
	return fmt.Sprintf("PostgreSQL %s, fsync on; %s%s", r.PostgreSQL, r.Machine, load)
}

// row returns the row of a job, and whether there is one.
func (r Report) row(server, mix string, connections int) (Row, bool) {
	for _, row := range r.Rows {
		if row.Server == server && row.Mix == mix && row.Connections == connections {
			return row, true
		}
	}
	return Row{}, false
}

func (r Report) server(name string) (Server, bool) {
	for _, s := range r.Servers {
		if s.Name == name {
			return s, true
		}
	}
	return Server{}, false
}

// compare fills in the ratios of every row.
func (r *Report) compare() {
	for i := range r.Rows {
		row := &r.Rows[i]
		if limit, there := r.row(pgbenchName, "unique", row.Connections); there && row.Server != pgbenchName {
			row.OfLimit = ratio(row.Rates, limit.Rates)
		}
		if unique, there := r.row(row.Server, "unique", row.Connections); there && row.Mix != "unique" {
			row.OfUnique = ratio(row.Rates, unique.Rates)
		}
	}
}

// rounded rounds to four significant digits, so that the JSON is readable.
func rounded(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return v
	}
	scale := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
