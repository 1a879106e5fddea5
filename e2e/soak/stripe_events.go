package main

import (
	"encoding/json"
	"fmt"
)

// The events that the stand-in makes. Each begins a delivery of its own, and now and then a second event tells of the same
// fact under another id, as Stripe says may happen: https://docs.stripe.com/webhooks#handle-duplicate-events

func (s *stripe) sessionEvent(n *session, typ string) {
	e := event{Type: typ, Booking: n.Booking, Session: n.ID, Intent: n.Intent, Paid: n.Paid}
	s.publish(e, s.object(n))
	if len(s.events)%9 == 0 {
		s.publish(e, s.object(n))
	}
}

func (s *stripe) chargeEvent(n *session) {
	s.publish(event{Type: "charge.refunded", Booking: n.Booking, Intent: n.Intent, Refunded: n.refunded(), Amount: n.Amount},
		map[string]any{
			"id": "ch_" + n.Intent, "object": "charge", "amount": n.Amount, "amount_refunded": n.refunded(), "currency": "usd",
			"refunded": n.refunded() == n.Amount, "payment_intent": n.Intent, "metadata": map[string]string{"bookingId": n.Booking},
		})
}

// disputeEvent has no metadata: a dispute is known by its payment intent alone.
func (s *stripe) disputeEvent(n *session, typ, status string) {
	s.publish(event{Type: typ, Booking: n.Booking, Intent: n.Intent, Lost: status == "lost"}, map[string]any{
		"id": "dp_" + n.Intent, "object": "dispute", "amount": n.Amount, "currency": "usd", "status": status,
		"charge": "ch_" + n.Intent, "payment_intent": n.Intent, "metadata": map[string]string{},
	})
}

// strangerEvent is one that is nobody's business: of a type that the server does not handle, or of another shop's session.
// And now and then somebody forges one.
func (s *stripe) strangerEvent(n *session) {
	switch len(s.events) % 5 {
	case 0:
		s.publish(event{Type: "payment_intent.created", Intent: n.Intent}, map[string]any{"id": n.Intent, "object": "payment_intent"})
	case 1:
		s.publish(event{Type: "checkout.session.completed", Session: n.ID + "_other"}, map[string]any{
			"id": n.ID + "_other", "object": "checkout.session", "status": "complete", "payment_status": "paid",
			"client_reference_id": "order-17", "metadata": map[string]string{}, "amount_total": 1, "currency": "usd"})
	case 2:
		s.publish(event{Type: "charge.refunded", Booking: n.Booking, Refunded: n.Amount, Amount: n.Amount, Forged: true}, map[string]any{
			"id": "ch_forged", "object": "charge", "amount": n.Amount, "amount_refunded": n.Amount, "currency": "usd",
			"payment_intent": n.Intent, "metadata": map[string]string{"bookingId": n.Booking}})
	}
}

// publish gives an event its id and bytes, and sends it on its way.
func (s *stripe) publish(e event, object map[string]any) {
	e.ID = fmt.Sprintf("evt_%x_%d", s.seed, len(s.events)+1)
	body, err := json.Marshal(map[string]any{
		"id": e.ID, "object": "event", "api_version": "2023-10-16", "created": s.now().Unix(), "livemode": false,
		"pending_webhooks": 1, "type": e.Type, "data": map[string]any{"object": object},
	})
	if err != nil {
		panic(err) // maps of strings and numbers
	}
	e.Body = body
	s.events = append(s.events, &e)
	maker := "Stripe"
	if e.Forged {
		maker = "somebody else"
	}
	s.history.add(about{e.Session, e.Booking}, "%s makes the event %s %s", maker, e.ID, e.Type)
	s.emit(&e)
}
