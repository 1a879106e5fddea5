package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// story is a round in which everything that can happen to a booking happened, and all of it right. Each row of the tests below
// has one fault.
func story() (truth, database) {
	at := func(n int) time.Time {
		return time.Date(2030, 1, 1, 9+n, 0, 0, 0, time.UTC)
	}
	t := truth{Lapsed: map[string]bool{"lapsed": true}, Wanted: map[string]bool{"alone": true}}
	d := database{}
	add := func(n int, id, status string, asked attempt, sessions ...session) {
		asked.Name, asked.Resource, asked.StartsAt = "asked for "+id, "sauna", at(n)
		row := bookingRow{ID: id, Resource: "sauna", StartsAt: at(n), EndsAt: at(n + 1), Status: status, Dispute: "none"}
		for _, s := range sessions {
			s.ID, s.Booking, s.Amount = "cs_"+id, id, 4500
			row.Session, row.Intent = s.ID, s.Intent
			t.Sessions = append(t.Sessions, s)
		}
		if asked.Status == 201 {
			asked.Booking, asked.Session, asked.URL = id, row.Session, true
		}
		t.Attempts, d.Bookings = append(t.Attempts, asked), append(d.Bookings, row)
	}
	told := attempt{Status: 201, Shown: "PENDING"}
	add(0, "open", "PENDING", told, session{Status: "open", Paid: "unpaid"})
	add(1, "paid", "CONFIRMED", told, session{Status: "complete", Paid: "paid", Intent: "pi_paid"})
	add(2, "refunded", "REFUNDED", told, session{Status: "complete", Paid: "paid", Intent: "pi_refunded", Refunds: []refund{{1000, false}, {3500, true}}})
	add(3, "cancelled", "CANCELLED", told, session{Status: "expired", Paid: "unpaid"})
	add(3, "lapsed", "EXPIRED", told, session{Status: "expired", Paid: "unpaid"})
	t.Attempts[4].StartsAt = at(3).Add(time.Millisecond)
	d.Bookings[4].StartsAt = at(3).Add(time.Millisecond)
	add(4, "failed", "PAYMENT_FAILED", told, session{Status: "complete", Paid: "unpaid", Intent: "pi_failed"})
	add(5, "refused", "CANCELLED", attempt{Status: 502}, session{Status: "expired", Paid: "unpaid"})
	add(6, "alone", "EXPIRED", attempt{Gone: true})
	add(7, "silent", "PENDING", attempt{}, session{Status: "open", Paid: "unpaid"})
	t.Attempts = append(t.Attempts, attempt{Name: "too late", Resource: "sauna", StartsAt: at(1).Add(time.Millisecond), Status: 409})
	t.Cancels = []cancellation{{"cancelled", 200, "CANCELLED"}, {"cancelled", 409, ""}, {"refunded", 202, "CONFIRMED"}}

	for _, e := range []event{
		{ID: "evt_1", Type: "checkout.session.completed", Booking: "paid", Session: "cs_paid", Intent: "pi_paid", Paid: "paid"},
		{ID: "evt_2", Type: "charge.dispute.created", Booking: "paid", Intent: "pi_paid"},
		{ID: "evt_3", Type: "charge.dispute.closed", Booking: "paid", Intent: "pi_paid"},
		{ID: "evt_4", Type: "charge.refunded", Booking: "paid", Intent: "pi_paid", Refunded: 1000, Amount: 4500},
		{ID: "evt_5", Type: "checkout.session.completed", Booking: "refunded", Session: "cs_refunded", Intent: "pi_refunded", Paid: "paid"},
		{ID: "evt_6", Type: "charge.refunded", Booking: "refunded", Intent: "pi_refunded", Refunded: 1000, Amount: 4500},
		{ID: "evt_7", Type: "charge.refunded", Booking: "refunded", Intent: "pi_refunded", Refunded: 4500, Amount: 4500},
		{ID: "evt_8", Type: "checkout.session.expired", Booking: "cancelled", Session: "cs_cancelled"},
		{ID: "evt_9", Type: "checkout.session.expired", Booking: "lapsed", Session: "cs_lapsed"},
		{ID: "evt_10", Type: "checkout.session.completed", Booking: "failed", Session: "cs_failed", Intent: "pi_failed", Paid: "unpaid"},
		{ID: "evt_11", Type: "checkout.session.async_payment_failed", Booking: "failed", Session: "cs_failed", Intent: "pi_failed"},
		{ID: "evt_12", Type: "payment_intent.created"},
		{ID: "evt_13", Type: "charge.refunded", Booking: "open", Refunded: 4500, Amount: 4500, Forged: true},
		{ID: "evt_14", Type: "checkout.session.expired", Booking: "refused", Session: "cs_refused"},
		{ID: "evt_15", Type: "checkout.session.completed", Booking: "paid", Session: "cs_paid", Intent: "pi_paid", Paid: "paid"}, // evt_1's fact again
	} {
		e.Acknowledged, e.Body = !e.Forged, []byte(e.ID)
		t.Events = append(t.Events, e)
		if e.Forged || e.ID == "evt_15" {
			continue
		}
		result := "processed"
		if e.Booking == "" {
			result = "ignored"
		}
		d.Events = append(d.Events, eventRow{ID: e.ID, Type: e.Type, Session: e.Session, Booking: e.Booking, Result: result, Payload: e.Body})
	}
	booking(&d, "paid").Dispute, booking(&d, "paid").Refunded = "won", 1000
	booking(&d, "refunded").Refunded = 4500
	return t, d
}

