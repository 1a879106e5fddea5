package main

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// stripe stands in for Stripe: it remembers sessions, payments, refunds and Idempotency-Keys, and makes the events that tell
// of them. What it holds is the truth that the auditor compares the server's database with.
type stripe struct {
	seed    uint64
	emit    func(*event) // called with every new event, under the lock
	history *history
	now     func() time.Time

	mu       sync.Mutex
	sessions map[string]*session
	expires  map[string]time.Time // when a session ends by itself
	order    []string             // ids of sessions, oldest first
	events   []*event
	keys     map[string]*saved
	late     map[string]time.Duration // how much later it is for a booking that was made old by hand
}

func newStripe(seed uint64, h *history, emit func(*event)) *stripe {
	return &stripe{seed: seed, emit: emit, history: h, now: time.Now,
		sessions: map[string]*session{}, expires: map[string]time.Time{}, keys: map[string]*saved{},
		late: map[string]time.Duration{}}
}

const payURL = "https://checkout.stripe.com/c/pay/"

// refusal is an error of Stripe's API.
type refusal struct {
	status              int
	kind, code, message string
}

func invalid(code, message string) *refusal {
	return &refusal{400, "invalid_request_error", code, message}
}

func noSuch(what, id string) *refusal {
	return &refusal{404, "invalid_request_error", "resource_missing", "No such " + what + ": '" + id + "'"}
}

// leastOpen is how long a session must at least be open: https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-expires_at
const leastOpen = 30 * time.Minute

// createSession is POST /v1/checkout/sessions.
func (s *stripe) createSession(form url.Values, hidden bool) (map[string]any, *refusal) {
	booking := form.Get("client_reference_id")
	amount, err := strconv.ParseInt(form.Get("line_items[0][price_data][unit_amount]"), 10, 64)
	if err != nil || amount < 1 || form.Get("line_items[0][quantity]") != "1" || form.Get("mode") != "payment" {
		return nil, invalid("parameter_invalid_integer", "Invalid line_items")
	}
	if form.Get("metadata[bookingId]") != booking || form.Get("payment_intent_data[metadata][bookingId]") != booking {
		return nil, invalid("parameter_missing", "The soak expects the booking's id in metadata")
	}
	seconds, err := strconv.ParseInt(form.Get("expires_at"), 10, 64)
	if ahead := time.Unix(seconds, 0).Sub(s.now().Add(s.late[booking])); err != nil || ahead < leastOpen || ahead > 24*time.Hour {
		return nil, invalid("", "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.")
	}
	n := &session{ID: fmt.Sprintf("cs_test_%x_%d", s.seed, len(s.order)+1), Booking: booking, Status: "open", Paid: "unpaid",
		Amount: amount, Hidden: hidden}
	s.sessions[n.ID], s.expires[n.ID] = n, time.Unix(seconds, 0)
	s.order = append(s.order, n.ID)
	s.history.add(about{n.ID, booking}, "Stripe makes the session %s", n.ID)
	return s.object(n), nil
}

// expireSession is POST /v1/checkout/sessions/{id}/expire.
func (s *stripe) expireSession(id string) (map[string]any, *refusal) {
	n := s.sessions[id]
	switch {
	case n == nil:
		return nil, noSuch("checkout.session", id)
	case n.Status != "open":
		return nil, invalid("", "Only Checkout Sessions with a status in [\"open\"] can be expired. This Session has a status of "+n.Status+".")
	}
	s.end(n, "is told to expire it")
	return s.object(n), nil
}

func (s *stripe) end(n *session, why string) {
	n.Status = "expired"
	s.history.add(about{n.ID, n.Booking}, "Stripe %s: %s", why, n.ID)
	s.sessionEvent(n, "checkout.session.expired")
}

// refundIntent is POST /v1/refunds.
func (s *stripe) refundIntent(form url.Values) (map[string]any, *refusal) {
	amount, err := strconv.ParseInt(form.Get("amount"), 10, 64)
	if err != nil || amount < 1 {
		return nil, invalid("parameter_invalid_integer", "Invalid amount")
	}
	intent := form.Get("payment_intent")
	for _, id := range s.order {
		if n := s.sessions[id]; n.Intent == intent && intent != "" {
			if refused := s.give(n, refund{Amount: amount, Server: true}); refused != nil {
				return nil, refused
			}
			return map[string]any{"id": fmt.Sprintf("re_%x_%s_%d", s.seed, n.ID, len(n.Refunds)), "object": "refund",
				"status": "succeeded", "amount": amount, "payment_intent": intent}, nil
		}
	}
	return nil, noSuch("payment_intent", intent)
}

