// Package shop is a shop that keeps its orders in memory, with a Stripe webhook on net/http and stripe-go: it is small enough to
// show how an endpoint is proved in a Go test.
package shop

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"
)

// Order is what was ordered, and what became of it.
type Order struct {
	ID       string
	Amount   int64 // in cents
	Paid     bool
	Licences int // that were issued
}

// Shop has orders, and takes Stripe's webhooks as an http.Handler.
type Shop struct {
	Secret string

	mu     sync.Mutex
	orders map[string]*Order
}

// Buy makes an unpaid order. A real shop would make its Checkout session, too, with the order's id as client_reference_id.
func (s *Shop) Buy(amount int64) Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.orders == nil {
		s.orders = map[string]*Order{}
	}
	o := &Order{ID: "order_" + strconv.Itoa(1001+len(s.orders)), Amount: amount}
	s.orders[o.ID] = o
	return *o
}

// Order is an order as it is now.
func (s *Shop) Order(id string) Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.orders[id]
}

func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	event, err := webhook.ConstructEvent(body, r.Header.Get("Stripe-Signature"), s.Secret)
	if err != nil {
		http.Error(w, "no event of Stripe's", http.StatusBadRequest)
		return
	}
	switch event.Type {
	case "checkout.session.completed", "checkout.session.async_payment_succeeded":
		var session stripe.CheckoutSession
		if err := json.Unmarshal(event.Data.Raw, &session); err != nil {
			http.Error(w, "no Checkout session", http.StatusBadRequest)
			return
		}
		s.pay(&session)
	}
}

// pay issues the licence of an order that is paid in full, once.
func (s *Shop) pay(session *stripe.CheckoutSession) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orders[session.ClientReferenceID]
	switch {
	case o == nil: // somebody else's
	case session.PaymentStatus == stripe.CheckoutSessionPaymentStatusUnpaid: // the money may come later
	case session.AmountSubtotal != o.Amount || session.Currency != stripe.CurrencyUSD: // another price
	case o.Paid: // told again
	default:
		o.Paid = true
		o.Licences++
	}
}