func booking(d *database, id string) *bookingRow {
	for i := range d.Bookings {
		if d.Bookings[i].ID == id {
			return &d.Bookings[i]
		}
	}
	panic(id)
}

func asked(t *truth, id string) *attempt {
	for i := range t.Attempts {
		if t.Attempts[i].Name == "asked for "+id {
			return &t.Attempts[i]
		}
	}
	panic(id)
}

func sessionOf(t *truth, id string) *session {
	for i := range t.Sessions {
		if t.Sessions[i].Booking == id {
			return &t.Sessions[i]
		}
	}
	panic(id)
}

func record(d *database, id string) *eventRow {
	for i := range d.Events {
		if d.Events[i].ID == id {
			return &d.Events[i]
		}
	}
	panic(id)
}

func forget(d *database, id string) {
	for i := range d.Events {
		if d.Events[i].ID == id {
			d.Events = append(d.Events[:i], d.Events[i+1:]...)
			return
		}
	}
	panic(id)
}

func TestAuditOfARightStory(t *testing.T) {
	t.Parallel()
	require.Empty(t, audit(story()))
}

func TestAuditSeesEachFault(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fault func(*truth, *database)
		want  kind
		about string
	}{
		"an acknowledged event is not recorded":         {func(_ *truth, d *database) { forget(d, "evt_2") }, lost, "paid"},
		"an acknowledged event did nothing":             {func(_ *truth, d *database) { booking(d, "paid").Status = "PENDING" }, lost, "paid"},
		"an acknowledged event is kept for review":      {func(_ *truth, d *database) { record(d, "evt_6").Result = "review" }, lost, "refunded"},
		"an acknowledged event is parked for good":      {func(_ *truth, d *database) { record(d, "evt_2").Result = "ignored" }, lost, "paid"},
		"an acknowledged refund is not told of":         {func(_ *truth, d *database) { booking(d, "refunded").Refunded = 1000 }, lost, "refunded"},
		"an acknowledged dispute is forgotten":          {func(_ *truth, d *database) { booking(d, "paid").Dispute = "open" }, lost, "paid"},
		"an acknowledged cancel did nothing":            {func(_ *truth, d *database) { booking(d, "cancelled").Status = "EXPIRED" }, lost, "cancelled"},
		"an acknowledged booking is gone":               {func(_ *truth, d *database) { d.Bookings = d.Bookings[1:] }, lost, "open"},
		"an acknowledged refund was never asked for":    {func(t *truth, _ *database) { sessionOf(t, "refunded").Refunds = nil }, lost, "refunded"},
		"an event is recorded twice":                    {func(_ *truth, d *database) { d.Events = append(d.Events, d.Events[0]) }, doubled, "paid"},
		"a fact is applied under two ids":               {func(_ *truth, d *database) { twin(d) }, doubled, "paid"},
		"a booking was refunded twice by the server":    {func(t *truth, _ *database) { s := sessionOf(t, "refunded"); s.Refunds[0].Server = true }, doubled, "refunded"},
		"two live bookings overlap":                     {func(_ *truth, d *database) { booking(d, "open").EndsAt = booking(d, "paid").EndsAt }, doubled, "paid"},
		"a booking has two open sessions":               {func(t *truth, _ *database) { second(t) }, doubled, "open"},
		"one request made two bookings":                 {func(_ *truth, d *database) { copyRow(d) }, doubled, "copy"},
		"a status that nothing explains":                {func(_ *truth, d *database) { booking(d, "silent").Status = "EXPIRED" }, phantom, "silent"},
		"a confirmed booking that nobody paid":          {func(_ *truth, d *database) { booking(d, "open").Status = "CONFIRMED" }, phantom, "open"},
		"more refunded than Stripe gave back":           {func(_ *truth, d *database) { booking(d, "paid").Refunded = 5500 }, phantom, "paid"},
		"a dispute that nobody opened":                  {func(_ *truth, d *database) { booking(d, "open").Dispute = "open" }, phantom, "open"},
		"an event that Stripe never sent is recorded":   {func(_ *truth, d *database) { record(d, "evt_1").ID = "evt_99" }, phantom, "paid"},
		"an event is recorded with other bytes":         {func(_ *truth, d *database) { record(d, "evt_1").Payload = []byte("x") }, phantom, "paid"},
		"a stranger's event is taken for ours":          {func(_ *truth, d *database) { record(d, "evt_12").Result = "processed" }, phantom, ""},
		"a forged event is recorded":                    {func(t *truth, d *database) { forge(d) }, phantom, "open"},
		"a forged event is acknowledged":                {func(t *truth, _ *database) { t.Events[12].Acknowledged = true }, phantom, "open"},
		"a slot is held for who was answered 503":       {func(t *truth, _ *database) { asked(t, "silent").Status = 503 }, phantom, "silent"},
		"a slot is held for who was answered 409":       {func(t *truth, _ *database) { asked(t, "silent").Status = 409 }, phantom, "silent"},
		"201 with a booking that has ended":             {func(t *truth, _ *database) { asked(t, "cancelled").Shown = "CANCELLED" }, phantom, "cancelled"},
		"201 with another's booking":                    {func(t *truth, _ *database) { asked(t, "open").Booking = "paid" }, phantom, "open"},
		"201 with another session":                      {func(t *truth, _ *database) { asked(t, "open").Session = "cs_other" }, phantom, "open"},
		"a session that Stripe does not know":           {func(_ *truth, d *database) { booking(d, "silent").Session = "cs_other" }, phantom, "silent"},
		"another's payment intent":                      {func(_ *truth, d *database) { booking(d, "paid").Intent = "pi_other" }, phantom, "paid"},
		"a refund that nobody asked for":                {func(t *truth, _ *database) { t.Cancels = t.Cancels[:2] }, phantom, "refunded"},
		"a dead creator's row keeps its slot for ever":  {func(_ *truth, d *database) { booking(d, "alone").Status = "PENDING" }, phantom, "alone"},
		"a booking that nobody asked for":               {func(t *truth, _ *database) { t.Attempts = t.Attempts[1:] }, unaudited, "open"},
		"a session without a booking":                   {func(t *truth, _ *database) { t.Sessions = append(t.Sessions, session{ID: "cs_x", Booking: "x"}) }, unaudited, "x"},
		"a status that the auditor does not know":       {func(_ *truth, d *database) { booking(d, "open").Status = "LIMBO" }, unaudited, "open"},
		"an event that is never acknowledged":           {func(t *truth, d *database) { t.Events[1].Acknowledged = false; booking(d, "paid").Dispute = "won" }, unaudited, "paid"},
		"a dead maker's row keeps its slot for ever":    {func(t *truth, d *database) { veiled(t, d); sessionOf(t, "silent").Hidden = false }, phantom, "silent"},
		"a genuine event is refused":                    {func(t *truth, _ *database) { t.Events[1].Refused = true }, unaudited, "paid"},
		"cancelled, and its session is open":            {func(t *truth, _ *database) { sessionOf(t, "cancelled").Status = "open" }, openAfterCancel, "cancelled"},
		"lapsed, and its session is open":               {func(t *truth, _ *database) { sessionOf(t, "lapsed").Status = "open" }, openAfterCancel, "lapsed"},
		"refused, and its session is open":              {func(t *truth, _ *database) { sessionOf(t, "refused").Status = "open" }, openAfterCancel, "refused"},
		"payment failed, and its session is open":       {func(t *truth, _ *database) { sessionOf(t, "failed").Status = "open" }, openAfterCancel, "failed"},
		"lapsed, and its transfer is on the way":        {func(t *truth, _ *database) { sessionOf(t, "lapsed").Status = "complete" }, openAfterCancel, "lapsed"},
		"a cancel was answered 200, and it was paid":    {func(t *truth, _ *database) { t.Cancels = append(t.Cancels, cancellation{"paid", 200, "CANCELLED"}) }, openAfterCancel, "paid"},
		"nobody was told its URL, but its maker lives":  {func(t *truth, d *database) { unreachable(t, d, false) }, openAfterCancel, "refused"},
		"its maker is gone, but a customer has the URL": {func(t *truth, d *database) { unreachable(t, d, true); asked(t, "refused").URL = true }, openAfterCancel, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			known, tables := story()
			row.fault(&known, &tables)
			found := audit(known, tables)
			var said []string
			for _, f := range found {
				said = append(said, string(f.Kind)+" "+f.Booking)
			}
			require.Contains(t, said, string(row.want)+" "+row.about, "%v", found)
		})
	}
}

