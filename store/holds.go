package store

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// The statements of a pending booking's hold on its slot. A test asks the planner whether each finds its rows by
// an index.
const (
	// The range is written as in the exclusion constraint, whose index serves this, too.
	lapsedHoldsSQL = `
		SELECT ` + bookingColumns + ` FROM "Booking"
		WHERE "resourceId" = $1 AND tstzrange("startsAt", "endsAt") && tstzrange($2, $3) AND status = 'PENDING'
		  AND ("expiresAt" <= now() OR "stripeSessionId" IS NULL AND "createdAt" <= now() - $4 * interval '1 second')
		ORDER BY "startsAt" LIMIT $5`
	endPendingSQL = `
		UPDATE "Booking" SET status = $2, "updatedAt" = now()
		WHERE id = $1 AND status = 'PENDING' AND "stripeSessionId" IS NOT DISTINCT FROM $3`
	storeCheckoutSQL = `
		UPDATE "Booking" SET "stripeSessionId" = COALESCE("stripeSessionId", $2), "updatedAt" = now(),
			"checkoutUrl" = CASE WHEN status IN ('EXPIRED', 'PAYMENT_FAILED', 'CANCELLED') THEN "checkoutUrl" ELSE $3 END
		WHERE id = $1 RETURNING ` + bookingColumns
)

// LapsedHolds lists the pending bookings that overlap the slot and have no claim to it any more, at most so many:
// those whose hold has ended, and those whose creator has not brought them a session for as long as abandoned.
func (s *Store) LapsedHolds(ctx context.Context, slot Slot, abandoned time.Duration, most int) ([]Booking, error) {
	return listed[Booking](ctx, s, lapsedHoldsSQL, slot.ResourceID, slot.StartsAt, slot.EndsAt, abandoned.Seconds(), most)
}

// EndPending gives a booking the status EXPIRED or CANCELLED if it is still pending and its session is still the
// one that the caller has seen, which is nil for none: he has made sure that this session cannot be paid, and of
// another one he knows nothing. It returns the booking as it is then: pending if it has got a session meanwhile,
// in another status if somebody was faster.
func (s *Store) EndPending(ctx context.Context, id uuid.UUID, seen *string, end BookingStatus) (Booking, error) {
	return asked(ctx, s, func(ctx context.Context, tx *Tx) (b Booking, err error) {
		if _, err := tx.tx.ExecContext(ctx, endPendingSQL, id, end, seen); err != nil {
			return b, err
		}
		err = tx.tx.GetContext(ctx, &b, bookingSQL, id)
		return b, found(err)
	})
}

// StoreCheckout keeps the session that was made for a booking, and returns the booking as it is then. An event that
// overtook this call has brought the session already, and what it brought stays. A booking that has ended meanwhile
// keeps the session, for whoever has to end that, too, but not the address at which it would be paid.
func (s *Store) StoreCheckout(ctx context.Context, id uuid.UUID, sessionID, checkoutURL string) (Booking, error) {
	return asked(ctx, s, func(ctx context.Context, tx *Tx) (b Booking, err error) {
		err = tx.tx.GetContext(ctx, &b, storeCheckoutSQL, id, sessionID, checkoutURL)
		return b, found(err)
	})
}

// MadeBooking finds a booking when nobody knows whether it was made: CreateBooking got no answer. It takes the lock
// of the resource, which CreateBooking's transaction holds from its first statement to its end, so that it waits
// for a commit that is still on its way. ErrNotFound is final then.
func (s *Store) MadeBooking(ctx context.Context, resourceID, id uuid.UUID) (Booking, error) {
	return asked(ctx, s, func(ctx context.Context, tx *Tx) (b Booking, err error) {
		if _, err := tx.tx.ExecContext(ctx, `SELECT FROM "Resource" WHERE id = $1 FOR NO KEY UPDATE`, resourceID); err != nil {
			return b, err
		}
		err = tx.tx.GetContext(ctx, &b, bookingSQL, id)
		return b, found(err)
	})
}
