package run

import (
	"cmp"
	"context"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

const deskPrice = 6200

// desk is a small endpoint in memory that is told of a payment by all types of events, with Checkout or by payment intents alone, and does
// everything right. lie changes what an event does: it tells whether it has done all of it.
type desk struct {
	*memnet.Door
	lie  func(e *deskEvent, o *deskOrder) bool
	adds func(o *deskOrder, state map[string]any) // what the state shows beside

	mu     sync.Mutex
	seen   map[string]bool
	orders map[string]*deskOrder
	owners map[string]string      // intents to orders
	parked map[string][]deskEvent // of intents that no order is known of yet
}

type deskOrder struct {
	email    string // of whom the desk knows
	payer    string // the address that was given last
	standing string // of what is not paid
	undone   string // a standing that has taken the place of a payment: what only a lie does
	shipped  int
	credits  int
	payments map[string]*deskPayment // by their intents
	log      []string                // types that have changed something
	objects  map[string][]string     // ids by their kinds
	failures int                     // of payments
}

// deskPayment is what is known of an intent.
type deskPayment struct {
	paid      int
	charged   int            // refunded, as the charge tells
	refunds   map[string]int // made, by their ids
	failed    map[string]int // refunds that have failed
	dispute   string
	withdrawn bool
	returned  bool
}

type deskEvent struct {
	ID, Type string
	Livemode bool
	Data     struct{ Object deskObject }
}

type deskObject struct {
	ID, Object, Status, Currency, Invoice string
	PaymentIntent                         string `json:"payment_intent"`
	PaymentStatus                         string `json:"payment_status"`
	Captured                              bool
	Metadata                              map[string]string
	Amount                                int
	AmountSubtotal                        *int `json:"amount_subtotal"`
	AmountTotal                           int  `json:"amount_total"`
	Subtotal                              int
	AmountPaid                            int                    `json:"amount_paid"`
	AmountReceived                        int                    `json:"amount_received"`
	AmountCaptured                        int                    `json:"amount_captured"`
	AmountRefunded                        int                    `json:"amount_refunded"`
	ReceiptEmail                          string                 `json:"receipt_email"`
	CustomerDetails                       struct{ Email string } `json:"customer_details"`
}

// intent is the id of the intent that an object is about.
func (o deskObject) intent() string {
	if o.Object == "payment_intent" {
		return o.ID
	}
	return o.PaymentIntent
}

func openDesk(t *testing.T, lie func(e *deskEvent, o *deskOrder) bool) *desk {
	t.Helper()
	d := &desk{lie: lie, seen: map[string]bool{}, orders: map[string]*deskOrder{}, owners: map[string]string{}, parked: map[string][]deskEvent{}}
	d.Door = memnet.OpenDoor(t, d)
	return d
}

// target is the desk as a target of a life.
func (d *desk) target(l *life.Life) *target.Target {
	return &target.Target{
		URL: d.URL() + "/hook", Dialer: memnet.InMemory.Dial, Secret: endpointtest.Secret, Life: l,
		Subject: func(context.Context) (event.Subject, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			id := uuid.NewString()
			d.orders[id] = &deskOrder{email: "kim@example.org", payments: map[string]*deskPayment{}, objects: map[string][]string{}}
			s := event.Subject{"metadata.order": id, "charge.metadata.order": id, "amount": deskPrice, "currency": "usd", "email": "kim@example.org"}
			if l == life.Payment {
				s["sessionId"] = "cs_test_" + id
			}
			return s, nil
		},
		State: func(_ context.Context, s event.Subject) (any, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			o := d.orders[s.Text("metadata.order")]
			state := o.state()
			if d.adds != nil {
				d.adds(o, state)
			}
			return state, nil
		},
	}
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := endpointtest.Body(r)
	var e deskEvent
	if !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) || endpointtest.Unmarshal(body, &e) != nil || e.ID == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seen[e.ID] || e.Livemode {
		return
	}
	o, intent := e.Data.Object, e.Data.Object.intent()
	order := cmp.Or(o.Metadata["order"], d.owners[intent])
	switch {
	case d.orders[order] == nil && o.Metadata["order"] != "":
		w.WriteHeader(http.StatusInternalServerError)
		return
	case d.orders[order] == nil:
		d.parked[intent] = append(d.parked[intent], e)
	default:
		d.take(order, e)
		if intent != "" {
			d.owners[intent] = order
			for _, waiting := range d.parked[intent] {
				d.take(order, waiting)
			}
			delete(d.parked, intent)
		}
	}
	d.seen[e.ID] = true
}

func (d *desk) take(order string, e deskEvent) {
	o := d.orders[order]
	before := o.state()
	if d.lie == nil || !d.lie(&e, o) {
		o.take(e)
	}
	if !reflect.DeepEqual(o.state(), before) {
		o.log = append(o.log, e.Type)
	}
}