// What is within what was promised is no finding.
func TestAuditAllows(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*truth, *database){
		"a session of which its dead maker told nobody":      func(t *truth, d *database) { unreachable(t, d, true) },
		"a session that Stripe made while it answered 500":   func(t *truth, d *database) { unreachable(t, d, false); sessionOf(t, "refused").Hidden = true },
		"a cancel without an answer that was done":           func(t *truth, d *database) { ended(t, d, cancellation{"silent", 0, ""}) },
		"a cancel that was answered 503 and done":            func(t *truth, d *database) { ended(t, d, cancellation{"silent", 503, ""}) },
		"a hold with a session whose refused maker died":     func(t *truth, _ *database) { asked(t, "silent").Status, asked(t, "silent").Gone = 503, true },
		"a slot of a dead maker whose session Stripe hides":  func(t *truth, d *database) { veiled(t, d) },
		"a duplicate fact that was recorded by its other id": func(t *truth, d *database) { forget(d, "evt_1"); twin(d) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			known, tables := story()
			change(&known, &tables)
			require.Empty(t, audit(known, tables))
		})
	}
}

// twin records evt_15, which tells of evt_1's fact.
func twin(d *database) {
	d.Events = append(d.Events, eventRow{ID: "evt_15", Type: "checkout.session.completed", Session: "cs_paid", Booking: "paid", Result: "processed", Payload: []byte("evt_15")})
}