func (s *stripe) give(n *session, r refund) *refusal {
	left := n.Amount - n.refunded()
	switch {
	case n.Paid != "paid":
		return invalid("", "This PaymentIntent does not have a successful charge to refund.")
	case left == 0:
		return invalid("charge_already_refunded", "The charge has already been refunded.")
	case r.Amount > left:
		return invalid("", "Refund amount is greater than unrefunded amount on charge")
	}
	n.Refunds = append(n.Refunds, r)
	s.history.add(about{n.ID, n.Booking}, "Stripe refunds %d of %s (by the server: %t)", r.Amount, n.ID, r.Server)
	s.chargeEvent(n)
	return nil
}

var errNotOpen = errors.New("the page says that this checkout is no longer open")

// pay is a customer at the session's page. How is paid, unpaid (a transfer that arrives later) or no_payment_required.
func (s *stripe) pay(id, how string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.sessions[strings.TrimPrefix(id, payURL)]
	if n == nil {
		return fmt.Errorf("there is no such page as %s", id)
	}
	if n.Status != "open" {
		return errNotOpen
	}
	n.Status, n.Paid = "complete", how
	if how == "no_payment_required" {
		n.Amount = 0
	} else {
		n.Intent = "pi_" + strings.TrimPrefix(n.ID, "cs_test_")
	}
	s.history.add(about{n.ID, n.Booking}, "the customer completes %s: %s", n.ID, how)
	s.sessionEvent(n, "checkout.session.completed")
	s.strangerEvent(n)
	return nil
}

// transfer ends a payment that was on its way.
func (s *stripe) transfer(id string, arrives bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.sessions[id]
	if n == nil || n.Status != "complete" || n.Paid != "unpaid" {
		return
	}
	if arrives {
		n.Paid = "paid"
		s.sessionEvent(n, "checkout.session.async_payment_succeeded")
		return
	}
	s.sessionEvent(n, "checkout.session.async_payment_failed")
}

// lapse ends a session as its time does.
func (s *stripe) lapse(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.sessions[id]; n != nil && n.Status == "open" {
		s.end(n, "ends a session whose time is over")
	}
}

// lapseAll is what half an hour brings: whatever is open ends. It answers how many did.
func (s *stripe) lapseAll() (ended int) {
	for _, n := range s.snapshot() {
		if n.Status == "open" {
			s.lapse(n.ID)
			ended++
		}
	}
	return ended
}

// refundByHand is the operator at Stripe's dashboard: a part of the payment, or the rest.
func (s *stripe) refundByHand(id string, part bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.sessions[id]
	if n == nil || n.Paid != "paid" {
		return
	}
	amount := n.Amount - n.refunded()
	if part {
		amount = min(amount, n.Amount/4)
	}
	if amount > 0 {
		_ = s.give(n, refund{Amount: amount})
	}
}

// dispute is the customer's bank: it opens a dispute, and closes it unless the end is "".
func (s *stripe) dispute(id, end string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.sessions[id]
	if n == nil || n.Paid != "paid" {
		return
	}
	s.disputeEvent(n, "charge.dispute.created", "needs_response")
	if end != "" {
		s.disputeEvent(n, "charge.dispute.closed", end)
	}
}

// grow makes it later for a booking, as whoever made its row older means it.
func (s *stripe) grow(booking string, by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late[booking] = by
}

// snapshot is every session as it is now, oldest first.
func (s *stripe) snapshot() []session {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]session, 0, len(s.order))
	for _, id := range s.order {
		n := *s.sessions[id]
		n.Refunds = slices.Clone(n.Refunds)
		list = append(list, n)
	}
	return list
}

// allEvents is every event as it is now.
func (s *stripe) allEvents() []event {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]event, len(s.events))
	for i, e := range s.events {
		list[i] = *e
	}
	return list
}

// answered notes what an event's delivery was answered.
func (s *stripe) answered(e *event, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.Acknowledged = e.Acknowledged || status/100 == 2
	e.Refused = e.Refused || status/100 == 4 && status != 429 && !e.Forged
}

// object is a session as JSON.
func (s *stripe) object(n *session) map[string]any {
	o := map[string]any{
		"id": n.ID, "object": "checkout.session", "status": n.Status, "payment_status": n.Paid, "mode": "payment",
		"client_reference_id": n.Booking, "metadata": map[string]string{"bookingId": n.Booking},
		"amount_total": n.Amount, "currency": "usd", "livemode": false,
		"payment_intent": nil, "url": nil, "expires_at": s.expires[n.ID].Unix(),
	}
	if n.Intent != "" {
		o["payment_intent"] = n.Intent
	}
	if n.Status == "open" {
		o["url"] = payURL + n.ID
	}
	return maps.Clone(o)
}
