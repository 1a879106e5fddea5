package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"

	"example.com/hookproof/store"
)

// creation is a booking that is being made: what its creator knows of it.
type creation struct {
	id        uuid.UUID
	resource  store.Resource
	sessionID string // "" until Stripe has answered
	asked     bool   // Stripe may have made a session without telling
}

// The tries to take a creation back: for takeBackTime at the most, since the slot is free for others after
// abandonedTime in any case, and few at once, since what fails for one will fail for all.
const (
	takeBackTime    = abandonedTime
	takeBackPause   = 250 * time.Millisecond // after the first try; then twice as long, and so on
	takeBackLongest = 5 * time.Second
	takeBackAtOnce  = 4
	takeBackWaiting = 256 // are tried at the same time at the most; what is beyond is left to abandonedTime
	// sessionTries are how often Stripe may fail (5xx) when it is asked for a session that nobody has been told of, once
	// the slot is free. One that is still making it (409) or gives no answer is asked for as long as takeBackTime.
	sessionTries = 3
)

// Why a creation is not taken back yet.
const (
	errMoved         = fault("the booking has changed at the same moment")
	errSessionHidden = fault("the slot is free; Stripe does not say whether it has made a session, which ends by itself")
	errSessionLate   = fault("the slot is free; Stripe is still about to make its session, which ends by itself")
	errTooMany       = fault("too many bookings are being taken back")
)

// takeBack ends a booking whose creation has failed or came too late, and its session, so that nothing is held for
// somebody who was told so. It tries until it has succeeded, since what made the creation fail may stand in its way,
// too; a server that is stopping tries once more.
func (s *Server) takeBack(made creation) {
	log := s.log.With(slog.String("bookingId", made.id.String()))
	if !s.takeBacks.TryAcquire(1) {
		log.Error("Booking not taken back; whoever wants its slot next ends it", "error", describe(errTooMany))
		return
	}
	defer s.takeBacks.Release(1)
	ctx, cancel := context.WithTimeout(context.Background(), takeBackTime)
	defer cancel()
	pause := takeBackPause
	for hidden := 0; ; pause = min(2*pause, takeBackLongest) {
		stopping := s.life.Err() != nil
		err := s.tryTakeBack(ctx, made)
		if errors.Is(err, errSessionHidden) {
			hidden++
		}
		switch {
		case err == nil:
			log.Info("Booking taken back")
			return
		case hidden == sessionTries, slotFree(err) && (stopping || ctx.Err() != nil):
			log.Info("Booking taken back", "error", describe(err))
			return
		case stopping, ctx.Err() != nil:
			log.Error("Booking not taken back; whoever wants its slot next ends it", "error", describe(err))
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		case <-s.life.Done():
		}
	}
}

// slotFree tells that nothing is left to be taken back but a session that nobody has been told of.
func slotFree(err error) bool {
	return errors.Is(err, errSessionHidden) || errors.Is(err, errSessionLate)
}

// takeBackBeside is takeBack after the caller has been answered.
func (s *Server) takeBackBeside(made creation) { s.working.Go(func() { s.takeBack(made) }) }

// tryTakeBack ends the row and its session, or tells what is in the way; errSessionHidden once the row has ended and
// only a session is left that nobody has been told of.
func (s *Server) tryTakeBack(ctx context.Context, made creation) error {
	if err := s.takeBackTurns.Acquire(ctx, 1); err != nil {
		return err
	}
	defer s.takeBackTurns.Release(1)
	booking, err := s.store.MadeBooking(ctx, made.resource.ID, made.id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	known := made.sessionID
	if known == "" && booking.StripeSessionID != nil {
		known = *booking.StripeSessionID
	}
	if known != "" {
		switch err := s.checkout.expire(ctx, known); {
		case errors.Is(err, errComplete):
			return nil // it is paid: its webhook is on the way
		case err != nil && !errors.Is(err, errExpired):
			return err
		}
	}
	// A booking with another session than the one that was ended has been taken up by an event.
	if booking.StripeSessionID == nil || *booking.StripeSessionID == known {
		if booking, err = s.store.EndPending(ctx, booking.ID, booking.StripeSessionID, store.Cancelled); err != nil {
			return err
		}
		if booking.Status == store.Pending {
			return errMoved
		}
	}
	if known != "" || !made.asked {
		return nil
	}
	err = s.endHiddenSession(ctx, made, booking)
	if err != nil && !errors.Is(err, errSessionHidden) {
		return errSessionLate
	}
	return err
}

// endHiddenSession ends the session that Stripe may have made without telling. Nobody knows its address, so that the
// slot came first.
func (s *Server) endHiddenSession(ctx context.Context, made creation, booking store.Booking) error {
	found, err := s.checkout.find(ctx, booking, made.resource.Name)
	var failed *stripeError
	if errors.As(err, &failed) && failed.status >= http.StatusInternalServerError {
		return errSessionHidden // Stripe repeats such an answer to each repetition of the key
	}
	if err != nil || found == "" {
		return err
	}
	if _, err := s.store.StoreCheckout(ctx, booking.ID, found, ""); err != nil {
		return err
	}
	if err := s.checkout.expire(ctx, found); !errors.Is(err, errExpired) {
		return err
	}
	return nil
}
