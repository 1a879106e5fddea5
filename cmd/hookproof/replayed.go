package main

import (
	"fmt"
	"strings"
	"time"

	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/scenario"
	"example.com/hookproof/hookproof/target"
)

// replayed is what a replay came to, as replay --json prints it.
type replayed struct {
	Version int            `json:"version"` // of this format; 1
	Outcome report.Outcome `json:"outcome"`
	Target  string         `json:"target"`
	Took    result.Millis  `json:"tookMs"`
	Counts  struct {
		Pass      int `json:"pass"`
		Fail      int `json:"fail"`
		NotRun    int `json:"notRun"`
		Delivered int `json:"delivered"` // of events and recordings
		Refused   int `json:"refused"`   // of these, not acknowledged
	} `json:"counts"`
	Items      []replayedItem `json:"items"`
	Afterwards string         `json:"afterwards,omitempty"`
}

// replayedItem is a scenario, a recording or a file.
type replayedItem struct {
	Name       string             `json:"name"`
	Verdict    result.Verdict     `json:"verdict,omitempty"` // of a scenario
	Demand     string             `json:"demand,omitempty"`
	Source     string             `json:"source,omitempty"`
	Why        string             `json:"why,omitempty"`
	Deliveries []replayedDelivery `json:"deliveries"`
}

type replayedDelivery struct {
	Event   string        `json:"event"`
	Type    string        `json:"type,omitempty"`
	ID      string        `json:"id"`
	Sign    string        `json:"sign"`
	Status  int           `json:"status"`
	Error   string        `json:"error,omitempty"`
	Latency result.Millis `json:"latencyMs"`
}

// add adds an item, and counts its verdict.
func (r *replayed) add(i replayedItem) {
	switch i.Verdict {
	case result.Pass:
		r.Counts.Pass++
	case result.Fail:
		r.Counts.Fail++
	case result.NotRun:
		r.Counts.NotRun++
	}
	r.Items = append(r.Items, i)
}

func (r replayed) failed() bool { return r.Counts.Fail > 0 || r.Counts.Refused > 0 }

// ended is the replay with what is known at its end.
func (r replayed) ended(began time.Time) replayed {
	r.Took = result.MillisOf(time.Since(began))
	if r.failed() {
		r.Outcome = report.Failed
	}
	return r
}

// counted says how many scenarios came to which verdict, and how many events were delivered.
func (r replayed) counted() string {
	var parts []string
	if n := r.Counts; n.Pass+n.Fail+n.NotRun > 0 {
		parts = append(parts, fmt.Sprintf("%d passed, %d failed, %d not run", n.Pass, n.Fail, n.NotRun))
	}
	if n := r.Counts; n.Delivered > 0 {
		parts = append(parts, fmt.Sprintf("%d delivered, %d of them not acknowledged", n.Delivered, n.Refused))
	}
	return strings.Join(parts, "; ")
}

func itemOf(r scenario.Result, s scenario.Scenario) replayedItem {
	item := replayedItem{Name: r.Scenario, Verdict: r.Verdict, Demand: s.Description, Source: s.Requirement, Why: r.Why, Deliveries: []replayedDelivery{}}
	for _, d := range r.Journal.Deliveries() {
		item.Deliveries = append(item.Deliveries, deliveryOf(d))
	}
	return item
}

func deliveryOf(d target.Delivery) replayedDelivery {
	one := replayedDelivery{Event: d.Label, Type: d.EventType, ID: d.EventID, Sign: d.Sign, Status: d.Status, Latency: result.MillisOf(d.Latency)}
	if d.Err != nil {
		one.Error = target.Plainly(d.Err)
	}
	return one
}
