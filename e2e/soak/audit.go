package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
)

// kind is one of the five words that the auditor has for what is wrong.
type kind string

const (
	lost            kind = "lost"              // less than what was acknowledged
	doubled         kind = "doubled"           // once more than it happened
	phantom         kind = "phantom"           // what nothing that happened explains
	unaudited       kind = "unaudited"         // what the auditor cannot account for
	openAfterCancel kind = "open-after-cancel" // payable though it has ended
)

var kinds = []kind{lost, doubled, phantom, unaudited, openAfterCancel}

// finding is one thing that is wrong, and the booking that it is about where there is one.
type finding struct {
	Kind    kind
	Booking string
	What    string
}

// audit compares what a database holds with what is known to be true. It shares no code with the server: what an event means
// to a booking is told here once more, as plainly as possible.
func audit(t truth, d database) []finding {
	a := &auditor{truth: t, database: d, rows: map[string]bookingRow{}, attempts: map[string]attempt{},
		sessions: map[string][]session{}, events: map[string]event{}}
	for _, row := range d.Bookings {
		a.rows[row.ID] = row
	}
	for _, t := range t.Attempts {
		a.attempts[slotKey(t.Resource, t.StartsAt)] = t
	}
	for _, s := range t.Sessions {
		a.sessions[s.Booking] = append(a.sessions[s.Booking], s)
	}
	for _, e := range t.Events {
		a.events[e.ID] = e
	}
	a.auditBookings()
	a.auditSlots()
	a.auditAnswers()
	a.auditSessions()
	a.auditRecords()
	a.auditDeliveries()
	return a.found
}

type auditor struct {
	truth
	database
	rows     map[string]bookingRow
	attempts map[string]attempt
	sessions map[string][]session
	events   map[string]event
	found    []finding
}

func (a *auditor) find(k kind, booking, format string, args ...any) {
	a.found = append(a.found, finding{k, booking, fmt.Sprintf(format, args...)})
}

func slotKey(resource string, startsAt time.Time) string {
	return fmt.Sprint(resource, " ", startsAt.UnixMicro())
}

var (
	statuses = []string{"PENDING", "AWAITING_PAYMENT", "EXPIRED", "PAYMENT_FAILED", "CANCELLED", "CONFIRMED", "REFUNDED"}
	disputes = []string{"none", "open", "won", "lost"}
)

func rank(words []string, word string) int { return slices.Index(words, word) }

func later(words []string, a, b string) string {
	if rank(words, b) > rank(words, a) {
		return b
	}
	return a
}

func isLive(status string) bool {
	return status == "PENDING" || status == "AWAITING_PAYMENT" || status == "CONFIRMED"
}

// state is what a booking's acknowledged events make of it.
type state struct {
	status, dispute string
	refunded        int64
}

func (s state) join(e event) state {
	switch e.Type {
	case "checkout.session.completed":
		if e.Paid == "unpaid" {
			s.status = later(statuses, s.status, "AWAITING_PAYMENT")
		} else {
			s.status = later(statuses, s.status, "CONFIRMED")
		}
	case "checkout.session.async_payment_succeeded":
		s.status = later(statuses, s.status, "CONFIRMED")
	case "checkout.session.async_payment_failed":
		s.status = later(statuses, s.status, "PAYMENT_FAILED")
	case "checkout.session.expired":
		s.status = later(statuses, s.status, "EXPIRED")
	case "charge.refunded":
		s.refunded = max(s.refunded, e.Refunded)
		if e.Refunded == e.Amount {
			s.status = later(statuses, s.status, "REFUNDED")
		}
	case "charge.dispute.created":
		s.dispute = later(disputes, s.dispute, "open")
	case "charge.dispute.closed":
		if e.Lost {
			s.dispute = later(disputes, s.dispute, "lost")
		} else {
			s.dispute = later(disputes, s.dispute, "won")
		}
	}
	return s
}

// auditBookings holds each row against the request that it came of and the events about it.
func (a *auditor) auditBookings() {
	claimed := map[string]string{}
	for _, row := range a.Bookings {
		key := slotKey(row.Resource, row.StartsAt)
		asked, known := a.attempts[key]
		switch other := claimed[key]; {
		case !known:
			a.find(unaudited, row.ID, "nobody asked for this booking")
			continue
		case other != "":
			a.find(doubled, row.ID, "%s made two bookings, this and %s", asked.Name, other)
		}
		claimed[key] = row.ID
		a.auditState(row, asked)
		a.auditHold(row, asked)
		a.auditOpen(row, asked)
	}
}

