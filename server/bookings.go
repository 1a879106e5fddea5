package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"example.com/hookproof/store"
)

// hold is how long an unpaid booking keeps its slot. Its session at Stripe ends with it, and thirty
// minutes are the least that Stripe takes, counted from when the request arrives there.
const hold = 31 * time.Minute

type bookingJSON struct {
	ID                    string              `json:"id"`
	UserID                string              `json:"userId"`
	ResourceID            string              `json:"resourceId"`
	StartsAt              time.Time           `json:"startsAt"`
	EndsAt                time.Time           `json:"endsAt"`
	Amount                int64               `json:"amount"`
	Currency              string              `json:"currency"`
	Status                store.BookingStatus `json:"status"`
	RefundedAmount        int64               `json:"refundedAmount"`
	Dispute               store.Dispute       `json:"dispute"`
	StripeSessionID       *string             `json:"stripeSessionId"`
	StripePaymentIntentID *string             `json:"stripePaymentIntentId"`
	CheckoutURL           *string             `json:"checkoutUrl"`
	ExpiresAt             time.Time           `json:"expiresAt"`
	CreatedAt             time.Time           `json:"createdAt"`
	UpdatedAt             time.Time           `json:"updatedAt"`
}

func bookingAnswer(b store.Booking) bookingJSON {
	return bookingJSON{
		ID: b.ID.String(), UserID: b.UserID.String(), ResourceID: b.ResourceID.String(),
		StartsAt: b.StartsAt.UTC(), EndsAt: b.EndsAt.UTC(),
		Amount: b.Amount, Currency: b.Currency,
		Status: b.Status, RefundedAmount: b.RefundedAmount, Dispute: b.Dispute,
		StripeSessionID: b.StripeSessionID, StripePaymentIntentID: b.StripePaymentIntentID, CheckoutURL: b.CheckoutURL,
		ExpiresAt: b.ExpiresAt.UTC(), CreatedAt: b.CreatedAt.UTC(), UpdatedAt: b.UpdatedAt.UTC(),
	}
}

// createBooking makes the row first and the session at Stripe after it, so that no session exists
// without a row for its events to find. From the row on it goes through, whether or not the caller
// still listens.
func (s *Server) createBooking(w http.ResponseWriter, r *http.Request, who identity) error {
	slot, err := s.slotOf(w, r)
	if err != nil {
		return err
	}
	ctx := context.WithoutCancel(r.Context())
	resource, err := s.store.Resource(ctx, slot.ResourceID)
	if errors.Is(err, store.ErrNotFound) {
		return errNoResource
	}
	if err != nil {
		return err
	}
	if err := s.endLapsedHolds(ctx, slot); err != nil {
		return err
	}
	booking, err := s.store.CreateBooking(ctx, store.NewBooking{
		ID: uuid.New(), UserID: who.UserID, Slot: slot, Hold: hold, MaxUnpaid: s.maxUnpaid(who),
	})
	if err != nil {
		return err
	}
	sessionID, checkoutURL, err := s.checkout.open(ctx, booking, resource.Name)
	if err != nil {
		// The session may exist all the same, so the row stays, for its events to find.
		if _, failed := s.store.EndPending(ctx, booking.ID, store.Cancelled); failed != nil {
			return errors.Join(err, failed)
		}
		return err
	}
	if booking, err = s.store.StoreCheckout(ctx, booking.ID, sessionID, checkoutURL); err != nil {
		return err
	}
	w.Header().Set("Location", "/bookings/"+booking.ID.String())
	return writeJSON(w, http.StatusCreated, bookingAnswer(booking))
}

// slotOf reads and checks what the caller wants to book.
func (s *Server) slotOf(w http.ResponseWriter, r *http.Request) (store.Slot, error) {
	var body struct {
		ResourceID string    `json:"resourceId"`
		StartsAt   time.Time `json:"startsAt"`
		EndsAt     time.Time `json:"endsAt"`
	}
	if err := decodeBody(w, r, &body); err != nil {
		return store.Slot{}, err
	}
	id, err := parseID(body.ResourceID)
	if err != nil {
		return store.Slot{}, errNoResource
	}
	slot := store.Slot{
		ResourceID: id,
		// PostgreSQL keeps microseconds.
		StartsAt: body.StartsAt.UTC().Truncate(time.Microsecond),
		EndsAt:   body.EndsAt.UTC().Truncate(time.Microsecond),
	}
	switch {
	case !slot.StartsAt.Before(slot.EndsAt):
		return slot, badRequest("endsAt must be after startsAt")
	case slot.StartsAt.Before(time.Now()):
		return slot, badRequest("startsAt is in the past")
	}
	return slot, nil
}

