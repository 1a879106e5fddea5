package report

import (
	"fmt"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof"
)

// row is one line of a timeline: a delivery, or several in a row that went alike.
type row struct {
	hookproof.Sent
	Number int // of the delivery, from 1; 0 is no delivery
	Meets  int // how many others were on their way at the same time
	Alike  int // how many deliveries this row stands for; 0 for itself alone
}

const (
	alikeShown = 3  // of deliveries in a row that went alike, so many are shown one by one, and the last
	rowsShown  = 40 // of one timeline; the rest is in the JSON
)

// numbered are all rows of a timeline, one for each.
func numbered(timeline []hookproof.Sent) []row {
	all := make([]row, len(timeline))
	number := 0
	for i, s := range timeline {
		all[i] = row{Sent: s, Meets: meets(timeline, i)}
		if s.Event != "" {
			number++
			all[i].Number = number
		}
	}
	return all
}

// rows are a timeline as it is shown, with runs of deliveries that went alike folded.
func rows(timeline []hookproof.Sent) []row {
	all := numbered(timeline)
	var folded []row
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && alike(all[from].Sent, all[to].Sent) {
			to++
		}
		if to-from <= alikeShown+2 {
			folded = append(folded, all[from:to]...)
		} else {
			middle := all[from+alikeShown]
			middle.Alike = to - from - alikeShown - 1
			folded = append(append(append(folded, all[from:from+alikeShown]...), middle), all[to-1])
		}
		from = to
	}
	if len(folded) > rowsShown {
		gap := folded[rowsShown-1]
		gap.Alike, gap.Event = len(folded)-rowsShown+1, ""
		folded = append(folded[:rowsShown-1], gap)
	}
	return folded
}

// alike tells whether two deliveries differ in nothing but time, and the event's id where that is new each time.
func alike(a, b hookproof.Sent) bool {
	a.At, a.Latency, a.ID, b.At, b.Latency, b.ID = 0, 0, "", 0, 0, ""
	return a.Event != "" && a == b
}

func meets(timeline []hookproof.Sent, i int) int {
	n, one := 0, timeline[i]
	for j, other := range timeline {
		if j != i && one.Event != "" && other.Event != "" && other.At < one.At+one.Latency && one.At < other.At+other.Latency {
			n++
		}
	}
	return n
}

// Gap tells what a row stands for that is more than one.
func (r row) Gap() string {
	if r.Event == "" {
		return fmt.Sprintf("%d more rows, in the JSON report", r.Alike)
	}
	return fmt.Sprintf("%d more of the same, answered alike", r.Alike)
}

// Answer is what a delivery was answered.
func (r row) Answer() string {
	switch {
	case r.Status == 0 && r.Error != "":
		return "no answer: " + r.Error
	case r.Status == 0:
		return "no answer"
	case r.Error != "":
		return strconv.Itoa(r.Status) + ": " + r.Error
	}
	return strconv.Itoa(r.Status)
}

// shortID is an event's id with its middle left out: enough to tell one event from another.
func shortID(id string) string {
	prefix, rest, found := strings.Cut(id, "_")
	if !found {
		prefix, rest = "", id
	} else {
		prefix += "_"
	}
	letters := []rune(rest)
	if len(letters) <= 10 {
		return id
	}
	return prefix + string(letters[:4]) + "…" + string(letters[len(letters)-4:])
}
