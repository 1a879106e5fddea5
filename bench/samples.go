package main

import (
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// newHistogram makes a histogram of microseconds, up to one minute, with three significant digits.
func newHistogram() *hdr.Histogram { return hdr.New(1, int64(time.Minute/time.Microsecond), 3) }

// sample is what one round of a job measured.
type sample struct {
	sent      int64         // deliveries with the expected answer
	refused   int64         // deliveries with another answer
	fault     string        // the last unexpected answer
	took      time.Duration // the length of the round
	latency   *hdr.Histogram
	cpu       float64 // the server's CPU seconds
	clientCPU float64
	touched   int // the server's database connections that were used
}

// samples collects the samples of one job, one for each round.
type samples struct {
	job
	latency   *hdr.Histogram
	rates     []float64
	drains    []float64
	cpu       []float64
	clientCPU []float64
	refused   int64
	touched   int
}

func newSamples(j job) *samples { return &samples{job: j, latency: newHistogram()} }

func (all *samples) add(s sample) {
	thousands := float64(max(1, s.sent)) / 1000
	all.latency.Merge(s.latency)
	all.rates = append(all.rates, rounded(float64(s.sent)/s.took.Seconds()))
	all.drains = append(all.drains, s.took.Seconds())
	all.cpu = append(all.cpu, s.cpu/thousands)
	all.clientCPU = append(all.clientCPU, s.clientCPU/thousands)
	all.refused += s.refused
	all.touched += s.touched
}

func (all *samples) row() Row {
	ms := func(percentile float64) float64 {
		return rounded(float64(all.latency.ValueAtPercentile(percentile)) / 1000)
	}
	row := Row{
		Server: all.server, Mix: all.mix.name, Connections: all.connections, Rates: all.rates, Rate: spreadOf(all.rates),
		Latency: Latency{P50: ms(50), P99: ms(99), P999: ms(99.9)},
		CPU:     spreadOf(all.cpu).Median, ClientCPU: spreadOf(all.clientCPU).Median, Refused: all.refused,
	}
	if all.mix.backlog > 0 {
		drain := spreadOf(all.drains)
		row.Drain = &drain
	}
	if all.mix.silent {
		row.Touched = &all.touched
	}
	return row
}

// corrected corrects latencies for coordinated omission. A connection sends its next delivery after the last answer, so a
// pause of the server delays one delivery. A sender that does not wait for answers, such as Stripe, would have sent more
// deliveries in that time, one for each interval, and all of them would have been late. corrected adds these. It is the
// correction of HdrHistogram, applied after the round, when the mean interval is known.
func corrected(raw *hdr.Histogram, interval time.Duration) *hdr.Histogram {
	full := newHistogram()
	step := max(1, interval.Microseconds())
	for _, bar := range raw.Distribution() {
		if bar.Count == 0 {
			continue
		}
		_ = full.RecordValues(bar.To, bar.Count) // both histograms have the same range
		for missing := bar.To - step; missing >= step; missing -= step {
			_ = full.RecordValues(missing, bar.Count)
		}
	}
	return full
}
