package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// figures count what a round, or a run, was made of.
type figures struct {
	rounds       atomic.Int64
	attempts     atomic.Int64 // POST /bookings
	cancels      atomic.Int64
	bookings     atomic.Int64 // rows
	events       atomic.Int64
	deliveries   atomic.Int64
	acknowledged atomic.Int64 // deliveries
	calls        atomic.Int64 // to Stripe
	troubles     atomic.Int64 // calls that met with something
	faults       atomic.Int64
	serverEnds   atomic.Int64
	databaseEnds atomic.Int64
	freed        atomic.Int64 // bookings left alone whose slot the next who wanted it got
	unreachable  atomic.Int64 // open sessions of ended bookings that nobody could know of
	findings     [5]atomic.Int64
}

// rows are the figures with their names, as the page shows them.
func (f *figures) rows() []struct {
	name  string
	value *atomic.Int64
} {
	type row = struct {
		name  string
		value *atomic.Int64
	}
	list := []row{
		{"rounds", &f.rounds}, {"requests for a slot", &f.attempts}, {"bookings made", &f.bookings}, {"requests to cancel", &f.cancels},
		{"events", &f.events}, {"deliveries", &f.deliveries}, {"deliveries acknowledged", &f.acknowledged},
		{"calls to Stripe", &f.calls}, {"of them slow, refused, broken or without an answer", &f.troubles},
		{"faults", &f.faults}, {"of them ends of a server", &f.serverEnds}, {"of them ends of PostgreSQL", &f.databaseEnds},
		{"slots freed from a creator that was gone", &f.freed}, {"open sessions that nobody could know of", &f.unreachable},
	}
	for i, k := range kinds {
		list = append(list, row{string(k), &f.findings[i]})
	}
	return list
}

func (f *figures) add(o *figures) {
	mine := f.rows()
	for i, theirs := range o.rows() {
		mine[i].value.Add(theirs.value.Load())
	}
}

func (f *figures) count(found []finding) {
	for _, one := range found {
		f.findings[slices.Index(kinds, one.Kind)].Add(1)
	}
}

// wrong is how many findings there are.
func (f *figures) wrong() (sum int64) {
	for i := range f.findings {
		sum += f.findings[i].Load()
	}
	return sum
}

// String is one line.
func (f *figures) String() string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = fmt.Sprintf("%s %d", k, f.findings[i].Load())
	}
	return fmt.Sprintf("%d asked, %d bookings, %d cancels, %d events, %d deliveries, %d faults (%d ends of servers, %d of PostgreSQL), "+
		"%d of %d calls to Stripe in trouble, %d freed, %d unreachable | %s",
		f.attempts.Load(), f.bookings.Load(), f.cancels.Load(), f.events.Load(), f.deliveries.Load(),
		f.faults.Load(), f.serverEnds.Load(), f.databaseEnds.Load(), f.troubles.Load(), f.calls.Load(),
		f.freed.Load(), f.unreachable.Load(), strings.Join(words, ", "))
}

// The marks of the block that -page writes.
const (
	blockBegin = "<!-- go run ./e2e/soak -page writes what is between these lines -->"
	blockEnd   = "<!-- end of what it writes -->"
)

// writePage puts the figures of a run between a page's marks.
func writePage(path string, f *figures, took time.Duration) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(page), blockBegin+"\n")
	_, after, ended := strings.Cut(rest, blockEnd)
	if !found || !ended {
		return errors.New(path + " has no block between the lines\n" + blockBegin + "\n" + blockEnd)
	}
	var table strings.Builder
	fmt.Fprintf(&table, "| in %s | |\n|---|--:|\n", took.Round(time.Second))
	for _, row := range f.rows() {
		name := row.name
		if slices.Contains(kinds, kind(name)) {
			name = "**" + name + "**"
		}
		fmt.Fprintf(&table, "| %s | %d |\n", name, row.value.Load())
	}
	return os.WriteFile(path, []byte(before+blockBegin+"\n"+table.String()+blockEnd+after), 0o644)
}
