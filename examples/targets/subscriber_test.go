package targets

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
)

// The prices that the endpoints for subscriptions sell, and one that belongs to somebody else's product.
const (
	pricePro     = "price_pro_monthly"
	priceTeam    = "price_team_monthly"
	priceForeign = "price_of_another_product"
)

// The shapes in which Stripe tells of a subscription's period and of an invoice's subscription.
const (
	oldShape = "2023-10-16"
	newShape = "2025-03-31.basil"
)

type object = map[string]any

// subscriber is one subscription of a user's as it goes along. Its methods make what Stripe tells of it, in the order in
// which it happens.
type subscriber struct {
	shape, user, customer, id string
	named                     bool     // by metadata
	before                    []string // prices of items before ours
	price, status             string
	quantity                  int
	start                     int64
	periods                   int // begun
	clock, cancelAt, endedAt  int64
	flag                      bool
	invoices                  int
}

// told is an event, and the subscription as it was when the event happened.
type told struct {
	kind         string
	created      int64
	object       object
	subscription object
}

func id(prefix string) string { return prefix + strings.ReplaceAll(uuid.NewString(), "-", "")[:24] }

// subscribe begins a story of ten days ago; days more lie before it.
func subscribe(shape, user, customer, price string, daysBefore int) *subscriber {
	start := time.Now().AddDate(0, 0, -10-daysBefore).Unix()
	return &subscriber{shape: shape, user: user, customer: customer, id: id("sub_"), named: true, price: price, status: "incomplete", quantity: 1,
		start: start, clock: start, periods: 1}
}

// periodEnd is where a period ends. An odd number of seconds, so that it is no other time's.
func (s *subscriber) periodEnd(period int) time.Time {
	return time.Unix(s.start+int64(period)*(30*24*3600+37), 0).UTC()
}

func (s *subscriber) metadata() object {
	if s.named {
		return object{"user_id": s.user}
	}
	return object{}
}

func (s *subscriber) prices() []string { return append(slices.Clone(s.before), s.price) }

// now is the subscription as it is.
func (s *subscriber) now() object {
	items := []object{}
	begin, end := s.periodEnd(s.periods-1).Unix(), s.periodEnd(s.periods).Unix()
	o := object{"id": s.id, "object": "subscription", "status": s.status, "customer": s.customer, "created": s.start, "metadata": s.metadata(),
		"cancel_at_period_end": s.flag, "cancel_at": orNull(s.cancelAt), "ended_at": orNull(s.endedAt), "latest_invoice": "in_latest", "livemode": false}
	for i, price := range s.prices() {
		item := object{"id": fmt.Sprintf("si_%s_%d", s.id, i), "object": "subscription_item", "price": object{"id": price, "object": "price"}, "quantity": s.quantity}
		if s.shape == newShape {
			item["current_period_start"], item["current_period_end"] = begin, end
		}
		items = append(items, item)
	}
	if s.shape == oldShape {
		o["current_period_start"], o["current_period_end"] = begin, end
	}
	o["items"] = object{"object": "list", "data": items, "has_more": false}
	return o
}

func orNull(seconds int64) any {
	if seconds == 0 {
		return nil
	}
	return seconds
}

func (s *subscriber) tell(kind string, o object) told {
	s.clock += 60
	return told{"customer.subscription." + kind, s.clock, o, s.now()}
}

// updated tells of the subscription as it is now.
func (s *subscriber) updated() told { return s.tell("updated", s.now()) }

func (s *subscriber) become(status string) told {
	s.status = status
	return s.updated()
}

// line is a line of an invoice.
type line struct {
	price     string
	amount    int
	from, to  int64
	proration bool
}

func (s *subscriber) line(l line) object {
	o := object{"id": id("il_"), "object": "line_item", "amount": l.amount, "currency": "usd", "quantity": s.quantity, "period": object{"start": l.from, "end": l.to}}
	if s.shape == newShape {
		o["parent"] = object{"type": "subscription_item_details", "subscription_item_details": object{"proration": l.proration, "subscription": s.id}}
		o["pricing"] = object{"type": "price_details", "price_details": object{"price": l.price, "product": "prod_x"}}
		return o
	}
	o["type"], o["proration"], o["subscription"], o["price"] = "subscription", l.proration, s.id, object{"id": l.price, "object": "price"}
	if l.proration {
		o["type"] = "invoiceitem"
	}
	return o
}

