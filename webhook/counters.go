package webhook

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// buckets are the upper bounds of the latency histogram, in seconds. Ten seconds is the promise.
var buckets = [...]float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

// counters count deliveries since the process started. All figures of one delivery move together.
type counters struct {
	mu     sync.Mutex
	total  Counts // without the maps
	reason map[Reason]uint64
	bucket [len(buckets)]uint64 // not cumulative; a delivery slower than all of them is in none
}

// Counts are the figures at one instant. At every instant Received = Processed + Duplicates + Errors.
type Counts struct {
	Received   uint64
	Processed  uint64
	Duplicates uint64
	Errors     uint64            // every rejected delivery, the caller's fault or ours
	Reasons    map[Reason]uint64 // the same deliveries by reason
	Latency    Latency
}

// Latency is a histogram of the time from the first byte's handling to the decision, in seconds.
type Latency struct {
	Buckets map[float64]uint64 // upper bound to the number of deliveries not slower
	Sum     float64
}

func (c *counters) count(reason Reason, took time.Duration) {
	seconds := took.Seconds()
	bucket, _ := slices.BinarySearch(buckets[:], seconds)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total.Received++
	switch policy[reason].outcome {
	case Processed:
		c.total.Processed++
	case Duplicate:
		c.total.Duplicates++
	default:
		c.total.Errors++
	}
	if c.reason == nil {
		c.reason = map[Reason]uint64{}
	}
	c.reason[reason]++
	c.total.Latency.Sum += seconds
	if bucket < len(buckets) {
		c.bucket[bucket]++
	}
}

// Counts are the deliveries so far. They are in memory, so they can be read during an outage.
func (h *Handler) Counts() Counts {
	c := &h.counters
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := c.total
	counts.Reasons, counts.Latency.Buckets = map[Reason]uint64{}, map[float64]uint64{}
	maps.Copy(counts.Reasons, c.reason)
	var notSlower uint64
	for i, bound := range buckets {
		notSlower += c.bucket[i]
		counts.Latency.Buckets[bound] = notSlower
	}
	return counts
}

// Reasons are all the reasons there are, in alphabetical order.
func Reasons() []Reason { return slices.Sorted(maps.Keys(policy)) }

// OutcomeOf is the outcome that a reason stands for.
func OutcomeOf(reason Reason) Outcome { return policy[reason].outcome }
