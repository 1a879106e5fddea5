package main

import "time"

// truth is what is known without asking the server's database: what was asked of the servers and what they answered, what
// Stripe did, and what the soak did by hand. The auditor compares the database with it.
type truth struct {
	Attempts []attempt
	Cancels  []cancellation
	Sessions []session
	Events   []event
	Lapsed   map[string]bool // bookings whose hold was made to lapse by hand
	Wanted   map[string]bool // bookings without a session that were made old by hand, and whose slot was wanted then
}

// attempt is one POST /bookings. Its StartsAt is nobody else's, so that it names the row that came of it.
type attempt struct {
	Name     string
	Resource string
	StartsAt time.Time
	Status   int    // 0 is no answer
	Booking  string // of a 201
	Session  string // of a 201
	Shown    string // the status that a 201 shows
	URL      bool   // a customer has been told where to pay
	Gone     bool   // the server that was asked has ended since
}

// cancellation is one POST /bookings/{id}/cancel.
type cancellation struct {
	Booking string
	Status  int
	Shown   string
}

// session is a Checkout session as Stripe knows it.
type session struct {
	ID      string
	Booking string // its client_reference_id
	Status  string // open, complete, expired
	Paid    string // unpaid, paid, no_payment_required
	Hidden  bool   // Stripe answered 500 when it was made, and will for its key: nobody can know of it
	Intent  string
	Amount  int64
	Refunds []refund
}

func (s session) refunded() (sum int64) {
	for _, r := range s.Refunds {
		sum += r.Amount
	}
	return sum
}

// refund is money that Stripe gave back.
type refund struct {
	Amount int64
	Server bool // asked for by the server; else by hand, in Stripe's dashboard
}

// event is one that Stripe made, or that was forged in its name.
type event struct {
	ID           string
	Type         string
	Booking      string // "" is one that is none of the server's business
	Session      string // of checkout.session.*
	Intent       string
	Paid         string // payment_status of checkout.session.*
	Refunded     int64  // of charge.refunded: all refunds so far
	Amount       int64
	Lost         bool // of charge.dispute.closed
	Forged       bool
	Acknowledged bool
	Refused      bool // it was answered 4xx, though it was genuine
	Body         []byte
}

// database is what the server's tables hold.
type database struct {
	Bookings []bookingRow
	Events   []eventRow
}

type bookingRow struct {
	ID, Resource    string
	StartsAt        time.Time
	EndsAt          time.Time
	Status, Dispute string
	Refunded        int64
	Session, Intent string
}

type eventRow struct {
	ID, Type, Session, Booking, Result, Reason string
	Payload                                    []byte
}
