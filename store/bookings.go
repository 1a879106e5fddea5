package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// BookingStatus is a booking's place on the way from wish to refund.
type BookingStatus string

// The statuses in rank order: of two that events claim, the later one holds (see package webhook).
// Pending, AwaitingPayment and Confirmed are live, that is, they hold their slot.
const (
	Pending         BookingStatus = "PENDING"
	AwaitingPayment BookingStatus = "AWAITING_PAYMENT"
	Expired         BookingStatus = "EXPIRED"
	PaymentFailed   BookingStatus = "PAYMENT_FAILED"
	Cancelled       BookingStatus = "CANCELLED"
	Confirmed       BookingStatus = "CONFIRMED"
	Refunded        BookingStatus = "REFUNDED"
)

// Dispute is what a customer's bank has said of the payment; the words are in rank order.
type Dispute string

// The states of a dispute.
const (
	NoDispute   Dispute = "none"
	DisputeOpen Dispute = "open"
	DisputeWon  Dispute = "won"
	DisputeLost Dispute = "lost"
)

// Booking is one slot of one resource for one user. The slot is half open: StartsAt belongs to it,
// EndsAt does not. Amounts are in the currency's minor unit. ExpiresAt ends an unpaid booking's hold
// on its slot. What was given back is told by GivenBack.
type Booking struct {
	ID                    uuid.UUID     `db:"id"`
	UserID                uuid.UUID     `db:"userId"`
	ResourceID            uuid.UUID     `db:"resourceId"`
	StartsAt              time.Time     `db:"startsAt"`
	EndsAt                time.Time     `db:"endsAt"`
	Amount                int64         `db:"amount"`
	Currency              string        `db:"currency"`
	Status                BookingStatus `db:"status"`
	RefundedAmount        int64         `db:"refundedAmount"` // the largest sum that a charge has told
	Refunds               Refunds       `db:"refunds"`        // all that were told one by one
	FailedRefunds         Refunds       `db:"failedRefunds"`
	Dispute               Dispute       `db:"dispute"`
	StripeSessionID       *string       `db:"stripeSessionId"`
	StripePaymentIntentID *string       `db:"stripePaymentIntentId"`
	CheckoutURL           *string       `db:"checkoutUrl"`
	ExpiresAt             time.Time     `db:"expiresAt"`
	CreatedAt             time.Time     `db:"createdAt"`
	UpdatedAt             time.Time     `db:"updatedAt"`
}

const bookingColumns = `id, "userId", "resourceId", "startsAt", "endsAt", amount, currency, status, "refundedAmount",
	refunds, "failedRefunds", dispute, "stripeSessionId", "stripePaymentIntentId", "checkoutUrl", "expiresAt", "createdAt", "updatedAt"`

// The statements whose tables grow; a test asks the planner whether each finds its rows by an index.
const (
	unpaidSQL = `
		SELECT count(*) FROM "Booking" WHERE "userId" = $1
		  AND status IN ('PENDING', 'AWAITING_PAYMENT') AND (status = 'AWAITING_PAYMENT' OR "expiresAt" > now())`
	bookingSQL  = `SELECT ` + bookingColumns + ` FROM "Booking" WHERE id = $1`
	bookingsSQL = `
		SELECT ` + bookingColumns + ` FROM "Booking" WHERE ("createdAt", id) < ($1, $2)
		ORDER BY "createdAt" DESC, id DESC LIMIT $3`
	bookingsOfSQL = `
		SELECT ` + bookingColumns + ` FROM "Booking" WHERE "userId" = $4 AND ("createdAt", id) < ($1, $2)
		ORDER BY "createdAt" DESC, id DESC LIMIT $3`
)

// Slot is what somebody wants to book.
type Slot struct {
	ResourceID       uuid.UUID
	StartsAt, EndsAt time.Time
}

// NewBooking is what a booking is made of. Its id is the caller's choice, so that he knows it before the row
// is there.
type NewBooking struct {
	ID, UserID uuid.UUID
	Slot       Slot
	Hold       time.Duration // how long it keeps its slot unpaid
	MaxUnpaid  int           // how many unpaid bookings the user may have, this one included; 0 is no limit
}