// invoice is one that has been paid; without a reason it was made by hand.
func (s *subscriber) invoice(reason string, lines ...line) object {
	s.invoices++
	total, data := 0, []object{}
	for _, l := range lines {
		total += l.amount
		data = append(data, s.line(l))
	}
	o := object{"id": fmt.Sprintf("in_%s_%d", s.id, s.invoices), "object": "invoice", "status": "paid", "customer": s.customer, "billing_reason": reason,
		"amount_paid": total, "amount_due": total, "total": total, "currency": "usd", "period_start": s.clock, "period_end": s.clock, "metadata": object{},
		"lines": object{"object": "list", "data": data, "has_more": false}, "livemode": false}
	details := object{"metadata": s.metadata(), "subscription": s.id}
	switch {
	case reason == "manual":
		o["subscription"], o["parent"] = nil, nil
	case s.shape == newShape:
		o["parent"] = object{"type": "subscription_details", "subscription_details": details}
	default:
		delete(details, "subscription")
		o["subscription"], o["subscription_details"] = s.id, details
	}
	return o
}

// paid tells of an invoice under both names.
func (s *subscriber) paid(invoice object) []told {
	var events []told
	for _, kind := range []string{"paid", "payment_succeeded"} {
		e := s.tell("", invoice)
		e.kind = "invoice." + kind
		events = append(events, e)
	}
	return events
}

// period is the invoice of the current period.
func (s *subscriber) period(reason string, amount int) object {
	from, to := s.periodEnd(s.periods-1).Unix(), s.periodEnd(s.periods).Unix()
	var lines []line
	for _, price := range s.before { // metered, so of the period before
		lines = append(lines, line{price, 0, from - 3600, from, false})
	}
	return s.invoice(reason, append(lines, line{s.price, amount, from, to, false})...)
}

func (s *subscriber) session(status string) told {
	e := s.tell("", object{"id": id("cs_test_"), "object": "checkout.session", "mode": "subscription", "payment_status": status, "status": "complete",
		"customer": s.customer, "subscription": s.id, "payment_intent": nil, "amount_total": 4900, "currency": "usd", "metadata": s.metadata(), "livemode": false})
	if s.named {
		e.object["client_reference_id"] = s.user
	}
	e.kind = "checkout.session.completed"
	return e
}

// bought is the usual beginning.
func (s *subscriber) bought() []told {
	events := []told{s.tell("created", s.now())}
	s.status = "active" // by the payment
	events = append(events, s.paid(s.period("subscription_create", 4900))...)
	return append(events, s.updated(), s.session("paid"))
}

// tried is the other beginning: a trial.
func (s *subscriber) tried() []told {
	s.status = "trialing"
	events := []told{s.tell("created", s.now())}
	events = append(events, s.paid(s.period("subscription_create", 0))...)
	return append(events, s.session("no_payment_required"))
}

// renewed is the next period.
func (s *subscriber) renewed() []told {
	s.periods++
	s.clock += 24 * 3600
	update := s.become("active")
	return append(s.paid(s.period("subscription_cycle", 4900)), update)
}

// failed tells of an invoice, before it was paid, that its payment failed.
func (s *subscriber) failed(invoice object) told {
	e := s.tell("", invoice).with(object{"status": "open", "amount_paid": 0})
	e.kind = "invoice.payment_failed"
	return e
}

// changed is another price within the period, for the difference.
func (s *subscriber) changed(price string) []told {
	old := s.price
	s.price = price
	update := s.updated()
	to := s.periodEnd(s.periods).Unix()
	return append(s.paid(s.invoice("subscription_update", line{old, -3000, s.clock, to, true}, line{price, 6000, s.clock, to, true})), update)
}

// nothing is an invoice of 0, of a pair of prorations.
func (s *subscriber) nothing() []told {
	to := s.periodEnd(s.periods + 1).Unix()
	return s.paid(s.invoice("subscription_update", line{s.price, -4900, s.clock, to, true}, line{s.price, 4900, s.clock, to, true}))
}

func (s *subscriber) deleted() told {
	s.endedAt = time.Now().Add(-time.Hour).Unix()
	s.clock = max(s.clock, s.endedAt)
	s.status = "canceled"
	return s.tell("deleted", s.now())
}

// event is a delivery's, with an id of its own.
func (e told) event(t *testing.T) event.Event {
	body := object{"id": id("evt_"), "object": "event", "type": e.kind, "created": e.created, "livemode": false, "api_version": oldShape, "pending_webhooks": 1,
		"data": object{"object": e.object}}
	text, err := json.MarshalIndent(body, "", "  ")
	require.NoError(t, err)
	return event.Event{ID: body["id"].(string), Type: e.kind, Body: text}
}

// with is the event with some members of its object changed.
func (e told) with(members object) told {
	e.object = maps.Clone(e.object)
	maps.Copy(e.object, members)
	return e
}
