package server

import (
	"context"
	"errors"
	"sync"
	"time"

	"example.com/hookproof/store"
)

// A pending booking and its Checkout session end together, or the customer could pay for a slot that is another's.
// They are in two places, the database and Stripe, and no transaction spans both. What keeps them together:
//
//   - Who ends a booking ends its session first, and then the booking with exactly the session that he has seen
//     (store.EndPending). If another request has brought the session meanwhile, he begins again.
//   - Who brings a session to a booking that has ended meanwhile (store.StoreCheckout) ends the session.
//   - Who is not answered 201 holds nothing: his booking is taken back (takeBack).
//   - What a process leaves that died on the way is ended by whoever wants the slot, after abandonedTime.

// hold is how long an unpaid booking keeps its slot. Its session at Stripe ends with it, and thirty minutes are the
// least that Stripe takes, counted from when the request arrives there.
// https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-expires_at
const hold = 31 * time.Minute

// abandonedTime is how long a booking may be without a session before its creator counts as gone. It is longer than
// any request lasts, and longer than hold is above Stripe's thirty minutes: asked for the session again, with the
// key with which it was made, Stripe can then only find it, since one made now would end too soon.
const abandonedTime = 2 * time.Minute

// What one request does at the most about other people's lapsed holds that are in its way.
const (
	lapsedMost   = 64
	lapsedAtOnce = 8
	lapsedTime   = 8 * time.Second
)

// errManyHolds: the next try goes on where this one has stopped.
const errManyHolds = fault("more lapsed holds than one request can end")

// endLapsedHolds frees a slot from unpaid bookings whose time is over. There is no background job: whoever wants the
// slot does it. Stripe is asked first, since the customer may have paid at the last moment; then the hold stays, and
// its webhook is on the way.
func (s *Server) endLapsedHolds(ctx context.Context, slot store.Slot) error {
	lapsed, err := s.store.LapsedHolds(ctx, slot, abandonedTime, lapsedMost+1)
	if err != nil || len(lapsed) == 0 {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, lapsedTime)
	defer cancel()
	var (
		failures = make([]error, min(len(lapsed), lapsedMost))
		places   = make(chan struct{}, lapsedAtOnce)
		group    sync.WaitGroup
	)
	for i := range failures {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			if ctx.Err() != nil {
				failures[i] = errManyHolds
				return
			}
			_, failures[i] = s.endHold(ctx, lapsed[i], store.Expired, s.endSession)
		})
	}
	group.Wait()
	err = errors.Join(failures...) // of several the first in the table of answers counts: Stripe's failure before ours
	switch {
	case errors.Is(err, errComplete):
		return store.ErrSlotHeld
	case err == nil && len(lapsed) > lapsedMost:
		return errManyHolds
	}
	return err
}

// endHold ends a pending booking together with its session, and returns the booking as it is then: in another status
// if somebody was faster, an event that tells of the payment for instance.
func (s *Server) endHold(ctx context.Context, b store.Booking, end store.BookingStatus,
	endSession func(context.Context, store.Booking) error) (store.Booking, error) {
	for b.Status == store.Pending { // twice at the most: a booking gets its session once
		if err := endSession(ctx, b); err != nil {
			return b, err
		}
		ended, err := insist(ctx, func() (store.Booking, error) { return s.store.EndPending(ctx, b.ID, b.StripeSessionID, end) })
		if err != nil {
			return b, err
		}
		b = ended
	}
	return b, nil
}

// endSession makes sure that a booking cannot be paid any more; errComplete if that is too late.
func (s *Server) endSession(ctx context.Context, b store.Booking) error {
	if err := s.endOpenSession(ctx, b); !errors.Is(err, errExpired) {
		return err
	}
	return nil
}

// endOpenSession is endSession that also tells, by errExpired, that the session has ended by itself.
func (s *Server) endOpenSession(ctx context.Context, b store.Booking) error {
	sessionID, err := s.sessionOf(ctx, b)
	if err != nil || sessionID == "" {
		return err
	}
	return s.checkout.expire(ctx, sessionID)
}

// sessionOf is the id of a booking's session, "" if it has none. A booking whose creator is at work has none yet: he
// will find it ended. Of one whose creator is gone Stripe may know a session that nobody was told of.
func (s *Server) sessionOf(ctx context.Context, b store.Booking) (string, error) {
	if b.StripeSessionID != nil {
		return *b.StripeSessionID, nil
	}
	if time.Since(b.CreatedAt) < abandonedTime {
		return "", nil
	}
	resource, err := s.store.Resource(ctx, b.ResourceID)
	if err != nil {
		return "", err
	}
	return s.checkout.find(ctx, b, resource.Name)
}

func hasEnded(b store.Booking) bool {
	return b.Status == store.Expired || b.Status == store.PaymentFailed || b.Status == store.Cancelled
}

// mayBeDone tells that the database has not said what became of a transaction.
func mayBeDone(err error) bool {
	return store.Unavailable(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// insist tries for a moment to have the database keep what Stripe has done already, which no rollback can undo. The
// usual reason of a failure is a connection that was lost, and then another one will do. What is kept must be the
// same when it is kept twice.
func insist(ctx context.Context, keep func() (store.Booking, error)) (store.Booking, error) {
	const moment, pause = 3 * time.Second, 100 * time.Millisecond
	for start := time.Now(); ; {
		b, err := keep()
		if err == nil || !mayBeDone(err) || time.Since(start) > moment {
			return b, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return b, err
		}
	}
}
