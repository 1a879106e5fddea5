package run

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// stall is a small endpoint in memory that does everything right, for the judge to be tried on, and the
// ways in which a target can lie to a judge.
type stall struct {
	t *testing.T
	*memnet.Door

	answer func(n int, w http.ResponseWriter, r *http.Request, body []byte) bool // answers itself and tells so
	shows  func(state map[string]any) any                                        // what the state hook says instead
	adds   func(o stallOrder, state map[string]any)                              // what it says beside that
	lag    time.Duration                                                         // of effects behind the ACK
	more   func(o *stallOrder) time.Duration                                     // that the lag is longer for an event of an order
	before func(e stallEvent, o *stallOrder) bool                                // changes the order itself and tells so

	mu       sync.Mutex
	requests int
	orders   map[string]*stallOrder // by reference
	intents  map[string]string      // payment intent to reference
	parked   map[string][]stallEvent
	seen     map[string]bool
	counters result.Counters
}

type stallOrder struct {
	rank, shipped, refunded int
	dispute                 string
	actions                 []string // that have changed it, in their order
	refunds                 []int    // what each refund has added
	failed                  []string // refunds that have failed
	intent                  string   // by which it was paid
}

type stallEvent struct {
	ID, Type string
	Created  int64
	Livemode bool
	Data     struct {
		Object struct {
			ID             string
			Metadata       map[string]string
			PaymentIntent  json.RawMessage `json:"payment_intent"`
			PaymentStatus  string          `json:"payment_status"`
			AmountSubtotal *int            `json:"amount_subtotal"`
			Amount         int
			AmountRefunded int `json:"amount_refunded"`
			Currency       string
			Status         string
		}
	}
}

func openStall(t *testing.T, lie func(*stall)) *stall {
	t.Helper()
	s := &stall{t: t, orders: map[string]*stallOrder{}, intents: map[string]string{}, parked: map[string][]stallEvent{}, seen: map[string]bool{}}
	if lie != nil {
		lie(s)
	}
	s.Door = memnet.OpenDoor(t, s)
	return s
}

func (s *stall) start() error { return s.Open() }
func (s *stall) stop() error  { s.Close(); return nil }

// forget makes the stall take every event for a new one.
func (s *stall) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.seen)
}

func (s *stall) target() *target.Target {
	subject := func() event.Subject {
		id := uuid.NewString()
		return event.Subject{"sessionId": "cs_test_" + id, "amount": 4500, "currency": "usd", "email": "kim@example.org", "metadata.order": id}
	}
	make := func(o event.Subject) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.orders[o.Text("metadata.order")] = &stallOrder{}
	}
	return &target.Target{
		URL: s.URL() + "/hook", Dialer: memnet.InMemory.Dial, Secret: endpointtest.Secret, PreviousSecret: endpointtest.Secret,
		Subject: func(context.Context) (event.Subject, error) { o := subject(); make(o); return o, nil },
		Announce: func(context.Context) (event.Subject, func(context.Context) error, error) {
			o := subject()
			return o, func(context.Context) error { make(o); return nil }, nil
		},
		State: func(_ context.Context, o event.Subject) (any, error) {
			time.Sleep(memnet.Tick)
			s.mu.Lock()
			defer s.mu.Unlock()
			order := *s.orders[o.Text("metadata.order")]
			state := map[string]any{"status": fmt.Sprint("rank ", order.rank), "shipped": order.shipped, "refunded": order.refunded, "dispute": order.dispute}
			if s.adds != nil {
				s.adds(order, state)
			}
			if s.shows != nil {
				return s.shows(state), nil
			}
			return state, nil
		},
		Counters: func(context.Context) (result.Counters, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.counters, nil
		},
		Stop:  func(context.Context, string) error { return s.stop() },
		Start: func(context.Context) error { return s.start() },
	}
}

func (s *stall) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := endpointtest.Body(r)
	s.mu.Lock()
	s.requests++
	n := s.requests
	s.mu.Unlock()
	if s.answer != nil && s.answer(n, w, r, body) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	status, duplicate := s.take(r.Header.Get("Stripe-Signature"), body)
	s.counters.Received++
	if status >= 400 {
		s.counters.Errors++
	}
	if duplicate {
		s.counters.Duplicates++
	}
	w.WriteHeader(status)
}

