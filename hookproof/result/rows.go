package result

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Row is one line of a timeline in a report: a delivery, several equal ones, a fault, or rows that are left out.
type Row struct {
	Sent
	Number  int    // of the delivery, from 1; 0 is no delivery
	Meets   int    // how many others were in flight at the same time
	Alike   int    // how many deliveries this row stands for; 1 for one delivery, 0 for none
	IDs     int    // how many event ids those have
	Slowest Millis // the slowest of those; Latency is the fastest
	More    int    // how many rows are left out here; 0 for any other row
}

const (
	alikeShown = 3  // up to so many equal deliveries have a row each
	rowsShown  = 40 // the most rows of one timeline
)

// Numbered returns all rows of a timeline, one for each entry.
func Numbered(timeline []Sent) []Row {
	all := make([]Row, len(timeline))
	number := 0
	for i, s := range timeline {
		all[i] = Row{Sent: s, Meets: meets(timeline, i), Slowest: s.Latency}
		if s.Event != "" {
			number++
			all[i].Number, all[i].Alike, all[i].IDs = number, 1, 1
		}
	}
	return all
}

// Rows returns a timeline's rows for a report: equal deliveries are one row, also among copies that overlap, whose order means
// nothing.
func Rows(timeline []Sent) []Row {
	var folded []Row
	for _, run := range runs(groupCrowds(Numbered(timeline))) {
		if len(run) <= alikeShown {
			folded = append(folded, run...)
			continue
		}
		one, ids := run[0], map[string]bool{}
		one.Alike = len(run)
		for _, r := range run {
			ids[r.ID] = true
			one.Latency, one.Slowest, one.Meets = min(one.Latency, r.Latency), max(one.Slowest, r.Latency), max(one.Meets, r.Meets)
		}
		one.IDs = len(ids)
		folded = append(folded, one)
	}
	if len(folded) > rowsShown {
		folded = append(folded[:rowsShown-1], Row{Sent: Sent{At: folded[rowsShown-1].At}, More: len(folded) - rowsShown + 1})
	}
	return folded
}

// runs groups consecutive rows that are alike.
func runs(all []Row) [][]Row {
	var list [][]Row
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && alike(all[from].Sent, all[to].Sent) {
			to++
		}
		list = append(list, all[from:to])
		from = to
	}
	return list
}

// groupCrowds sorts the copies of each crowd so that equal ones are consecutive. A crowd is the copies of one event that were in
// flight together.
func groupCrowds(all []Row) []Row {
	for from := 0; from < len(all); {
		to, end := from+1, all[from].At+all[from].Latency
		for to < len(all) && all[to].Event != "" && all[to].Event == all[from].Event && all[to].Sign == all[from].Sign && all[to].At < end {
			end = max(end, all[to].At+all[to].Latency)
			to++
		}
		if crowd := all[from:to]; len(crowd) > 2*alikeShown {
			first := func(r Row) int {
				return slices.IndexFunc(crowd, func(other Row) bool { return alike(r.Sent, other.Sent) })
			}
			place := map[int]int{} // of each row's number, before the rows are moved
			for _, r := range crowd {
				place[r.Number] = first(r)
			}
			slices.SortStableFunc(crowd, func(a, b Row) int { return place[a.Number] - place[b.Number] })
		}
		from = to
	}
	return all
}

// alike reports whether two deliveries differ only in time, and in the event's id if each has a new one.
func alike(a, b Sent) bool {
	a.At, a.Latency, a.ID, a.Request, b.At, b.Latency, b.ID, b.Request = 0, 0, "", 0, 0, 0, "", 0
	return a.Event != "" && a == b
}

func meets(timeline []Sent, i int) int {
	n, one := 0, timeline[i]
	for j, other := range timeline {
		if j != i && one.Event != "" && other.Event != "" && other.At < one.At+one.Latency && one.At < other.At+other.Latency {
			n++
		}
	}
	return n
}

// Name returns the event by our word, followed by Stripe's type unless the word contains it.
func (s Sent) Name() string {
	if s.Type == "" || strings.Contains(s.Event, s.Type) {
		return s.Event
	}
	return s.Event + " (" + s.Type + ")"
}

// Name returns the event's name, with the number of its deliveries in the row.
func (r Row) Name() string {
	if r.Alike > 1 {
		return fmt.Sprintf("%d × %s", r.Alike, r.Sent.Name())
	}
	return r.Sent.Name()
}

// Gap describes a row that stands for left-out ones.
func (r Row) Gap() string { return fmt.Sprintf("%d more rows, in the JSON report", r.More) }

// Answer describes the answer to a delivery.
func (s Sent) Answer() string {
	switch {
	case s.Status == 0 && s.Error != "":
		return "no answer: " + s.Error
	case s.Status == 0:
		return "no answer"
	case s.Error != "":
		return strconv.Itoa(s.Status) + ": " + s.Error
	}
	return strconv.Itoa(s.Status)
}
