package webhook

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"example.com/hookproof/store"
)

var (
	// errNotVisible ends a transaction about a booking of ours that has no row yet: its creator is on
	// the way, and Stripe's retry will find it.
	errNotVisible = errors.New("webhook: booking not visible yet")
	// errSeenMeanwhile ends a transaction whose event somebody else recorded after we had looked.
	errSeenMeanwhile = errors.New("webhook: event recorded meanwhile")
)

// refusals are the constraints by which the database refuses a change that no retry can mend. The
// transaction is rolled back and run once more, to record the event for a person to look at.
var refusals = map[string]Reason{
	store.SlotConstraint:    SlotGivenAway,
	store.SessionConstraint: SessionTaken,
}

// receipt is what became of an event.
type receipt struct {
	reason    Reason
	bookingID *uuid.UUID           // nil where it is nobody's
	settled   []store.PaymentEvent // parked events that it brought their booking
}

// recordAndApply keeps the event and its effect in one transaction, or neither.
func (h *Handler) recordAndApply(ctx context.Context, e event) (receipt, error) {
	r, err := h.attempt(ctx, e, "")
	if refusal, refused := refusals[store.ViolatedConstraint(err)]; refused {
		r, err = h.attempt(ctx, e, refusal)
	}
	if errors.Is(err, errSeenMeanwhile) {
		r, err = h.attempt(ctx, e, "")
	}
	return r, err
}

// attempt is one transaction; with a refusal it records the event and leaves the booking alone.
func (h *Handler) attempt(ctx context.Context, e event, refusal Reason) (r receipt, err error) {
	err = h.store.Transact(ctx, func(tx *store.Tx) error {
		r = receipt{} // of an attempt that was rolled back nothing counts
		if e.object.intent != nil {
			if err := tx.LockIntent(ctx, *e.object.intent); err != nil {
				return err
			}
		}
		switch seen, err := tx.Seen(ctx, e.record("", nil)); {
		case err == nil && seen.StripeEventID == e.id:
			r.reason, r.bookingID = EventSeen, seen.BookingID
			return nil
		case err == nil:
			r.reason, r.bookingID = FactSeen, seen.BookingID
			return nil
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		booking, notOurs, err := h.whose(ctx, tx, e)
		if err != nil {
			return err
		}
		if notOurs != "" {
			r.reason = notOurs
			return record(ctx, tx, e.record(notOurs, nil))
		}
		r.bookingID = &booking.ID
		if r.reason = refusal; r.reason == "" {
			if r.reason, err = join(ctx, tx, e, booking); err != nil {
				return err
			}
		}
		if err := record(ctx, tx, e.record(r.reason, r.bookingID)); err != nil {
			return err
		}
		if policy[r.reason].result != store.Processed || e.object.intent == nil {
			return nil
		}
		r.settled, err = unpark(ctx, tx, *e.object.intent, booking)
		return err
	})
	return r, err
}

// whose finds the booking that an event is about and locks its row, or says why it is none of ours.
func (h *Handler) whose(ctx context.Context, tx *store.Tx, e event) (store.Booking, Reason, error) {
	o := e.object
	switch {
	case o.family == foreign:
		return store.Booking{}, TypeNotHandled, nil
	case e.livemode != h.config.Livemode:
		return store.Booking{}, OtherLivemode, nil
	case o.bookingID != nil: // nobody but us writes this key, so the row is ours, or about to be
		booking, err := tx.LockBooking(ctx, *o.bookingID)
		if errors.Is(err, store.ErrNotFound) {
			err = errNotVisible
		}
		return booking, "", err
	}
	booking, err := store.Booking{}, error(store.ErrNotFound)
	if o.clientReferenceID != nil {
		booking, err = tx.LockBooking(ctx, *o.clientReferenceID)
	}
	if errors.Is(err, store.ErrNotFound) && o.session != nil {
		booking, err = tx.LockBookingOfSession(ctx, *o.session)
	}
	if o.family == session || o.intent == nil {
		return orReason(booking, err, NoBooking)
	}
	booking, err = tx.LockBookingOfIntent(ctx, *o.intent)
	return orReason(booking, err, Parked)
}

func orReason(b store.Booking, err error, absent Reason) (store.Booking, Reason, error) {
	if errors.Is(err, store.ErrNotFound) {
		return b, absent, nil
	}
	return b, "", err
}

// join applies what the event means to its booking.
func join(ctx context.Context, tx *store.Tx, e event, booking store.Booking) (Reason, error) {
	change, wrong := meaning(e, booking)
	if wrong != "" {
		return wrong, nil
	}
	changed, err := tx.Join(ctx, booking.ID, change)
	if !changed {
		return NoChange, err
	}
	return Applied, err
}

func record(ctx context.Context, tx *store.Tx, e store.PaymentEvent) error {
	first, err := tx.Record(ctx, e)
	if err == nil && !first {
		err = errSeenMeanwhile
	}
	return err
}

// unpark applies the refunds and disputes that came before anybody knew whose payment they are about.
func unpark(ctx context.Context, tx *store.Tx, intent string, booking store.Booking) ([]store.PaymentEvent, error) {
	waiting, err := tx.Parked(ctx, intent)
	if err != nil {
		return nil, err
	}
	for i := range waiting {
		row := &waiting[i]
		e, broken := decode(row.Payload)
		if broken != "" {
			return nil, errors.New("webhook: a parked event cannot be read again")
		}
		reason, err := join(ctx, tx, e, booking)
		if err != nil {
			return nil, err
		}
		row.BookingID, row.Reason, row.Result = &booking.ID, string(reason), policy[reason].result
		if err := tx.Settle(ctx, *row); err != nil {
			return nil, err
		}
	}
	return waiting, nil
}