// endLapsedHolds frees a slot from unpaid bookings whose time is over. There is no background job:
// whoever wants the slot does it. Stripe is asked first, since the customer may have paid at the last
// moment; then the hold stays, and its webhook is on the way.
func (s *Server) endLapsedHolds(ctx context.Context, slot store.Slot) error {
	lapsed, err := s.store.LapsedHolds(ctx, slot)
	if err != nil {
		return err
	}
	for _, b := range lapsed {
		if b.StripeSessionID != nil {
			switch err := s.checkout.expire(ctx, *b.StripeSessionID); {
			case errors.Is(err, errComplete):
				return store.ErrSlotHeld
			case err != nil && !errors.Is(err, errExpired):
				return err
			}
		}
		if _, err := s.store.EndPending(ctx, b.ID, store.Expired); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) listBookings(w http.ResponseWriter, r *http.Request, who identity) error {
	page, err := pageOf(r)
	if err != nil {
		return err
	}
	var list []store.Booking
	if seesAll(who) {
		list, err = s.store.Bookings(r.Context(), page.query())
	} else {
		list, err = s.store.BookingsOf(r.Context(), who.UserID, page.query())
	}
	if err != nil {
		return err
	}
	return writePage(w, "bookings", page, list, bookingAnswer,
		func(b store.Booking) store.Page { return store.Page{CreatedAt: b.CreatedAt, ID: b.ID} })
}

func (s *Server) getBooking(w http.ResponseWriter, r *http.Request, who identity) error {
	booking, err := s.visible(r, who)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, bookingAnswer(booking))
}

// cancelBooking ends an unpaid booking, or asks Stripe to give a paid one's money back; then the
// webhook sets REFUNDED, and the slot is held until it comes.
func (s *Server) cancelBooking(w http.ResponseWriter, r *http.Request, who identity) error {
	booking, err := s.visible(r, who)
	if err != nil {
		return err
	}
	if who.Role != store.Admin && booking.UserID != who.UserID {
		return forbidden("only the booking's owner or an administrator can cancel it")
	}
	ctx := context.WithoutCancel(r.Context())
	switch booking.Status {
	case store.Cancelled:
		return writeJSON(w, http.StatusOK, bookingAnswer(booking))
	case store.Pending:
		return s.cancelPending(ctx, w, booking)
	case store.Confirmed:
		if booking.StripePaymentIntentID == nil {
			return conflict("nothing was paid for this booking, so there is nothing to give back")
		}
		if err := s.checkout.refund(ctx, booking); err != nil {
			return err
		}
		return writeJSON(w, http.StatusAccepted, bookingAnswer(booking))
	}
	return conflict("a booking that is " + string(booking.Status) + " cannot be cancelled")
}

// cancelPending ends the session before the booking, so that nobody pays for what is cancelled. A
// booking without a session has a creator on the way, or one that died.
func (s *Server) cancelPending(ctx context.Context, w http.ResponseWriter, booking store.Booking) error {
	if booking.StripeSessionID != nil {
		if err := s.checkout.expire(ctx, *booking.StripeSessionID); err != nil {
			return err
		}
	}
	booking, err := s.store.EndPending(ctx, booking.ID, store.Cancelled)
	if err != nil {
		return err
	}
	if booking.Status != store.Cancelled {
		return conflict("the booking has become " + string(booking.Status) + " meanwhile")
	}
	return writeJSON(w, http.StatusOK, bookingAnswer(booking))
}

// visible finds the booking in the path. Somebody else's does not exist, as far as a customer is told.
func (s *Server) visible(r *http.Request, who identity) (store.Booking, error) {
	id, err := pathID(r)
	if err != nil {
		return store.Booking{}, err
	}
	booking, err := s.store.Booking(r.Context(), id)
	if err == nil && booking.UserID != who.UserID && !seesAll(who) {
		err = store.ErrNotFound
	}
	return booking, err
}

func seesAll(who identity) bool { return who.Role == store.Admin || who.Role == store.Ops }

var errNoResource = notFound("there is no resource with this resourceId")

// idOrNil is an optional id as JSON.
func idOrNil(id *uuid.UUID) *string {
	if id == nil {
		return nil
	}
	text := id.String()
	return &text
}
