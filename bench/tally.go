package main

import (
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// newHistogram is of microseconds up to a minute, exact to three digits.
func newHistogram() *hdr.Histogram { return hdr.New(1, int64(time.Minute/time.Microsecond), 3) }

// sample is one round of one measurement.
type sample struct {
	sent      int64         // answered as they should be
	refused   int64         // answered otherwise
	fault     string        // what the last of those was
	took      time.Duration // of the round
	latency   *hdr.Histogram
	cpu       float64 // the server's CPU seconds
	clientCPU float64
	touched   int // connections of the server that the database heard from
}

// tally collects the rounds of one measurement.
type tally struct {
	job
	latency   *hdr.Histogram
	rates     []float64
	drains    []float64
	cpu       []float64
	clientCPU []float64
	refused   int64
	touched   int
}

func newTally(j job) *tally { return &tally{job: j, latency: newHistogram()} }

func (t *tally) add(s sample) {
	thousands := float64(max(1, s.sent)) / 1000
	t.latency.Merge(s.latency)
	t.rates = append(t.rates, rounded(float64(s.sent)/s.took.Seconds()))
	t.drains = append(t.drains, s.took.Seconds())
	t.cpu = append(t.cpu, s.cpu/thousands)
	t.clientCPU = append(t.clientCPU, s.clientCPU/thousands)
	t.refused += s.refused
	t.touched += s.touched
}

func (t *tally) row() Row {
	ms := func(percentile float64) float64 {
		return rounded(float64(t.latency.ValueAtPercentile(percentile)) / 1000)
	}
	row := Row{
		Server: t.server, Mix: t.mix.name, Connections: t.connections, Rates: t.rates, Rate: spreadOf(t.rates),
		Latency: Latency{P50: ms(50), P99: ms(99), P999: ms(99.9)},
		CPU:     spreadOf(t.cpu).Median, ClientCPU: spreadOf(t.clientCPU).Median, Refused: t.refused,
	}
	if t.mix.backlog > 0 {
		drain := spreadOf(t.drains)
		row.Drain = &drain
	}
	if t.mix.silent {
		row.Touched = &t.touched
	}
	return row
}

// corrected adds what a pause kept from being sent. A connection sends its next delivery when it has the
// answer to the last, so a pause is felt by one delivery where a sender that does not wait for answers, as
// Stripe is, would have felt it with all that were due meanwhile: one an interval. This is HdrHistogram's own
// correction, after the fact, when the interval is known: the round's mean.
func corrected(raw *hdr.Histogram, interval time.Duration) *hdr.Histogram {
	full := newHistogram()
	step := max(1, interval.Microseconds())
	for _, bar := range raw.Distribution() {
		if bar.Count == 0 {
			continue
		}
		_ = full.RecordValues(bar.To, bar.Count) // what raw could hold, full can
		for missing := bar.To - step; missing >= step; missing -= step {
			_ = full.RecordValues(missing, bar.Count)
		}
	}
	return full
}
