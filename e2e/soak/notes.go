package main

import (
	"maps"
	"sync"
)

// notes keep what customers asked and were answered, and what the soak did by hand.
type notes struct {
	mu       sync.Mutex
	attempts []*noted
	cancels  []*cancellation
	lapsed   map[string]bool
	wanted   map[string]bool
}

// noted is an attempt and who was asked.
type noted struct {
	attempt
	replica *replica
	ends    int // how often that server had ended before it was asked
}

func newNotes() *notes { return &notes{lapsed: map[string]bool{}, wanted: map[string]bool{}} }

// attempt is noted before it is made, so that a row that comes of it is never without one.
func (n *notes) attempt(a attempt, asked *replica) *noted {
	n.mu.Lock()
	defer n.mu.Unlock()
	made := &noted{attempt: a, replica: asked, ends: asked.ended()}
	n.attempts = append(n.attempts, made)
	return made
}

func (n *notes) answer(a *noted, status int, body bookingJSON) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a.Status = status
	if status == 201 {
		a.Booking, a.Session, a.Shown, a.URL = body.ID, body.Session, body.Status, true
	}
}

// told notes that the customer found out where to pay, though his request had no answer.
func (n *notes) told(a *noted) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a.URL = true
}

// cancelling notes a cancel, and answers how to note its answer.
func (n *notes) cancelling(booking string) func(status int, shown string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := &cancellation{Booking: booking}
	n.cancels = append(n.cancels, c)
	return func(status int, shown string) {
		n.mu.Lock()
		defer n.mu.Unlock()
		c.Status, c.Shown = status, shown
	}
}

func (n *notes) lapse(booking string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lapsed[booking] = true
}

// want notes that a booking was made old, and tells whether that is new.
func (n *notes) want(booking string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	known := n.wanted[booking]
	n.wanted[booking] = true
	return !known
}

// snapshot is the notes as the auditor reads them.
func (n *notes) snapshot() truth {
	n.mu.Lock()
	defer n.mu.Unlock()
	t := truth{Lapsed: maps.Clone(n.lapsed), Wanted: maps.Clone(n.wanted)}
	for _, a := range n.attempts {
		one := a.attempt
		one.Gone = a.replica.ended() > a.ends
		t.Attempts = append(t.Attempts, one)
	}
	for _, c := range n.cancels {
		t.Cancels = append(t.Cancels, *c)
	}
	return t
}
