package store

import (
	"context"

	"github.com/google/uuid"
)

// The statements of one delivery, each a step of what package webhook does in one transaction. All of
// them find their rows by an index, which a test asks the planner to confirm.
const (
	lockIntentSQL = `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`

	seenSQL = `
		SELECT "stripeEventId", "bookingId" FROM "PaymentEvent" WHERE "stripeEventId" = $1
		UNION ALL
		SELECT "stripeEventId", "bookingId" FROM "PaymentEvent"
			WHERE "stripeSessionId" = $2 AND type = $3 AND result = 'processed'
		LIMIT 1`

	bookingByIDSQL      = `SELECT ` + bookingColumns + ` FROM "Booking" WHERE id = $1 FOR NO KEY UPDATE`
	bookingBySessionSQL = `SELECT ` + bookingColumns + ` FROM "Booking" WHERE "stripeSessionId" = $1 FOR NO KEY UPDATE`
	bookingByIntentSQL  = `SELECT ` + bookingColumns + ` FROM "Booking" WHERE "stripePaymentIntentId" = $1
		ORDER BY "createdAt", id LIMIT 1 FOR NO KEY UPDATE`

	recordSQL = `
		INSERT INTO "PaymentEvent" ("stripeEventId", type, "apiVersion", livemode, "stripeSessionId",
			"stripePaymentIntentId", "bookingId", result, reason, payload)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT DO NOTHING`

	// GREATEST passes over NULL, so an event that says nothing of a column leaves it as it is.
	joinSQL = `
		UPDATE "Booking" AS b SET
			status = j.status, dispute = j.dispute, "refundedAmount" = j.refunded,
			"stripeSessionId" = j.session, "stripePaymentIntentId" = j.intent, "updatedAt" = now()
		FROM (
			SELECT id,
				GREATEST(status, $2::"BookingStatus")          AS status,
				GREATEST(dispute, $3::"Dispute")               AS dispute,
				GREATEST("refundedAmount", $4::bigint)         AS refunded,
				COALESCE("stripeSessionId", $5::text)          AS session,
				GREATEST("stripePaymentIntentId", $6::text)    AS intent
			FROM "Booking" WHERE id = $1
		) AS j
		WHERE b.id = j.id AND (b.status, b.dispute, b."refundedAmount", b."stripeSessionId", b."stripePaymentIntentId")
			IS DISTINCT FROM (j.status, j.dispute, j.refunded, j.session, j.intent)`

	parkedSQL = `
		SELECT ` + paymentEventColumns + `, payload
		FROM "PaymentEvent" WHERE "stripePaymentIntentId" = $1 AND reason = 'parked' ORDER BY "createdAt", id`

	settleSQL = `UPDATE "PaymentEvent" SET "bookingId" = $2, result = $3, reason = $4 WHERE id = $1`
)

// LockIntent makes the events of one payment intent queue until this transaction ends. It comes before
// any row lock: the one who finds no booking yet and parks, and the one who brings the intent to a
// booking and looks for parked events, must not miss each other.
func (tx *Tx) LockIntent(ctx context.Context, intent string) error {
	_, err := tx.statement(ctx, lockIntentSQL).ExecContext(ctx, intent)
	return err
}

// Seen finds the record of the event, or of the fact that it tells of (a session's type of event that
// was applied before). Of what it finds only StripeEventID and BookingID are filled; ErrNotFound if
// the event is new.
func (tx *Tx) Seen(ctx context.Context, e PaymentEvent) (PaymentEvent, error) {
	var seen PaymentEvent
	err := tx.statement(ctx, seenSQL).GetContext(ctx, &seen, e.StripeEventID, e.StripeSessionID, e.Type)
	return seen, found(err)
}

// LockBooking finds a booking by id and holds its row until the transaction ends; ErrNotFound if there is none.
func (tx *Tx) LockBooking(ctx context.Context, id uuid.UUID) (Booking, error) {
	return tx.lockBooking(ctx, bookingByIDSQL, id)
}

// LockBookingOfSession is LockBooking by the Checkout session.
func (tx *Tx) LockBookingOfSession(ctx context.Context, sessionID string) (Booking, error) {
	return tx.lockBooking(ctx, bookingBySessionSQL, sessionID)
}

// LockBookingOfIntent is LockBooking by the payment intent; the oldest one, should several claim it.
func (tx *Tx) LockBookingOfIntent(ctx context.Context, intent string) (Booking, error) {
	return tx.lockBooking(ctx, bookingByIntentSQL, intent)
}

func (tx *Tx) lockBooking(ctx context.Context, query string, key any) (Booking, error) {
	var b Booking
	err := tx.statement(ctx, query).GetContext(ctx, &b, key)
	return b, found(err)
}

// Record keeps the event. It answers false, and keeps nothing, if the event or its fact has been
// recorded meanwhile.
func (tx *Tx) Record(ctx context.Context, e PaymentEvent) (bool, error) {
	result, err := tx.statement(ctx, recordSQL).ExecContext(ctx, e.StripeEventID, e.Type, e.APIVersion, e.Livemode,
		e.StripeSessionID, e.StripePaymentIntentID, e.BookingID, e.Result, e.Reason, e.Payload)
	if err != nil {
		return false, err
	}
	rows, err := result.RowsAffected()
	return rows == 1, err
}

// Change is what an event says of a booking. Each field is joined to what the booking has: the later
// status and dispute, the larger refund, the first session. The zero value of a field says nothing.
type Change struct {
	Status          BookingStatus
	Dispute         Dispute
	RefundedAmount  int64
	SessionID       *string
	PaymentIntentID *string
}

// Join applies a change to a booking whose row is locked, and tells whether anything became
// different. The error may be a violation of SlotConstraint or SessionConstraint, after which the
// transaction can only end.
func (tx *Tx) Join(ctx context.Context, id uuid.UUID, c Change) (changed bool, err error) {
	result, err := tx.statement(ctx, joinSQL).ExecContext(ctx, id, orNull(c.Status), orNull(c.Dispute), c.RefundedAmount, c.SessionID, c.PaymentIntentID)
	if err != nil {
		return false, err
	}
	rows, err := result.RowsAffected()
	return rows == 1, err
}

// Parked lists the events that wait for this payment intent's booking, in the order in which they came.
func (tx *Tx) Parked(ctx context.Context, intent string) ([]PaymentEvent, error) {
	var list []PaymentEvent
	err := tx.statement(ctx, parkedSQL).SelectContext(ctx, &list, intent)
	return list, err
}

// Settle gives a parked event its booking, result and reason.
func (tx *Tx) Settle(ctx context.Context, e PaymentEvent) error {
	_, err := tx.statement(ctx, settleSQL).ExecContext(ctx, e.ID, e.BookingID, e.Result, e.Reason)
	return err
}

// orNull passes the empty word as NULL, which GREATEST leaves out.
func orNull[T ~string](word T) any {
	if word == "" {
		return nil
	}
	return string(word)
}
