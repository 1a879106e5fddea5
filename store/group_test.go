package store

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// parked is an event that waits for its payment.
func parked(event, intent string) Entry {
	return Entry{PaymentEvent: PaymentEvent{StripeEventID: event, Type: "charge.refunded", StripePaymentIntentID: &intent,
		Result: Ignored, Reason: "parked", Payload: []byte("{}")}}
}

func (s *Store) bookingOf(t *testing.T, session string) (b Booking) {
	t.Helper()
	require.NoError(t, s.db.Get(&b, `SELECT `+bookingColumns+` FROM "Booking" WHERE "stripeSessionId" = $1`, session))
	return b
}

func TestLookAt(t *testing.T) {
	t.Parallel()
	s := loaded(t, 9)
	look := func(entries ...Entry) (looks []Look) {
		t.Helper()
		require.NoError(t, s.Transact(t.Context(), func(tx *Tx) (err error) {
			looks, err = tx.LookAt(t.Context(), events(entries...))
			return err
		}))
		return looks
	}
	free := func(n int) Look {
		e := paid(n)
		return Look{Free: true, Booking: &LockedBooking{*e.BookingID, Pending, 4500, "usd", e.StripeSessionID}}
	}
	require.Equal(t, []Look{free(1), free(2)}, look(paid(1), paid(2)))
	together(t, s, paid(1))

	sameFact, late := paid(1), paid(1)
	sameFact.StripeEventID = "evt_1_again"
	late.StripeEventID, late.Type = "evt_1_late", "checkout.session.expired"
	nowhere, nobodys, again := paid(2), paid(3), paid(2)
	nobody := uuid.New()
	nowhere.BookingID, nobodys.BookingID, again.StripeEventID = &nobody, nil, "evt_2_again"
	confirmed := free(1)
	confirmed.Booking.Status = Confirmed
	require.Equal(t, []Look{
		{Seen: &PaymentEvent{StripeEventID: "evt_1", BookingID: paid(1).BookingID}},
		{Seen: &PaymentEvent{StripeEventID: "evt_1", BookingID: paid(1).BookingID}},
		confirmed, {Free: true}, {Free: true}, free(2), free(2),
	}, look(paid(1), sameFact, late, nowhere, nobodys, paid(2), again), "two may be about one booking")

	require.NoError(t, s.Transact(t.Context(), func(tx *Tx) error {
		require.NoError(t, tx.LockIntent(t.Context(), "pi_4"))
		_, err := tx.LockBooking(t.Context(), *paid(5).BookingID)
		require.NoError(t, err)
		require.Equal(t, []Look{{}, {Free: true}, free(6)}, look(paid(4), paid(5), paid(6)), "nobody is waited for")
		return nil
	}))
	require.Equal(t, []Look{free(4), free(5)}, look(paid(4), paid(5)))

	// What is free is held until the end, and what is not is left to others: the intent of a booking that is held, too.
	require.NoError(t, s.Transact(t.Context(), func(tx *Tx) error {
		_, err := tx.LookAt(t.Context(), events(paid(7), paid(1)))
		require.NoError(t, err)
		byIntent, byBooking := paid(8), paid(7)
		byIntent.StripePaymentIntentID, byBooking.StripePaymentIntentID = paid(7).StripePaymentIntentID, nil
		require.Equal(t, []Look{{}, {}, {Free: true}, confirmed}, look(paid(7), byIntent, byBooking, late))
		return nil
	}))
}

func TestKeep(t *testing.T) {
	t.Parallel()
	s := loaded(t, 9)
	keep := func(entries ...Entry) (kept []Kept) {
		t.Helper()
		require.NoError(t, s.Transact(t.Context(), func(tx *Tx) (err error) {
			kept, err = tx.Keep(t.Context(), entries)
			return err
		}))
		return kept
	}
	applied := Kept{Reason: "applied"}
	require.Equal(t, []Kept{applied, applied}, keep(paid(1), paid(2)))
	require.Equal(t, Confirmed, s.bookingOf(t, "cs_2").Status)
	require.Equal(t, "pi_2", *s.bookingOf(t, "cs_2").StripePaymentIntentID)
	for _, n := range []int{1, 2} {
		var payload string
		require.NoError(t, s.db.Get(&payload, `SELECT convert_from(payload, 'UTF8') FROM "PaymentEvent" WHERE "bookingId" = $1`, paid(n).BookingID))
		require.Equal(t, string(paid(n).Payload), payload, "each has its own bytes")
	}

	// Recorded before, by its id or its fact: it is left out, and not applied.
	late, sameID, sameFact := paid(1), paid(3), paid(4)
	late.StripeEventID, late.Type, late.Change.Status = "evt_1_late", "checkout.session.expired", Expired
	sameID.StripeEventID, sameFact.StripeSessionID = "evt_2", paid(1).StripeSessionID
	require.Equal(t, []Kept{{Reason: "no_change"}, {}, {}, applied}, keep(late, sameID, sameFact, paid(5)))
	for _, session := range []string{"cs_3", "cs_4"} {
		require.Equal(t, Pending, s.bookingOf(t, session).Status)
	}
	nobodys := Entry{PaymentEvent: PaymentEvent{StripeEventID: "evt_x", Type: "x", Result: Ignored, Reason: "type_not_handled", Payload: []byte("{}")}}
	require.Equal(t, []Kept{{Reason: "type_not_handled"}, {}}, keep(nobodys, nobodys), "nor is a copy beside it")

	// What waits for a payment is told of, to whoever brings the payment.
	require.Equal(t, []Kept{{Reason: "parked"}, {Reason: "parked"}}, keep(parked("evt_refund", "pi_6"), parked("evt_refund_2", "pi_6")))
	review := paid(6)
	review.StripeEventID, review.Result, review.Reason, review.IfChanged, review.Change = "evt_6_review", Review, "amount_differs", Recorded{}, Change{}
	require.Equal(t, []Kept{{Reason: "amount_differs"}, applied}, keep(review, paid(7)))
	require.Equal(t, Pending, s.bookingOf(t, "cs_6").Status)
	require.Equal(t, []Kept{{Reason: "applied", Parked: true}, applied}, keep(paid(6), paid(8)))
}
