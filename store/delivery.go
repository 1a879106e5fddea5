package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"
)

// The statements of one delivery, each a step of what package webhook does in one transaction. All of
// them find their rows by an index, which a test asks the planner to confirm.
const (
	lockIntentSQL = `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`

	seenSQL = `
		SELECT seen.* FROM (SELECT $1::text, $2::text, $3::text) AS d (event, session, type), ` + seenOfD

	// An event by its id, or the fact that it tells of.
	seenOfD = `
		LATERAL (
			SELECT "stripeEventId", "bookingId" FROM "PaymentEvent" WHERE "stripeEventId" = d.event
			UNION ALL
			SELECT "stripeEventId", "bookingId" FROM "PaymentEvent"
				WHERE "stripeSessionId" = d.session AND type = d.type AND result = 'processed'
			LIMIT 1
		) AS seen`

	bookingByIDSQL      = `SELECT ` + bookingColumns + ` FROM "Booking" WHERE id = $1 FOR NO KEY UPDATE`
	bookingBySessionSQL = `SELECT ` + bookingColumns + ` FROM "Booking" WHERE "stripeSessionId" = $1 FOR NO KEY UPDATE`
	bookingByIntentSQL  = `SELECT ` + bookingColumns + ` FROM "Booking" WHERE "stripePaymentIntentId" = $1
		ORDER BY "createdAt", id LIMIT 1 FOR NO KEY UPDATE`

	// keepSQL records an event and applies it. A change that says nothing leaves its booking as it is.
	keepSQL = `
		WITH joined AS (
			UPDATE "Booking" AS b SET ` + joinSet + `, "updatedAt" = now()
			FROM (SELECT $12::"BookingStatus", $13::"Dispute", $14::bigint, $15::text, $16::text)
				AS d (to_status, to_dispute, to_refunded, to_session, to_intent)
			WHERE b.id = $7 AND ` + joinDiffers + `
			RETURNING b.id
		)
		INSERT INTO "PaymentEvent" ("stripeEventId", type, "apiVersion", livemode, "stripeSessionId",
			"stripePaymentIntentId", "bookingId", result, reason, payload)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN EXISTS (SELECT FROM joined) THEN $9 ELSE $10 END, $11)
		ON CONFLICT DO NOTHING
		RETURNING reason`

	joinSQL = `
		UPDATE "Booking" AS b SET ` + joinSet + `, "updatedAt" = now()
		FROM (SELECT $2::"BookingStatus", $3::"Dispute", $4::bigint, $5::text, $6::text)
			AS d (to_status, to_dispute, to_refunded, to_session, to_intent)
		WHERE b.id = $1 AND ` + joinDiffers

	// GREATEST passes over NULL, so an event that says nothing of a column leaves it as it is.
	joinSet = `
			status                  = GREATEST(b.status, d.to_status),
			dispute                 = GREATEST(b.dispute, d.to_dispute),
			"refundedAmount"        = GREATEST(b."refundedAmount", d.to_refunded),
			"stripeSessionId"       = COALESCE(b."stripeSessionId", d.to_session),
			"stripePaymentIntentId" = GREATEST(b."stripePaymentIntentId", d.to_intent)`
	joinDiffers = `
			(b.status, b.dispute, b."refundedAmount", b."stripeSessionId", b."stripePaymentIntentId") IS DISTINCT FROM
			(GREATEST(b.status, d.to_status), GREATEST(b.dispute, d.to_dispute), GREATEST(b."refundedAmount", d.to_refunded),
				COALESCE(b."stripeSessionId", d.to_session), GREATEST(b."stripePaymentIntentId", d.to_intent))`

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

// Seen finds the record of an event, or of the fact that it tells of (a session's type of event that was
// applied before); nil if it is new. Only StripeEventID and BookingID are filled.
func (s *Store) Seen(ctx context.Context, e PaymentEvent) (*PaymentEvent, error) {
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	var seen PaymentEvent
	err := s.statement(seenSQL).GetContext(ctx, &seen, e.StripeEventID, e.StripeSessionID, e.Type)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &seen, err
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

// Change is what an event says of a booking. Each field is joined to what the booking has: the later
// status and dispute, the larger refund, the first session. The zero value of a field says nothing.
type Change struct {
	Status          BookingStatus
	Dispute         Dispute
	RefundedAmount  int64
	SessionID       *string
	PaymentIntentID *string
}

// Entry is an event that is to be recorded, with what it changes. Its Reason is kept if the change
// makes no difference, IfChanged if it makes one.
type Entry struct {
	PaymentEvent
	Change    Change
	IfChanged string
}

// Keep records an event and joins its change to its booking, whose row is locked: both or neither. It
// answers the reason that was kept. The error is ErrRecorded if the event, or its fact, has been recorded
// meanwhile, and may be a violation of SlotConstraint or SessionConstraint; after an error the
// transaction can only end.
func (tx *Tx) Keep(ctx context.Context, e Entry) (reason string, err error) {
	if e.IfChanged == "" {
		e.IfChanged = e.Reason
	}
	err = tx.statement(ctx, keepSQL).GetContext(ctx, &reason,
		e.StripeEventID, e.Type, e.APIVersion, e.Livemode, e.StripeSessionID, e.StripePaymentIntentID, e.BookingID,
		e.Result, e.IfChanged, e.Reason, e.Payload,
		orNull(e.Change.Status), orNull(e.Change.Dispute), e.Change.RefundedAmount, e.Change.SessionID, e.Change.PaymentIntentID)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrRecorded
	}
	return reason, err
}

// Join applies a change to a booking whose row is locked, and tells whether anything became
// different. The errors are Keep's.
func (tx *Tx) Join(ctx context.Context, id uuid.UUID, c Change) (changed bool, err error) {
	result, err := tx.statement(ctx, joinSQL).ExecContext(ctx, id, orNull(c.Status), orNull(c.Dispute),
		c.RefundedAmount, c.SessionID, c.PaymentIntentID)
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
func orNull[Word ~string](word Word) *string {
	if word == "" {
		return nil
	}
	text := string(word)
	return &text
}
