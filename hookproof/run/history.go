package run

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/stripeapi"
	"example.com/hookproof/hookproof/target"
)

// History is what was seen while a case was executed on one subject. It holds no verdict.
type History struct {
	Schedule   string        // as it was delivered
	Subject    event.Subject // names with "" were invented by hookproof
	Deliveries []target.Delivery
	Between    []target.Delivery // what was done between deliveries: only SentAt, and Fault or Done, are set
	Overlap    int               // most copies in flight at once
	Withheld   *result.NotJudged // why this proves nothing; nil if it may prove something

	// Unacknowledged are events that were never acknowledged, however often they were redelivered.
	Unacknowledged []string
	Ended          bool        // the target's process ended by what was sent
	End            *processEnd // what was seen of that end
	Unseen         string      // why no effect on this target's state can be seen; ""
	Overdue        bool        // an answer was late while the database was bad
	Faulty         bool        // the target or its database was made to fail
	Lost           string      // how a restart was seen to have lost the state; ""
	Forgetful      bool        // a start loses all that the target knew
	Before         normalized  // the state before a restart; nil if there was none

	State      normalized            // as read; nil before that
	timed      normalized            // State with its times
	References map[string]normalized // the states of the schedules that State is compared with, by schedule
	Moved      *result.Counters      // how the target's counters moved
	Unlearnt   *result.NotJudged     // why the view of the states could not be learnt; nil if it was
	PerObject  []string              // places at which any two subjects differ

	born      time.Time // when its story began
	steps     check.Schedule
	answers   [][]int // indexes of each step's deliveries
	events    map[string]event.Event
	pending   []string // events not yet acknowledged
	message   int      // the message at which a fault strikes next
	messages  int      // the last message at which it strikes
	recovers  bool     // a fault struck during the last step
	struck    int      // how often it struck
	starts    int64    // our starts of the target, when the history began
	endStarts int64    // our starts of the target, when all was delivered
	ends      int64    // ends of its process, when the history began

	names       func() *strings.Replacer // idNames of the subject, made once
	story       *stripeapi.Story         // as Stripe's API has it; nil without one
	requests    []stripeapi.Request      // what the target asked the API about the story
	askedBefore int                      // how many requests had come to the API before the story
	askedAfter  int                      // and when all was delivered
}

// acknowledged reports whether an event was acknowledged at least once. If it fails when it comes again, nothing is lost.
func (h *History) acknowledged(name string) bool {
	return slices.ContainsFunc(h.Deliveries, func(d target.Delivery) bool { return d.Acknowledged() && d.EventID == h.events[name].ID })
}

// sent reports whether an event was delivered, whatever the answer.
func (h *History) sent(event string) bool {
	return slices.ContainsFunc(h.Deliveries, func(d target.Delivery) bool { return d.EventID == event })
}

// genuineBefore returns the events before a step that must have their effect.
func (h *History) genuineBefore(step int) []string {
	var names []string
	for _, s := range h.steps[:step] {
		if s.Genuine() && !slices.Contains(names, s.Event) {
			names = append(names, s.Event)
		}
	}
	return names
}

// last returns the last delivery.
func (h *History) last() *target.Delivery { return &h.Deliveries[len(h.Deliveries)-1] }

// recordMade records that the subject's object was made just now.
func (h *History) recordMade() {
	h.Between = append(h.Between, target.Delivery{SentAt: time.Now(), Done: "the object was made"})
}

// recordFault records what went wrong during the last delivery.
func (h *History) recordFault(what string) { h.last().Fault = what }

// silent reports whether any delivery had no answer.
func (h *History) silent() bool {
	return slices.ContainsFunc(h.Deliveries, func(d target.Delivery) bool { return d.Status == 0 })
}

// refusedConnection reports whether any delivery was refused its connection.
func (h *History) refusedConnection() bool {
	return slices.ContainsFunc(h.Deliveries, nobodyListens)
}

// wasCut reports whether the connection of any delivery was closed before the answer.
func (h *History) wasCut() bool {
	return slices.ContainsFunc(h.Deliveries, func(d target.Delivery) bool {
		return d.Status == 0 && !nobodyListens(d) && !errors.Is(d.Err, context.DeadlineExceeded)
	})
}

// overlap returns the largest number of deliveries that were in flight at once.
func overlap(deliveries []target.Delivery) int {
	most := 0
	for _, d := range deliveries {
		n := 0
		for _, other := range deliveries {
			if !other.SentAt.After(d.SentAt) && other.SentAt.Add(other.Latency).After(d.SentAt) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}
