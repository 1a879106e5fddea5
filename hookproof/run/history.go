package run

import (
	"slices"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// History is what was seen while a case was executed on one subject. It holds no verdict.
type History struct {
	Schedule   string        // as it was delivered
	Subject    event.Subject // "" names are ours
	Deliveries []target.Delivery
	Between    []target.Delivery // what was done between deliveries: only SentAt and Fault are set
	Overlap    int               // how many copies were in flight at once
	Withheld   *result.NotJudged // why this proves nothing; nil where it may

	// Unacknowledged are events that were never acknowledged, however often they were redelivered.
	Unacknowledged []string
	Ended          bool        // the target's process ended by what was sent
	End            *processEnd // what was seen of that
	Unseen         bool        // no effect of this target's can be seen
	Overdue        bool        // an answer was not given in time while the database was bad
	Faulty         bool        // the target or its database was made to fail
	Lost           string      // how it was seen that a restart has lost the state; ""
	Forgetful      bool        // a start loses all that the target knew
	Before         normalized  // a restart, the state; nil where there was none

	State      normalized            // as read; nil before that
	timed      normalized            // State with its times
	References map[string]normalized // the states of the schedules that State is compared with
	Moved      *result.Counters      // how the target's counters moved
	Unlearnt   *result.NotJudged     // why the view of the states could not be learnt; nil if it could
	PerObject  []string              // places at which any two subjects differ

	steps     check.Schedule
	answers   [][]int // the deliveries of each step
	events    map[string]event.Event
	pending   []string // events not yet acknowledged
	message   int      // at which a fault strikes next
	messages  int      // the last one at which it shall
	recovers  bool     // a fault has struck its last step
	struck    int      // how often it did
	starts    int64    // of the target by us, when it began
	endStarts int64    // the same, when all was delivered
	ends      int64    // of its process, when it began
}

// acknowledged reports whether an event was taken: of one that fails when it comes again nothing is lost.
func (h *History) acknowledged(name string) bool {
	return slices.ContainsFunc(h.Deliveries, func(d target.Delivery) bool { return d.Acknowledged() && d.EventID == h.events[name].ID })
}

// sent reports whether an event was delivered, however it was answered.
func (h *History) sent(event string) bool {
	return slices.ContainsFunc(h.Deliveries, func(d target.Delivery) bool { return d.EventID == event })
}

// genuineBefore are the events before a step that must have their effect.
func (h *History) genuineBefore(step int) []string {
	var names []string
	for _, s := range h.steps[:step] {
		if s.Genuine() && !slices.Contains(names, s.Event) {
			names = append(names, s.Event)
		}
	}
	return names
}

// last is the last delivery.
func (h *History) last() *target.Delivery { return &h.Deliveries[len(h.Deliveries)-1] }

// suffered records what went wrong during the last delivery.
func (h *History) suffered(what string) { h.last().Fault = what }

// silent reports whether a delivery was not answered.
func (h *History) silent() bool {
	return slices.ContainsFunc(h.Deliveries, func(d target.Delivery) bool { return d.Status == 0 })
}

// refusedConnection reports whether nothing listened when a delivery was made.
func (h *History) refusedConnection() bool {
	return slices.ContainsFunc(h.Deliveries, nobodyListens)
}

// overlap is the largest number of deliveries that were in flight at the same time.
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
