package webhook

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"example.com/hookproof/store"
)

// event is what we use of a Stripe event: https://docs.stripe.com/api/events/object. Every text that
// can reach the database has been checked.
type event struct {
	id         string
	typ        string
	apiVersion *string
	livemode   bool
	object     object
	payload    []byte
}

// object is what we use of the event's object; which fields are filled depends on its family. Nil is absent or null.
type object struct {
	family family

	session           *string    // checkout.session: id
	refund            string     // refund: id
	bookingID         *uuid.UUID // metadata.bookingId, when it is a UUID
	clientReferenceID *uuid.UUID // checkout.session: client_reference_id, when it is a UUID
	intent            *string    // payment_intent

	paymentStatus string // checkout.session
	disputeStatus string // dispute
	refundStatus  string // refund
	amount        *int64 // amount_total of a session, amount of a charge or a refund
	refunded      *int64 // charge: amount_refunded, all refunds so far together
	currency      string
}

// family is the kind of object that an event is about.
type family int

const (
	foreign family = iota // a type that we do not handle
	session
	charge
	dispute
	refund
)

// handled are the types that mean something to a booking.
var handled = map[string]family{
	"checkout.session.completed":               session,
	"checkout.session.async_payment_succeeded": session,
	"checkout.session.async_payment_failed":    session,
	"checkout.session.expired":                 session,
	"charge.refunded":                          charge,
	"charge.dispute.created":                   dispute,
	"charge.dispute.closed":                    dispute,
	"refund.created":                           refund,
	"refund.updated":                           refund,
	"refund.failed":                            refund,
	"charge.refund.updated":                    refund, // what older API versions have for the two above
}

// HandledTypes are the types that mean something to a booking, in alphabetical order: those to register
// at Stripe.
func HandledTypes() []string { return slices.Sorted(maps.Keys(handled)) }

// lenient takes what is JSON though nobody should write it: of a member given twice the last counts, and
// half of a surrogate pair in a text that we do not use must not lose the event.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// decode reads a verified body. The reason is "" or says why the body is no event.
func decode(body []byte) (event, Reason) {
	var wire struct {
		ID         string  `json:"id"`
		Type       string  `json:"type"`
		APIVersion *string `json:"api_version"`
		Livemode   bool    `json:"livemode"`
		Data       struct {
			Object jsontext.Value `json:"object"`
		} `json:"data"`
	}
	// The operator's convert_from would fail on bytes that are not UTF-8.
	if !utf8.Valid(body) {
		return event{}, NotJSON
	}
	if err := json.Unmarshal(body, &wire, lenient); err != nil {
		var syntax *jsontext.SyntacticError
		if errors.As(err, &syntax) {
			return event{}, NotJSON
		}
		return event{}, NotAnEvent
	}
	e := event{id: wire.ID, typ: wire.Type, apiVersion: wire.APIVersion, livemode: wire.Livemode, payload: body}
	if !identifier(e.id) || !identifier(e.typ) || !identifierOrNil(e.apiVersion) {
		return event{}, NotAnEvent
	}
	if kind := handled[e.typ]; kind != foreign {
		var ok bool
		if e.object, ok = decodeObject(kind, wire.Data.Object); !ok {
			return event{}, NotAnEvent
		}
	}
	return e, ""
}

func decodeObject(kind family, raw jsontext.Value) (object, bool) {
	var wire struct {
		ID                *string    `json:"id"`
		ClientReferenceID *string    `json:"client_reference_id"`
		Metadata          metadata   `json:"metadata"`
		PaymentIntent     expandable `json:"payment_intent"`
		PaymentStatus     *string    `json:"payment_status"`
		Status            *string    `json:"status"`
		Amount            *int64     `json:"amount"`
		AmountTotal       *int64     `json:"amount_total"`
		AmountRefunded    *int64     `json:"amount_refunded"`
		Currency          *string    `json:"currency"`
	}
	if raw.Kind() != '{' || json.Unmarshal(raw, &wire, lenient) != nil {
		return object{}, false
	}
	o := object{family: kind, intent: wire.PaymentIntent.id, amount: wire.Amount, refunded: wire.AmountRefunded}
	switch kind {
	case session:
		if wire.ID == nil {
			return object{}, false
		}
		o.session, o.amount = wire.ID, wire.AmountTotal
		o.bookingID, o.clientReferenceID = asUUID(wire.Metadata.bookingID), asUUID(wire.ClientReferenceID)
		o.paymentStatus = text(wire.PaymentStatus)
	case charge:
		o.bookingID = asUUID(wire.Metadata.bookingID)
	case dispute:
		o.disputeStatus = text(wire.Status)
	case refund:
		if o.refund, o.refundStatus = text(wire.ID), text(wire.Status); !identifier(o.refund) {
			return object{}, false
		}
	}
	o.currency = strings.ToLower(text(wire.Currency))
	for _, used := range []*string{wire.ClientReferenceID, wire.Metadata.bookingID, wire.PaymentStatus, wire.Status, wire.Currency} {
		if strings.ContainsRune(text(used), 0) {
			return object{}, false
		}
	}
	return o, identifierOrNil(o.session) && identifierOrNil(o.intent)
}

// metadata is whatever other users of the account put there, too; one key of it is ours.
type metadata struct{ bookingID *string }

func (m *metadata) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	var wire struct {
		BookingID *string `json:"bookingId"`
	}
	err := json.UnmarshalDecode(d, &wire)
	m.bookingID = wire.BookingID
	return err
}

// expandable is an id, or an object with an id: Stripe's SDKs accept both, and so do we.
type expandable struct{ id *string }

func (e *expandable) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '{' {
		return json.UnmarshalDecode(d, &e.id)
	}
	var expanded struct {
		ID *string `json:"id"`
	}
	err := json.UnmarshalDecode(d, &expanded)
	e.id = expanded.ID
	return err
}

// identifier tells whether s can be an id, type or version of Stripe's: "up to 255 characters"
// (https://docs.stripe.com/upgrades) of letters, digits and _.- .
func identifier(s string) bool {
	if len(s) == 0 || len(s) > 255 {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '.', c == '-':
		default:
			return false
		}
	}
	return true
}

func identifierOrNil(s *string) bool { return s == nil || identifier(*s) }

// asUUID reads the canonical form only: 36 characters.
func asUUID(s *string) *uuid.UUID {
	if s == nil || len(*s) != 36 {
		return nil
	}
	id, err := uuid.Parse(*s)
	if err != nil {
		return nil
	}
	return &id
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// record is the row that keeps the event.
func (e event) record(reason Reason, bookingID *uuid.UUID) store.PaymentEvent {
	return store.PaymentEvent{
		StripeEventID:         e.id,
		Type:                  e.typ,
		APIVersion:            e.apiVersion,
		Livemode:              e.livemode,
		StripeSessionID:       e.object.session,
		StripePaymentIntentID: e.object.intent,
		BookingID:             bookingID,
		Result:                policy[reason].result,
		Reason:                string(reason),
		Payload:               e.payload,
	}
}