func forge(d *database) {
	d.Events = append(d.Events, eventRow{ID: "evt_13", Type: "charge.refunded", Booking: "open", Result: "processed", Payload: []byte("evt_13")})
}

func second(t *truth) {
	t.Sessions = append(t.Sessions, session{ID: "cs_second", Booking: "open", Status: "open", Amount: 4500})
}

func copyRow(d *database) {
	row := *booking(d, "cancelled")
	row.ID = "copy"
	d.Bookings = append(d.Bookings, row)
}

// unreachable leaves a refused customer's session open; its maker may be gone.
func unreachable(t *truth, d *database, gone bool) {
	forget(d, "evt_14")
	sessionOf(t, "refused").Status = "open"
	asked(t, "refused").Gone = gone
	t.Events = append(t.Events[:13], t.Events[14:]...) // it did not expire
}

func ended(t *truth, d *database, c cancellation) {
	t.Cancels = append(t.Cancels, c)
	booking(d, "silent").Status = "CANCELLED"
	sessionOf(t, "silent").Status = "expired"
}

// veiled has a maker die to whom Stripe answered 500 while it made the session.
func veiled(t *truth, d *database) {
	booking(d, "silent").Session = ""
	sessionOf(t, "silent").Hidden, asked(t, "silent").Gone, t.Wanted["silent"] = true, true, true
}
