package store

import (
	"context"
	"database/sql"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

// The statements of one delivery, each a step of what package webhook does in one transaction. All of
// them find their rows by an index, which a test asks the planner to confirm.
const (
	lockIntentSQL = `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`

	seenSQL = `
		SELECT d.n, seen."stripeEventId", seen."bookingId"
		FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS d (event, session, type, n),
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

	// keepSQL records events and applies them. A change that says nothing leaves its booking as it is. The
	// payloads come as one value, because lib/pq writes arrays as text, bytes in hexadecimal digits.
	keepSQL = `
		WITH d AS (
			SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::text[], $6::text[], $7::uuid[],
				$8::"PaymentEventResult"[], $9::text[], $10::text[], $11::int[], $12::int[],
				$13::"BookingStatus"[], $14::"Dispute"[], $15::bigint[], $16::text[], $17::text[])
			AS d (event, type, version, livemode, session, intent, booking, result, changed, unchanged, start, length,
				to_status, to_dispute, to_refunded, to_session, to_intent)
		), joined AS (
			UPDATE "Booking" AS b SET ` + joinSet + `, "updatedAt" = now()
			FROM d WHERE b.id = d.booking AND ` + joinDiffers + `
			RETURNING b.id
		)
		INSERT INTO "PaymentEvent" ("stripeEventId", type, "apiVersion", livemode, "stripeSessionId",
			"stripePaymentIntentId", "bookingId", result, reason, payload)
		SELECT event, type, version, livemode, session, intent, booking, result,
			CASE WHEN joined.id IS NULL THEN unchanged ELSE changed END, substring($18::bytea FROM start FOR length)
		FROM d LEFT JOIN joined ON joined.id = d.booking ORDER BY event
		ON CONFLICT DO NOTHING
		RETURNING "stripeEventId", reason`

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

// Seen finds the records of events, or of the facts that they tell of (a session's type of event that was
// applied before). The list is as long as the events'; of what is found only StripeEventID and BookingID
// are filled, and nil stands for an event that is new.
func (s *Store) Seen(ctx context.Context, events ...PaymentEvent) ([]*PaymentEvent, error) {
	ids, sessions, types := make([]string, len(events)), make([]sql.NullString, len(events)), make([]string, len(events))
	for i, e := range events {
		ids[i], sessions[i], types[i] = e.StripeEventID, nullable(e.StripeSessionID), e.Type
	}
	var rows []struct {
		N int `db:"n"`
		PaymentEvent
	}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	err := (*s.prepared.statements.Load())[seenSQL].SelectContext(ctx, &rows, pq.Array(ids), pq.Array(sessions), pq.Array(types))
	seen := make([]*PaymentEvent, len(events))
	for i := range rows {
		seen[rows[i].N-1] = &rows[i].PaymentEvent
	}
	return seen, err
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

// Keep records events and joins their changes to their bookings, whose rows are locked: all of them or
// none. No two entries may be of one booking. It answers the reasons that were kept. The error is
// ErrRecorded if one of the events, or its fact, has been recorded meanwhile, and may be a violation of
// SlotConstraint or SessionConstraint; after an error the transaction can only end.
func (tx *Tx) Keep(ctx context.Context, entries ...Entry) (reasons []string, err error) {
	var a entryArrays
	for _, e := range entries {
		a.add(e)
	}
	var rows []struct {
		EventID string `db:"stripeEventId"`
		Reason  string `db:"reason"`
	}
	if err := tx.statement(ctx, keepSQL).SelectContext(ctx, &rows, a.arguments()...); err != nil {
		return nil, err
	}
	if len(rows) < len(entries) {
		return nil, ErrRecorded
	}
	kept := map[string]string{}
	for _, row := range rows {
		kept[row.EventID] = row.Reason
	}
	for _, e := range entries {
		reasons = append(reasons, kept[e.StripeEventID])
	}
	return reasons, nil
}

// Join applies a change to a booking whose row is locked, and tells whether anything became
// different. The errors are Keep's.
func (tx *Tx) Join(ctx context.Context, id uuid.UUID, c Change) (changed bool, err error) {
	result, err := tx.statement(ctx, joinSQL).ExecContext(ctx, id, orNull(string(c.Status)), orNull(string(c.Dispute)),
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
