package store

import (
	"context"
	"database/sql"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

// The statements of deliveries that share a transaction. They wait for nobody: what another transaction
// holds is left out, and taken alone.
const (
	// The locks are taken in one order by everybody, though none is waited for.
	freeIntentsSQL = `
		SELECT d.intent FROM unnest($1::text[]) AS d (intent)
		WHERE pg_try_advisory_xact_lock(hashtextextended(d.intent, 0))`

	// A booking that has ended is left out, since to bring it back can violate the slot's constraint; so is
	// one that would adopt the event's session, or for which events are parked.
	plainSQL = `
		SELECT d.n, b.id, b.amount, b.currency, b."stripeSessionId"
		FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS d (booking, session, intent, n)
		JOIN "Booking" AS b ON b.id = d.booking
		WHERE b.status IN ('PENDING', 'AWAITING_PAYMENT', 'CONFIRMED', 'REFUNDED')
		  AND (d.session IS NULL OR b."stripeSessionId" = d.session)
		  AND NOT EXISTS (SELECT FROM "PaymentEvent" WHERE "stripePaymentIntentId" = d.intent AND reason = 'parked')
		ORDER BY b.id
		FOR NO KEY UPDATE OF b SKIP LOCKED`
)

// FreeIntents is LockIntent for several, without waiting: it takes the locks that are free, and tells which.
func (tx *Tx) FreeIntents(ctx context.Context, intents []string) (map[string]bool, error) {
	var list []string
	err := tx.statement(ctx, freeIntentsSQL).SelectContext(ctx, &list, pq.Array(intents))
	free := map[string]bool{}
	for _, intent := range list {
		free[intent] = true
	}
	return free, err
}

// LockPlain finds the bookings that events name by BookingID and holds their rows until the transaction
// ends. The list is as long as the events'; nil stands for a booking that is not there, or held by another
// transaction, or about which more than itself and the event must be looked at. Of what is found only ID,
// Amount, Currency and StripeSessionID are filled. The locks of the events' intents must be held.
func (tx *Tx) LockPlain(ctx context.Context, events []PaymentEvent) ([]*Booking, error) {
	ids, sessions, intents := make([]*uuid.UUID, len(events)), make([]sql.NullString, len(events)), make([]sql.NullString, len(events))
	for i, e := range events {
		ids[i], sessions[i], intents[i] = e.BookingID, nullable(e.StripeSessionID), nullable(e.StripePaymentIntentID)
	}
	var rows []struct {
		N int `db:"n"`
		Booking
	}
	err := tx.statement(ctx, plainSQL).SelectContext(ctx, &rows, pq.Array(ids), pq.Array(sessions), pq.Array(intents))
	bookings := make([]*Booking, len(events))
	for i := range rows {
		bookings[rows[i].N-1] = &rows[i].Booking
	}
	return bookings, err
}
