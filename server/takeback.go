package server

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"example.com/hookproof/store"
)

// creation is a booking on its way into the world: what its creator knows of it.
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
)

// takeBack ends a booking whose creation has failed or came too late, and its session, so that nothing is held for
// somebody who was told so. It tries until it has succeeded, since what made the creation fail may stand in its way,
// too; a server that is stopping tries once more.
func (s *Server) takeBack(made creation) {
	ctx, cancel := context.WithTimeout(context.Background(), takeBackTime)
	defer cancel()
	log := s.log.With(slog.String("bookingId", made.id.String()))
	for pause := takeBackPause; ; pause = min(2*pause, takeBackLongest) {
		err := s.tryTakeBack(ctx, made)
		if err == nil {
			log.Info("Booking taken back")
			return
		}
		select {
		case <-time.After(pause):
			continue
		case <-ctx.Done():
		case <-s.life.Done():
		}
		log.Error("Booking not taken back; whoever wants its slot next ends it", "error", describe(err))
		return
	}
}

// takeBackBeside is takeBack after the caller has been answered.
func (s *Server) takeBackBeside(made creation) { s.working.Go(func() { s.takeBack(made) }) }

// errMoved: somebody else has changed the booking at the same moment.
var errMoved = errors.New("server: the booking has changed meanwhile")

func (s *Server) tryTakeBack(ctx context.Context, made creation) error {
	select {
	case s.takingBack <- struct{}{}:
		defer func() { <-s.takingBack }()
	case <-ctx.Done():
		return ctx.Err()
	}
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
		seen := booking.StripeSessionID
		if booking, err = s.store.EndPending(ctx, booking.ID, seen, store.Cancelled); err != nil {
			return err
		}
		if booking.Status == store.Pending {
			return errMoved
		}
	}
	if known != "" || !made.asked {
		return nil
	}
	// Nobody has been told the address of a session that Stripe may have made, so that the slot came first.
	found, err := s.checkout.find(ctx, booking, made.resource.Name)
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
