package webhook

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"example.com/hookproof/store"
)

// errNotVisible ends a transaction about a booking of ours that has no row yet: its creator is on the way,
// and Stripe's retry will find it.
var errNotVisible = errors.New("webhook: booking not visible yet")

// errRecorded ends a transaction whose event, or its fact, another one has recorded meanwhile.
var errRecorded = errors.New("webhook: recorded meanwhile")

// refusals are the constraints by which the database refuses a change that no retry can mend. The
// transaction is rolled back and run once more, to record the event for a person to look at.
var refusals = map[string]Reason{
	store.SlotConstraint:    SlotGivenAway,
	store.SessionConstraint: SessionTaken,
}

// canBeRefused tells whether a change can violate one of these constraints, or has to wait for another transaction
// to know: it takes a slot again, since it brings an ended booking back, or it brings a booking its session.
func canBeRefused(c store.Change, b *store.LockedBooking) bool {
	ended := []store.BookingStatus{store.Expired, store.PaymentFailed, store.Cancelled}
	return c.Status == store.Confirmed && slices.Contains(ended, b.Status) || c.SessionID != nil && b.StripeSessionID == nil
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
	if errors.Is(err, errRecorded) {
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
		if e.object.intent != nil {
			if err := tx.LockIntent(ctx, *e.object.intent); err != nil {
				return err
			}
		}
		booking, notOurs, err := h.whose(ctx, tx, e)
		if err != nil {
			return err
		}
		receipts, err := keep(ctx, tx, []decision{decide(e, booking, cmp.Or(notOurs, refusal))})
		if err != nil {
			return err
		}
		if r = receipts[0]; r.reason == "" {
			return errRecorded
		}
		return nil
	})
	return r, err
}

// decision is what becomes of an event: a record, and a change of the booking that it is about.
type decision struct {
	event   event
	booking *store.LockedBooking // nil where it is nobody's
	entry   store.Entry
}

// decide says what an event means to its booking. With a reason that is known already it means nothing.
func decide(e event, b *store.LockedBooking, known Reason) decision {
	if b == nil {
		return decision{e, nil, store.Entry{PaymentEvent: e.record(known, nil)}}
	}
	change, wrong := meaning(e, *b)
	if known = cmp.Or(known, wrong); known != "" {
		return decision{e, b, store.Entry{PaymentEvent: e.record(known, &b.ID)}}
	}
	news := Applied
	if change.FailedRefunds != nil { // the customer still has to get the money, and Stripe does no more about it
		news = RefundFailed
	}
	return decision{e, b, store.Entry{
		PaymentEvent: e.record(NoChange, &b.ID),
		Change:       change,
		IfChanged:    store.Recorded{Result: policy[news].result, Reason: string(news)},
	}}
}

// keep writes what was decided, each about a booking of its own, and settles what waited for the payments among
// it. The receipts are as many as the decisions; without a reason is what has been recorded meanwhile.
func keep(ctx context.Context, tx *store.Tx, decisions []decision) ([]receipt, error) {
	entries := make([]store.Entry, len(decisions))
	for i, d := range decisions {
		entries[i] = d.entry
	}
	kept, err := tx.Keep(ctx, entries)
	if err != nil {
		return nil, err
	}
	receipts := make([]receipt, len(decisions))
	for i, d := range decisions {
		receipts[i] = receipt{reason: Reason(kept[i].Reason), bookingID: d.entry.BookingID}
		if !kept[i].Parked {
			continue
		}
		if receipts[i].settled, err = unpark(ctx, tx, *d.event.object.intent, d.booking); err != nil {
			return nil, err
		}
	}
	return receipts, nil
}

// notForUs says why an event is none of ours, whatever the bookings are; "" if it can be.
func (h *Handler) notForUs(e event) Reason {
	switch {
	case e.object.family == foreign:
		return TypeNotHandled
	case e.livemode != h.config.Livemode:
		return OtherLivemode
	}
	return ""
}

// whose finds the booking that an event is about and locks its row, or says why it is none of ours.
func (h *Handler) whose(ctx context.Context, tx *store.Tx, e event) (*store.LockedBooking, Reason, error) {
	o := e.object
	if reason := h.notForUs(e); reason != "" {
		return nil, reason, nil
	}
	if o.bookingID != nil { // nobody but us writes this key, so the row is ours, or about to be
		booking, err := tx.LockBooking(ctx, *o.bookingID)
		if errors.Is(err, store.ErrNotFound) {
			err = errNotVisible
		}
		return booking, "", err
	}
	booking, err := (*store.LockedBooking)(nil), error(store.ErrNotFound)
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

func orReason(b *store.LockedBooking, err error, absent Reason) (*store.LockedBooking, Reason, error) {
	if errors.Is(err, store.ErrNotFound) {
		return nil, absent, nil
	}
	return b, "", err
}

// unpark applies the refunds and disputes that came before anybody knew whose payment they are about.
func unpark(ctx context.Context, tx *store.Tx, intent string, booking *store.LockedBooking) ([]store.PaymentEvent, error) {
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
		entry := decide(e, booking, "").entry
		changed, err := tx.Join(ctx, booking.ID, entry.Change)
		if err != nil {
			return nil, err
		}
		row.BookingID, row.Result, row.Reason = entry.BookingID, entry.Result, entry.Reason
		if changed {
			row.Result, row.Reason = entry.IfChanged.Result, entry.IfChanged.Reason
		}
		if err := tx.Settle(ctx, *row); err != nil {
			return nil, err
		}
	}
	return waiting, nil
}
