package main

// auditAnswers: what was answered with success happened, and what did not happen was not.
func (a *auditor) auditAnswers() {
	for _, t := range a.Attempts {
		if t.Status != 201 {
			continue
		}
		if _, kept := a.rows[t.Booking]; !kept {
			a.find(lost, t.Booking, "%s was answered 201, but there is no such booking", t.Name)
		}
		if !isLive(t.Shown) {
			a.find(phantom, t.Booking, "%s was answered 201 with a booking that is %s", t.Name, t.Shown)
		}
	}
	for _, c := range a.Cancels {
		if c.Status == 200 && c.Shown != "CANCELLED" {
			a.find(phantom, c.Booking, "a cancel was answered 200 with a booking that is %s", c.Shown)
		}
		for _, s := range a.sessions[c.Booking] {
			row := a.rows[c.Booking]
			if c.Status == 200 && s.Status == "complete" && (row.Status == "CONFIRMED" || row.Status == "REFUNDED") {
				a.find(openAfterCancel, c.Booking, "a cancel was answered 200, but its session %s was completed (%s)", s.ID, s.Paid)
			}
			if c.Status == 202 && s.Status == "complete" && s.refunded() != s.Amount {
				a.find(lost, c.Booking, "a cancel was answered 202, but Stripe gave back %d of %d", s.refunded(), s.Amount)
			}
		}
	}
}

// auditSessions: each session is one booking's, each booking has one, and money goes back once.
func (a *auditor) auditSessions() {
	usable := map[string]string{}
	for _, s := range a.Sessions {
		row, known := a.rows[s.Booking]
		if !known {
			a.find(unaudited, s.Booking, "the session %s is for a booking that is not there", s.ID)
			continue
		}
		if s.Status != "expired" {
			if other := usable[s.Booking]; other != "" {
				a.find(doubled, s.Booking, "it has two sessions, %s and %s", other, s.ID)
			}
			usable[s.Booking] = s.ID
		}
		byServer := 0
		for _, r := range s.Refunds {
			if r.Server {
				byServer++
			}
		}
		if byServer > 1 {
			a.find(doubled, s.Booking, "the server refunded %d times", byServer)
		}
		if byServer > 0 && !a.refundAskedFor(s.Booking) {
			a.find(phantom, s.Booking, "the server refunded it, and nobody asked")
		}
		if row.Session == s.ID && row.Intent != "" && row.Intent != s.Intent {
			a.find(phantom, s.Booking, "its payment intent is %s, at Stripe it is %q", row.Intent, s.Intent)
		}
	}
	for _, row := range a.Bookings {
		if row.Session == "" {
			continue
		}
		ours := false
		for _, s := range a.sessions[row.ID] {
			ours = ours || s.ID == row.Session
		}
		if !ours {
			a.find(phantom, row.ID, "Stripe knows no session %s of this booking", row.Session)
		}
	}
}

// refundAskedFor tells whether a cancel may have led to a refund: it was accepted, or its outcome was not told.
func (a *auditor) refundAskedFor(booking string) bool {
	for _, c := range a.Cancels {
		if c.Booking == booking && (c.Status == 202 || c.Status == 0 || c.Status >= 500) {
			return true
		}
	}
	return false
}

// auditRecords: the table of events holds what Stripe sent, once, and nothing else.
func (a *auditor) auditRecords() {
	ids, facts := map[string]bool{}, map[string]string{}
	for _, row := range a.database.Events {
		e, known := a.events[row.ID]
		switch {
		case ids[row.ID]:
			a.find(doubled, row.Booking, "the event %s is recorded twice", row.ID)
		case !known:
			a.find(phantom, row.Booking, "the event %s is recorded, and Stripe never sent it", row.ID)
		case e.Forged:
			a.find(phantom, row.Booking, "the event %s is recorded, and it was forged", row.ID)
		case !sameBytes(row, e):
			a.find(phantom, row.Booking, "the event %s is recorded with other bytes than Stripe's", row.ID)
		case e.Booking == "" && row.Result != "ignored":
			a.find(phantom, row.Booking, "the event %s is none of ours, but is recorded as %s (%s)", row.ID, row.Result, row.Reason)
		case e.Booking != "" && e.Acknowledged && row.Result != "processed":
			a.find(lost, e.Booking, "the event %s was acknowledged, but is recorded as %s (%s)", row.ID, row.Result, row.Reason)
		}
		ids[row.ID] = true
		if fact := row.Session + " " + row.Type; row.Session != "" && row.Result == "processed" {
			if other := facts[fact]; other != "" && other != row.ID {
				a.find(doubled, row.Booking, "the events %s and %s tell of the same fact, and both were applied", other, row.ID)
			}
			facts[fact] = row.ID
		}
	}
	for _, e := range a.truth.Events {
		if !e.Acknowledged || ids[e.ID] || e.Forged {
			continue
		}
		if e.Session == "" || facts[e.Session+" "+e.Type] == "" {
			a.find(lost, e.Booking, "the event %s (%s) was acknowledged and is not recorded", e.ID, e.Type)
		}
	}
}

// auditDeliveries: Stripe's own events have all been taken by now, a forgery never.
func (a *auditor) auditDeliveries() {
	for _, e := range a.truth.Events {
		switch {
		case e.Forged && e.Acknowledged:
			a.find(phantom, e.Booking, "the forged event %s was acknowledged", e.ID)
		case e.Refused:
			a.find(unaudited, e.Booking, "the event %s (%s) was refused, though it was genuine", e.ID, e.Type)
		case !e.Forged && !e.Acknowledged:
			a.find(unaudited, e.Booking, "the event %s (%s) was never acknowledged", e.ID, e.Type)
		}
	}
}
