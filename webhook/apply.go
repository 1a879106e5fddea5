package webhook

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"example.com/hookproof/store"
)

// errNotVisible ends a transaction about a booking of ours that has no row yet: its creator is on the way,
// and Stripe's retry will find it.
var errNotVisible = errors.New("webhook: booking not visible yet")

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

// alone is recordAndApply in its turn.
func (h *Handler) alone(ctx context.Context, e event) (receipt, error) {
	leave, err := h.queue.enter(ctx, e.subject())
	if err != nil {
		return receipt{}, err
	}
	defer leave()
	return h.recordAndApply(ctx, e)
}

// recordAndApply keeps the event and its effect in one transaction, or neither.
func (h *Handler) recordAndApply(ctx context.Context, e event) (receipt, error) {
	r, err := h.unlessSeen(ctx, e)
	if errors.Is(err, store.ErrRecorded) {
		r, err = h.unlessSeen(ctx, e)
	}
	return r, err
}

func (h *Handler) unlessSeen(ctx context.Context, e event) (receipt, error) {
	seen, err := h.store.Seen(ctx, e.record("", nil))
	if err != nil {
		return receipt{}, err
	}
	if seen != nil {
		return duplicate(e, seen), nil
	}
	r, err := h.attempt(ctx, e, "")
	if refusal, refused := refusals[store.ViolatedConstraint(err)]; refused {
		r, err = h.attempt(ctx, e, refusal)
	}
	return r, err
}

func duplicate(e event, seen *store.PaymentEvent) receipt {
	if seen.StripeEventID == e.id {
		return receipt{reason: EventSeen, bookingID: seen.BookingID}
	}
	return receipt{reason: FactSeen, bookingID: seen.BookingID}
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
		booking, notOurs, err := h.whose(ctx, tx, e)
		if err != nil {
			return err
		}
		entry := store.Entry{PaymentEvent: e.record(notOurs, nil)}
		if notOurs == "" {
			r.bookingID = &booking.ID
			entry = e.entry(booking, refusal)
		}
		reason, err := tx.Keep(ctx, entry)
		if err != nil {
			return err
		}
		r.reason = Reason(reason)
		if policy[r.reason].result != store.Processed || e.object.intent == nil {
			return nil
		}
		r.settled, err = unpark(ctx, tx, *e.object.intent, booking)
		return err
	})
	return r, err
}

// entry is the event's record with what it means to its booking; with a refusal it means nothing.
func (e event) entry(booking store.Booking, refusal Reason) store.Entry {
	change, wrong := meaning(e, booking)
	switch {
	case refusal != "":
		return store.Entry{PaymentEvent: e.record(refusal, &booking.ID)}
	case wrong != "":
		return store.Entry{PaymentEvent: e.record(wrong, &booking.ID)}
	}
	return store.Entry{PaymentEvent: e.record(NoChange, &booking.ID), Change: change, IfChanged: string(Applied)}
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
		entry := e.entry(booking, "")
		changed, err := tx.Join(ctx, booking.ID, entry.Change)
		if err != nil {
			return nil, err
		}
		row.BookingID, row.Result, row.Reason = entry.BookingID, entry.Result, entry.Reason
		if changed {
			row.Reason = entry.IfChanged
		}
		if err := tx.Settle(ctx, *row); err != nil {
			return nil, err
		}
	}
	return waiting, nil
}
