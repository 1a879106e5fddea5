package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"
)

// The statements by which a delivery that goes alone finds and locks what it is about; those of deliveries
// that go together are in group.go, and what both write is in keep.go. All of them find their rows by an
// index, which a test asks the planner to confirm.
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

	bookingByIDSQL      = `SELECT ` + lockedColumns + ` FROM "Booking" AS b WHERE id = $1 FOR NO KEY UPDATE`
	bookingBySessionSQL = `SELECT ` + lockedColumns + ` FROM "Booking" AS b WHERE "stripeSessionId" = $1 FOR NO KEY UPDATE`
	bookingByIntentSQL  = `SELECT ` + lockedColumns + ` FROM "Booking" AS b WHERE "stripePaymentIntentId" = $1
		ORDER BY "createdAt", id LIMIT 1 FOR NO KEY UPDATE`

	lockedColumns = `b.id, b.status, b.amount, b.currency, b."stripeSessionId"`
)

// LockedBooking is what there is to know of a booking to decide what an event means to it. Its row is locked
// until the transaction ends, so it stays true until then.
type LockedBooking struct {
	ID              uuid.UUID     `db:"id"`
	Status          BookingStatus `db:"status"`
	Amount          int64         `db:"amount"`
	Currency        string        `db:"currency"`
	StripeSessionID *string       `db:"stripeSessionId"`
}

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
func (tx *Tx) LockBooking(ctx context.Context, id uuid.UUID) (*LockedBooking, error) {
	return tx.lockBooking(ctx, bookingByIDSQL, id)
}

// LockBookingOfSession is LockBooking by the Checkout session.
func (tx *Tx) LockBookingOfSession(ctx context.Context, sessionID string) (*LockedBooking, error) {
	return tx.lockBooking(ctx, bookingBySessionSQL, sessionID)
}

// LockBookingOfIntent is LockBooking by the payment intent; the oldest one, should several claim it.
func (tx *Tx) LockBookingOfIntent(ctx context.Context, intent string) (*LockedBooking, error) {
	return tx.lockBooking(ctx, bookingByIntentSQL, intent)
}

func (tx *Tx) lockBooking(ctx context.Context, query string, key any) (*LockedBooking, error) {
	var b LockedBooking
	if err := tx.statement(ctx, query).GetContext(ctx, &b, key); err != nil {
		return nil, found(err)
	}
	return &b, nil
}