// CreateBooking adds a pending booking of the slot at the resource's price, held until now + hold.
// ErrSlotHeld if a live booking overlaps; an UnpaidError if the user has as many unpaid ones as he may have;
// ErrNotFound if there is no such resource; ErrUserGone if there is no such user.
//
// It takes the resource's row lock first, so that those who want one resource at the same time queue:
// concurrent inserts under an exclusion constraint would wait for each other in a circle, and none
// might win. It does not try to insert what is held already: the attempt and a change of the row that
// holds the slot, a payment for instance, would wait for each other, too.
//
// With a limit it takes the user's row lock next, so that one user's bookings of several resources are
// counted one after the other. Nobody takes these two locks in the other order.
func (s *Store) CreateBooking(ctx context.Context, n NewBooking) (Booking, error) {
	b, err := asked(ctx, s, func(ctx context.Context, tx *Tx) (b Booking, err error) {
		slot := n.Slot
		var r Resource
		if err := tx.tx.GetContext(ctx, &r, `
			SELECT id, name, "unitAmount", currency, "createdAt" FROM "Resource" WHERE id = $1 FOR NO KEY UPDATE`,
			slot.ResourceID); err != nil {
			return b, found(err)
		}
		if err := tx.checkUnpaid(ctx, n.UserID, n.MaxUnpaid); err != nil {
			return b, err
		}
		err = tx.tx.GetContext(ctx, &b, `
			INSERT INTO "Booking" (id, "userId", "resourceId", "startsAt", "endsAt", amount, currency, "expiresAt")
			SELECT $8, $1, $2, $3, $4, $5, $6, now() + $7 * interval '1 second'
			WHERE NOT EXISTS (SELECT FROM "Booking" WHERE "resourceId" = $2 AND tstzrange("startsAt", "endsAt") && tstzrange($3, $4)
				AND status IN ('PENDING', 'AWAITING_PAYMENT', 'CONFIRMED'))
			RETURNING `+bookingColumns,
			n.UserID, r.ID, slot.StartsAt, slot.EndsAt, r.UnitAmount, r.Currency, n.Hold.Seconds(), n.ID)
		if errors.Is(err, sql.ErrNoRows) {
			return b, ErrSlotHeld
		}
		return b, err
	})
	if ViolatedConstraint(err) == SlotConstraint {
		return Booking{}, ErrSlotHeld
	}
	if refused := pq.As(err, pqerror.ForeignKeyViolation); refused != nil && refused.Constraint == "Booking_userId_fkey" {
		return Booking{}, ErrUserGone
	}
	return b, err
}

// checkUnpaid is an UnpaidError if the user has as many unpaid bookings as he may have. A hold that has lapsed
// does not count: its slot is free for whoever wants it.
func (tx *Tx) checkUnpaid(ctx context.Context, userID uuid.UUID, most int) error {
	if most == 0 {
		return nil
	}
	var id uuid.UUID
	err := tx.tx.GetContext(ctx, &id, `SELECT id FROM "User" WHERE id = $1 FOR NO KEY UPDATE`, userID)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrUserGone
	}
	if err != nil {
		return err
	}
	// A statement of its own: it sees what was committed while the one before waited for the lock.
	var unpaid int
	if err := tx.tx.GetContext(ctx, &unpaid, unpaidSQL, userID); err != nil {
		return err
	}
	if unpaid >= most {
		return UnpaidError{most}
	}
	return nil
}

// Booking finds a booking; ErrNotFound if there is none.
func (s *Store) Booking(ctx context.Context, id uuid.UUID) (Booking, error) {
	return ask(ctx, s.questions, func(ctx context.Context) (b Booking, err error) {
		err = s.db.GetContext(ctx, &b, bookingSQL, id)
		return b, found(err)
	})
}

// Bookings lists every booking, newest first.
func (s *Store) Bookings(ctx context.Context, page Page) ([]Booking, error) {
	return listed[Booking](ctx, s, bookingsSQL, page.before(), page.ID, page.Limit)
}

// BookingsOf lists one user's bookings, newest first.
func (s *Store) BookingsOf(ctx context.Context, userID uuid.UUID, page Page) ([]Booking, error) {
	return listed[Booking](ctx, s, bookingsOfSQL, page.before(), page.ID, page.Limit, userID)
}
