package run

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
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
	failed                  int            // of what was refunded, since the refund has failed
	given                   map[string]int // what was given back, by payment intent; of one that was only paid it is 0
	dispute                 string
	actions                 []string // that have changed it, in their order
	refunds                 []int    // what each refund has added
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
			AmountSubtotal *int            `json:"amount_subtotal"` // the price, before a discount
			AmountRefunded int             `json:"amount_refunded"`
			Amount         int             // of a refund
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
		return event.Subject{"sessionId": "cs_test_" + id, "amount": 4500, "currency": "usd", "metadata.order": id, "email": id + "@example.com"}
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
			state := map[string]any{"status": fmt.Sprint("rank ", order.rank), "shipped": order.shipped, "refunded": max(0, order.refunded-order.failed), "dispute": order.dispute}
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
	body, _ := io.ReadAll(r.Body)
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
	if !endpointtest.Verifies(header, body) || json.Unmarshal(body, &e) != nil || e.ID == "" {
		return 400, false
	}
	o := e.Data.Object
	fact := e.Type + o.ID
	if !strings.HasPrefix(e.Type, "checkout.session.") && e.Type != "refund.failed" {
		fact = e.ID
	}
	if s.seen[e.ID] || s.seen[fact] {
		return 200, true
	}
	intent := e.intent()
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
		time.AfterFunc(s.lag, func() { s.mu.Lock(); defer s.mu.Unlock(); s.applyAll(order, reference, intent, e) })
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
	s.apply(order, e)
	if intent != "" && intent != "null" && s.fits(e) {
		s.intents[intent] = reference
		for _, waiting := range s.parked[intent] {
			s.apply(order, waiting)
		}
		delete(s.parked, intent)
	}
}

// intent is the id of the payment intent of an event's object, which may be expanded.
func (e stallEvent) intent() string {
	text := strings.Trim(string(e.Data.Object.PaymentIntent), `"`)
	if strings.HasPrefix(text, "{") {
		var expanded struct{ ID string }
		_ = json.Unmarshal(e.Data.Object.PaymentIntent, &expanded)
		text = expanded.ID
	}
	return text
}

// give notes how much of a payment was given back so far, and returns how much of the order was.
func (o *stallOrder) give(intent string, amount int) (sum int) {
	if o.given == nil {
		o.given = map[string]int{}
	}
	o.given[intent] = max(o.given[intent], amount)
	for _, n := range o.given {
		sum += n
	}
	return sum
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

func (s *stall) apply(order *stallOrder, e stallEvent) {
	if !s.fits(e) || s.before != nil && s.before(e, order) {
		return
	}
	o, rank, old := e.Data.Object, 0, *order
	switch e.Type {
	case "checkout.session.completed", "checkout.session.async_payment_succeeded":
		if rank = 4; o.PaymentStatus == "unpaid" {
			rank = 1
		} else {
			order.shipped = max(order.shipped, 1)
			order.give(e.intent(), 0)
		}
	case "checkout.session.expired":
		rank = 2
	case "checkout.session.async_payment_failed":
		rank = 3
	case "charge.refunded":
		if order.refunded = order.give(e.intent(), o.AmountRefunded); order.refunded == 4500*len(order.given) {
			rank = 5
		}
	case "refund.failed": // told once, since its id is
		order.failed += o.Amount
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
