package store

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Result is what became of a recorded payment event.
type Result string

// The results.
const (
	Processed Result = "processed" // applied, or too late to change anything
	Ignored   Result = "ignored"   // not for us, or not yet (see the reason)
	Review    Result = "review"    // ours, but a person must look: the booking was not changed
)

// PaymentEvent is one event of Stripe's as it was recorded. Texts are already checked: identifiers
// hold letters, digits, dots and underscores only.
type PaymentEvent struct {
	ID                    uuid.UUID  `db:"id"`
	StripeEventID         string     `db:"stripeEventId"`
	Type                  string     `db:"type"`
	APIVersion            *string    `db:"apiVersion"`
	Livemode              bool       `db:"livemode"`
	StripeSessionID       *string    `db:"stripeSessionId"`
	StripePaymentIntentID *string    `db:"stripePaymentIntentId"`
	BookingID             *uuid.UUID `db:"bookingId"`
	Result                Result     `db:"result"`
	Reason                string     `db:"reason"`
	Payload               []byte     `db:"payload"` // as received, byte for byte
	CreatedAt             time.Time  `db:"createdAt"`
}

const (
	paymentEventColumns = `id, "stripeEventId", type, "apiVersion", livemode, "stripeSessionId", "stripePaymentIntentId",
		"bookingId", result, reason, "createdAt"`
	paymentEventsSQL = `
		SELECT ` + paymentEventColumns + ` FROM "PaymentEvent" WHERE ("createdAt", id) < ($1, $2)
		ORDER BY "createdAt" DESC, id DESC LIMIT $3`
	paymentEventsByResultSQL = `
		SELECT ` + paymentEventColumns + ` FROM "PaymentEvent" WHERE result = $4 AND ("createdAt", id) < ($1, $2)
		ORDER BY "createdAt" DESC, id DESC LIMIT $3`
)

// PaymentEvents lists recorded events, newest first, without their payloads; with a result, only those.
func (s *Store) PaymentEvents(ctx context.Context, result Result, page Page) ([]PaymentEvent, error) {
	if result == "" {
		return listed[PaymentEvent](ctx, s, paymentEventsSQL, page.before(), page.ID, page.Limit)
	}
	return listed[PaymentEvent](ctx, s, paymentEventsByResultSQL, page.before(), page.ID, page.Limit, result)
}