func (s *stall) take(header string, body []byte) (status int, duplicate bool) {
	var e stallEvent
	if !endpointtest.Verifies(header, body) || endpointtest.Unmarshal(body, &e) != nil || e.ID == "" {
		return 400, false
	}
	o := e.Data.Object
	fact := e.Type + o.ID
	if !strings.HasPrefix(e.Type, "checkout.session.") {
		fact = e.ID
	}
	if s.seen[e.ID] || s.seen[fact] {
		return 200, true
	}
	intent := strings.Trim(string(o.PaymentIntent), `"`)
	if strings.HasPrefix(intent, "{") {
		var expanded struct{ ID string }
		_ = json.Unmarshal(o.PaymentIntent, &expanded)
		intent = expanded.ID
	}
	reference := o.Metadata["order"]
	if reference == "" {
		reference = s.intents[intent]
	}
	order := s.orders[reference]
	switch {
	case e.Livemode:
	case order == nil && o.Metadata["order"] != "":
		return 500, false
	case order == nil:
		s.parked[intent] = append(s.parked[intent], e)
	case s.lag > 0:
		lag := s.lag
		if s.more != nil {
			lag += s.more(order)
		}
		time.AfterFunc(lag, func() { s.mu.Lock(); defer s.mu.Unlock(); s.applyAll(order, reference, intent, e) })
	default:
		s.applyAll(order, reference, intent, e)
	}
	s.seen[e.ID] = true
	if order != nil && s.fits(e) {
		s.seen[fact] = true
	}
	return 200, false
}

func (s *stall) applyAll(order *stallOrder, reference, intent string, e stallEvent) {
	s.apply(order, intent, e)
	if intent != "" && intent != "null" && s.fits(e) {
		s.intents[intent] = reference
		for _, waiting := range s.parked[intent] {
			s.apply(order, intent, waiting)
		}
		delete(s.parked, intent)
	}
}

// fits tells whether an event's money is the order's.
func (s *stall) fits(e stallEvent) bool {
	o := e.Data.Object
	switch {
	case o.PaymentStatus == "no_payment_required":
		return true
	case o.PaymentStatus == "paid":
		return o.AmountSubtotal != nil && *o.AmountSubtotal == 4500 && o.Currency == "usd"
	case e.Type == "charge.refunded":
		return o.Currency == "usd" && o.AmountRefunded <= 4500
	}
	return true
}

func (s *stall) apply(order *stallOrder, intent string, e stallEvent) {
	if !s.fits(e) || s.before != nil && s.before(e, order) {
		return
	}
	if session := strings.HasPrefix(e.Type, "checkout.session."); !session && order.intent != "" && intent != order.intent {
		return // of another payment
	}
	o, rank, old := e.Data.Object, 0, *order
	switch e.Type {
	case "checkout.session.completed", "checkout.session.async_payment_succeeded":
		if rank = 4; o.PaymentStatus == "unpaid" {
			rank = 1
		} else if order.shipped == 0 {
			order.shipped, order.intent = order.shipped+1, intent
		}
	case "checkout.session.expired":
		rank = 2
	case "checkout.session.async_payment_failed":
		rank = 3
	case "charge.refunded":
		if order.refunded = max(order.refunded, o.AmountRefunded); order.refunded == 4500 {
			rank = 5
		}
	case "refund.failed", "charge.refund.updated":
		if o.Status == "failed" && !slices.Contains(order.failed, o.ID) {
			order.failed, order.refunded, order.rank = append(order.failed, o.ID), order.refunded-o.Amount, 4
		}
	case "charge.dispute.created":
		if order.dispute == "" {
			order.dispute = "open"
		}
	case "charge.dispute.closed":
		order.dispute = o.Status
	}
	order.rank = max(order.rank, rank)
	if order.refunded > old.refunded {
		order.refunds = append(order.refunds, order.refunded-old.refunded)
	}
	if order.rank != old.rank || order.refunded != old.refunded || order.dispute != old.dispute {
		order.actions = append(order.actions, e.Type)
	}
}