// standings are those of an order that is not paid, the better ones last.
var standings = []string{"", "canceled", "expired", "failed", "waiting", "held"}

func (o *deskOrder) stand(standing string) {
	if slices.Index(standings, standing) > slices.Index(standings, o.standing) {
		o.standing = standing
	}
}

func (o *deskOrder) payment(intent string) *deskPayment {
	if o.payments[intent] == nil {
		o.payments[intent] = &deskPayment{refunds: map[string]int{}, failed: map[string]int{}}
	}
	return o.payments[intent]
}

// pay keeps what an intent has paid. enough tells whether that is the price.
func (o *deskOrder) pay(object deskObject, sum int, enough bool) {
	if object.Currency != "usd" {
		return
	}
	p := o.payment(object.intent())
	p.paid = max(p.paid, sum)
	if enough && o.shipped == 0 {
		o.shipped, o.credits = 1, o.credits+100
	}
}

func (o *deskOrder) take(e deskEvent) {
	object := e.Data.Object
	p := o.payment(object.intent())
	if known := o.objects[object.Object]; !slices.Contains(known, object.ID) {
		o.objects[object.Object] = append(known, object.ID)
	}
	o.payer = cmp.Or(object.CustomerDetails.Email, object.ReceiptEmail, o.payer)
	switch e.Type {
	case "checkout.session.completed", "checkout.session.async_payment_succeeded":
		switch {
		case object.PaymentStatus == "unpaid":
			o.stand("waiting")
		case object.AmountSubtotal != nil && *object.AmountSubtotal == deskPrice:
			o.pay(object, object.AmountTotal, true)
		}
	case "checkout.session.async_payment_failed", "payment_intent.payment_failed":
		o.stand("failed")
		o.failures++
	case "checkout.session.expired":
		o.stand("expired")
	case "payment_intent.processing":
		o.stand("waiting")
	case "payment_intent.amount_capturable_updated":
		o.stand("held")
	case "payment_intent.canceled":
		o.stand("canceled")
	case "invoice.paid", "invoice.payment_succeeded":
		o.pay(object, object.AmountPaid, object.Subtotal == deskPrice)
	case "payment_intent.succeeded":
		o.pay(object, object.AmountReceived, object.Amount == deskPrice)
	case "charge.succeeded", "charge.captured":
		if object.Captured {
			o.pay(object, object.AmountCaptured, object.Amount == deskPrice)
		}
	case "charge.refunded":
		if object.Currency == "usd" && object.AmountRefunded <= object.Amount {
			p.charged = max(p.charged, object.AmountRefunded)
		}
	case "refund.created", "refund.updated", "refund.failed", "charge.refund.updated":
		if object.Status == "failed" {
			p.failed[object.ID] = object.Amount
		} else {
			p.refunds[object.ID] = object.Amount
		}
	case "charge.dispute.created":
		p.dispute = cmp.Or(p.dispute, "open")
	case "charge.dispute.funds_withdrawn":
		p.withdrawn = true
	case "charge.dispute.funds_reinstated":
		p.returned = true
	case "charge.dispute.closed":
		p.dispute = object.Status
	}
}

// refunded is what was refunded of a payment, by what its charge or its refunds tell.
func (p *deskPayment) refunded() int {
	made, failed := 0, 0
	for id, amount := range p.refunds {
		if p.failed[id] == 0 {
			made += amount
		}
	}
	for _, amount := range p.failed {
		failed += amount
	}
	return max(made, p.charged-failed)
}

// isGone tells whether a dispute has taken what was paid.
func (p *deskPayment) isGone() bool {
	return p.withdrawn && !p.returned && p.dispute != "won" || p.dispute == "lost"
}

func (p *deskPayment) isDisputed() bool { return p.dispute != "" }

// sumOf is what was paid by some of the payments.
func (o *deskOrder) sumOf(which func(*deskPayment) bool) int {
	sum := 0
	for _, p := range o.payments {
		if which(p) {
			sum += p.paid
		}
	}
	return sum
}

func (o *deskOrder) state() map[string]any {
	paid, refunded, taken, dispute := 0, 0, 0, "none"
	for _, p := range o.payments {
		paid, refunded = paid+p.paid, refunded+p.refunded()
		dispute = cmp.Or(p.dispute, dispute)
		if p.isGone() {
			taken = o.credits
		}
	}
	standing := cmp.Or(o.standing, "open")
	switch {
	case o.shipped > 0 && paid > 0 && refunded >= paid:
		standing = "refunded"
	case o.shipped > 0:
		standing = cmp.Or(o.undone, "paid")
	}
	return map[string]any{"standing": standing, "paid": paid, "refunded": refunded, "shipped": o.shipped, "credits": o.credits - taken, "dispute": dispute}
}