// auditState: the row is the join of its events and of what else can have ended it, and nothing else.
func (a *auditor) auditState(row bookingRow, asked attempt) {
	if rank(statuses, row.Status) < 0 || rank(disputes, row.Dispute) < 0 {
		a.find(unaudited, row.ID, "the auditor does not know the status %s or the dispute %s", row.Status, row.Dispute)
		return
	}
	want := state{status: "PENDING", dispute: "none"}
	for _, e := range a.truth.Events {
		if e.Booking == row.ID && e.Acknowledged {
			want = want.join(e)
		}
	}
	least, allowed := want.status, []string{want.status}
	for _, c := range a.Cancels {
		switch {
		case c.Booking != row.ID:
		case c.Status == 200 && c.Shown == "CANCELLED":
			least = later(statuses, least, "CANCELLED")
			fallthrough
		case c.Status == 0 || c.Status >= 500:
			allowed = append(allowed, later(statuses, want.status, "CANCELLED"))
		}
	}
	if asked.Status != 201 {
		allowed = append(allowed, later(statuses, want.status, "CANCELLED"))
	}
	if a.Lapsed[row.ID] || a.Wanted[row.ID] {
		allowed = append(allowed, later(statuses, want.status, "EXPIRED"), later(statuses, want.status, "CANCELLED"))
	}
	switch {
	case rank(statuses, row.Status) < rank(statuses, least):
		a.find(lost, row.ID, "it is %s, but what was acknowledged makes it %s", row.Status, least)
	case !slices.Contains(allowed, row.Status):
		a.find(phantom, row.ID, "it is %s, but what happened makes it one of: %s", row.Status, strings.Join(allowed, ", "))
	}
	switch have, due := rank(disputes, row.Dispute), rank(disputes, want.dispute); {
	case have < due:
		a.find(lost, row.ID, "its dispute is %s, but what was acknowledged makes it %s", row.Dispute, want.dispute)
	case have > due:
		a.find(phantom, row.ID, "its dispute is %s, but Stripe's events make it %s", row.Dispute, want.dispute)
	}
	switch {
	case row.Refunded < want.refunded:
		a.find(lost, row.ID, "%d are refunded, but what was acknowledged makes it %d", row.Refunded, want.refunded)
	case row.Refunded > want.refunded:
		a.find(phantom, row.ID, "%d are refunded, but Stripe's events make it %d", row.Refunded, want.refunded)
	}
}

// auditHold: nobody holds a slot who was told that he does not, and whoever holds one has what he was told.
func (a *auditor) auditHold(row bookingRow, asked attempt) {
	switch {
	case asked.Status == 201 && asked.Booking != row.ID:
		a.find(phantom, row.ID, "%s was told of another booking, %s", asked.Name, asked.Booking)
	case asked.Status == 201 && asked.Session != row.Session:
		a.find(phantom, row.ID, "%s was told of the session %q, the row has %q", asked.Name, asked.Session, row.Session)
	case asked.Gone && (row.Session != "" || hidden(a.sessions[row.ID])):
		// What a server that has ended could not undo ends with its session, whose end Stripe tells.
	case asked.Status >= 400 && isLive(row.Status):
		a.find(phantom, row.ID, "%s was answered %d, but the slot is held for him: %s", asked.Name, asked.Status, row.Status)
	case row.Status == "PENDING" && row.Session == "" && a.Wanted[row.ID]:
		a.find(phantom, row.ID, "its creator is gone and it is old, but it still keeps the slot from those who want it")
	}
}

// hidden tells whether a booking has an open session that Stripe made while it answered 500, and of which it tells nobody.
func hidden(sessions []session) bool {
	return slices.ContainsFunc(sessions, func(s session) bool { return s.Hidden && s.Status == "open" })
}

// auditOpen: what has ended cannot be paid, and was not.
func (a *auditor) auditOpen(row bookingRow, asked attempt) {
	if isLive(row.Status) || row.Status == "REFUNDED" {
		return
	}
	for _, s := range a.sessions[row.ID] {
		// Of a session whose URL no customer was ever told, and whose maker cannot know of it, nobody can pay; it ends by itself.
		unreachable := asked.Status != 201 && !asked.URL && (s.Hidden || asked.Gone)
		switch {
		case s.Status == "open" && !unreachable:
			a.find(openAfterCancel, row.ID, "it is %s, but its session %s is open", row.Status, s.ID)
		case s.Status == "complete" && row.Status != "PAYMENT_FAILED":
			a.find(openAfterCancel, row.ID, "it is %s, but its session %s was completed (%s)", row.Status, s.ID, s.Paid)
		}
	}
}

// auditSlots: two live bookings of one resource never overlap.
func (a *auditor) auditSlots() {
	holders := map[string][]bookingRow{}
	for _, row := range a.Bookings {
		if !isLive(row.Status) {
			continue
		}
		for _, other := range holders[row.Resource] {
			if row.StartsAt.Before(other.EndsAt) && other.StartsAt.Before(row.EndsAt) {
				a.find(doubled, row.ID, "it and %s hold the same slot", other.ID)
			}
		}
		holders[row.Resource] = append(holders[row.Resource], row)
	}
}

// sameBytes tells whether a record holds the event as it was sent.
func sameBytes(row eventRow, e event) bool { return bytes.Equal(row.Payload, e.Body) }
