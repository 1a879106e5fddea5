package server

import (
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"example.com/hookproof/store"
)

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
	FailedRefundAmount    int64               `json:"failedRefundAmount"`
	Dispute               store.Dispute       `json:"dispute"`
	StripeSessionID       *string             `json:"stripeSessionId"`
	StripePaymentIntentID *string             `json:"stripePaymentIntentId"`
	CheckoutURL           *string             `json:"checkoutUrl"`
	ExpiresAt             time.Time           `json:"expiresAt"`
	CreatedAt             time.Time           `json:"createdAt"`
	UpdatedAt             time.Time           `json:"updatedAt"`
}

func bookingAnswer(b store.Booking) bookingJSON {
	if hasEnded(b) && b.CheckoutURL == nil {
		// The booking had ended when it got its session, which is about to be ended, too. Until then it can be paid by
		// whoever knows its id.
		b.StripeSessionID = nil
	}
	return bookingJSON{
		ID: b.ID.String(), UserID: b.UserID.String(), ResourceID: b.ResourceID.String(),
		StartsAt: b.StartsAt.UTC(), EndsAt: b.EndsAt.UTC(),
		Amount: b.Amount, Currency: b.Currency,
		Status: b.Status, RefundedAmount: b.GivenBack(), FailedRefundAmount: b.FailedRefunds.Sum(), Dispute: b.Dispute,
		StripeSessionID: b.StripeSessionID, StripePaymentIntentID: b.StripePaymentIntentID, CheckoutURL: b.CheckoutURL,
		ExpiresAt: b.ExpiresAt.UTC(), CreatedAt: b.CreatedAt.UTC(), UpdatedAt: b.UpdatedAt.UTC(),
	}
}

// createBooking makes the row first and the session at Stripe after it, so that no session exists without a row for
// its events to find. From the row on it goes through, whether or not the caller still listens. What it cannot
// bring to its end it takes back: who is not answered 201 holds nothing.
func (s *Server) createBooking(w http.ResponseWriter, r *http.Request, who identity) error {
	slot, err := s.slotOf(w, r)
	if err != nil {
		return err
	}
	ctx, cancel := untilAnswered(r)
	defer cancel()
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
	made := creation{id: uuid.New(), resource: resource}
	subjectOf(r).setBooking(made.id)
	takeBackLater(w, func() { s.takeBack(made) })
	booking, err := s.store.CreateBooking(ctx, store.NewBooking{
		ID: made.id, UserID: who.UserID, Slot: slot, Hold: hold, MaxUnpaid: s.maxUnpaid(who),
	})
	if err != nil {
		if mayBeDone(err) {
			s.takeBackBeside(made)
		}
		return err
	}
	sessionID, checkoutURL, err := s.checkout.open(ctx, booking, resource.Name)
	if err != nil {
		made.asked = mayBeOpen(err)
		_, failed := s.store.EndPending(ctx, booking.ID, nil, store.Cancelled)
		if failed != nil || made.asked {
			s.takeBackBeside(made)
		}
		if failed != nil {
			return failed // the answer to err says that nothing is held
		}
		return err
	}
	made.sessionID = sessionID
	booking, err = insist(ctx, func() (store.Booking, error) {
		return s.store.StoreCheckout(ctx, made.id, sessionID, checkoutURL)
	})
	if err != nil {
		s.takeBackBeside(made)
		return err
	}
	switch {
	case hasEnded(booking):
		err = conflict("the booking was ended before its checkout was ready; nothing is held")
	case *booking.StripeSessionID != sessionID:
		err = conflict("an event has given the booking another checkout session; GET /bookings has it")
	}
	if err != nil {
		if failed := s.checkout.expire(ctx, sessionID); failed != nil && !errors.Is(failed, errNotOpen) {
			s.takeBackBeside(made)
		}
		return err
	}
	w.Header().Set("Location", "/bookings/"+booking.ID.String())
	return writeJSON(w, http.StatusCreated, bookingAnswer(booking))
}

type slotBody struct {
	ResourceID string    `json:"resourceId"`
	StartsAt   time.Time `json:"startsAt"`
	EndsAt     time.Time `json:"endsAt"`
}

// slotOf reads and checks what the caller wants to book.
func (s *Server) slotOf(w http.ResponseWriter, r *http.Request) (store.Slot, error) {
	var body slotBody
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
	return slot, s.config.checkSlot(slot, time.Now())
}

var bookingList = list[store.Booking]{
	name:   "bookings",
	answer: func(b store.Booking) any { return bookingAnswer(b) },
	at:     func(b store.Booking) store.Page { return store.Page{CreatedAt: b.CreatedAt, ID: b.ID} },
}

func (s *Server) listBookings(w http.ResponseWriter, r *http.Request, who identity) error {
	page, err := pageOf(r)
	if err != nil {
		return err
	}
	var rows []store.Booking
	if seesAll(who) {
		rows, err = s.store.Bookings(r.Context(), page.query())
	} else {
		rows, err = s.store.BookingsOf(r.Context(), who.UserID, page.query())
	}
	if err != nil {
		return err
	}
	return bookingList.write(w, s.log, page, rows)
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
	if err := skipBody(w, r); err != nil {
		return err
	}
	booking, err := s.visible(r, who)
	if err != nil {
		return err
	}
	if who.Role != store.Admin && booking.UserID != who.UserID {
		return forbidden("only the booking's owner or an administrator can cancel it")
	}
	ctx, cancel := untilAnswered(r)
	defer cancel()
	switch booking.Status {
	case store.Pending:
		booking, err = s.endHold(ctx, booking, store.Cancelled, s.endOpenSession)
		if err == nil && booking.Status != store.Cancelled {
			err = conflict("the booking has become " + string(booking.Status) + " meanwhile")
		}
	case store.Cancelled: // again: an earlier request may have been cut off before it had ended the session
		err = s.endSession(ctx, booking)
	case store.Confirmed:
		if booking.StripePaymentIntentID == nil {
			return conflict("nothing was paid for this booking, so there is nothing to give back")
		}
		if err := s.checkout.refund(ctx, booking); err != nil {
			return err
		}
		return writeJSON(w, http.StatusAccepted, bookingAnswer(booking))
	default:
		err = conflict("a booking that is " + string(booking.Status) + " cannot be cancelled")
	}
	if err != nil {
		return err
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
