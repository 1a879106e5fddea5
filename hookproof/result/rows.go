package result

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Row is one line of a timeline as it is told: a delivery, several that went alike, a fault, or what is left out.
type Row struct {
	Sent
	Number  int    // of the delivery, from 1; 0 is no delivery
	Meets   int    // how many others were on their way at the same time
	Alike   int    // how many deliveries this row stands for; 1 for itself alone, 0 for none
	IDs     int    // how many event ids those have
	Slowest Millis // of those; Latency is the least
	More    int    // how many rows are left out here; 0 is a row that tells something
}

const (
	alikeShown = 3  // of deliveries that went alike, so many are told one by one
	rowsShown  = 40 // of one timeline
)

// Numbered are all rows of a timeline, one for each.
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

// Rows are a timeline as it is told: deliveries that went alike are one row, also among copies that overlap, which come in
// no order.
func Rows(timeline []Sent) []Row {
	var folded []Row
	for _, run := range runs(byCrowd(Numbered(timeline))) {
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

// runs are rows that follow one another and are alike.
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

// byCrowd puts together what is alike among the copies of each crowd: those of one event that were on their way together.
func byCrowd(all []Row) []Row {
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
			place := map[int]int{} // of each row's number, before they are moved
			for _, r := range crowd {
				place[r.Number] = first(r)
			}
			slices.SortStableFunc(crowd, func(a, b Row) int { return place[a.Number] - place[b.Number] })
		}
		from = to
	}
	return all
}

// alike reports whether two deliveries differ in nothing but time, and the event's id where that is new each time.
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

// Name is the event by our word, and by Stripe's type where the word does not have it.
func (s Sent) Name() string {
	if s.Type == "" || strings.Contains(s.Event, s.Type) {
		return s.Event
	}
	return s.Event + " (" + s.Type + ")"
}

// Name is the event's, with how many deliveries of it the row stands for.
func (r Row) Name() string {
	if r.Alike > 1 {
		return fmt.Sprintf("%d × %s", r.Alike, r.Sent.Name())
	}
	return r.Sent.Name()
}

// Gap tells what a row stands for that leaves others out.
func (r Row) Gap() string { return fmt.Sprintf("%d more rows, in the JSON report", r.More) }

// Answer is what a delivery was answered.
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
