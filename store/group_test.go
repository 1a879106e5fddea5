package store

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// What a group keeps, and what it leaves.
func TestTogether(t *testing.T) {
	t.Parallel()
	s := loaded(t, 20)
	plain := func(n int) Plain { return Plain{Entry: paid(n), Amount: 4500, Currency: "usd"} }
	keep := func(entries ...Plain) []string {
		t.Helper()
		_, reasons := together(t, s, entries...)
		return reasons
	}
	require.Equal(t, []string{"applied", "applied"}, keep(plain(1), plain(2)))
	var booking Booking
	require.NoError(t, s.db.Get(&booking, `SELECT `+bookingColumns+` FROM "Booking" WHERE "stripeSessionId" = 'cs_2'`))
	require.Equal(t, Confirmed, booking.Status)
	require.Equal(t, "pi_2", *booking.StripePaymentIntentID)
	for _, n := range []int{1, 2} {
		var payload string
		require.NoError(t, s.db.Get(&payload, `SELECT convert_from(payload, 'UTF8') FROM "PaymentEvent" WHERE "bookingId" = $1`, paid(n).BookingID))
		require.Equal(t, string(paid(n).Payload), payload, "each has its own bytes")
	}

	sameFact := plain(2)
	sameFact.StripeEventID = "evt_2_again"
	looks, reasons := together(t, s, plain(3), plain(1), sameFact)
	require.Equal(t, []string{"applied"}, reasons)
	require.Equal(t, Look{Free: true}, looks[0])
	require.Equal(t, Look{Seen: &PaymentEvent{StripeEventID: "evt_1", BookingID: paid(1).BookingID}}, looks[1])
	require.Equal(t, Look{Seen: &PaymentEvent{StripeEventID: "evt_2", BookingID: paid(2).BookingID}}, looks[2], "the fact")

	late := plain(3)
	late.StripeEventID, late.Type, late.Change.Status = "evt_3_late", "checkout.session.expired", Expired
	require.Equal(t, []string{"no_change"}, keep(late))

	// In the way of each of these is something, and of the one beside them nothing.
	amount, currency, session, absent := plain(4), plain(5), plain(6), plain(7)
	amount.Amount++
	currency.Currency = "eur"
	nobody := uuid.New()
	session.StripeSessionID, absent.BookingID = new(string), &nobody
	require.Equal(t, []string{"", "", "", "", "applied"}, keep(amount, currency, session, absent, plain(8)))
	for n, sql := range map[int]string{
		9:  `UPDATE "Booking" SET status = 'EXPIRED' WHERE "stripeSessionId" = 'cs_9'`,
		10: `UPDATE "Booking" SET "stripeSessionId" = NULL WHERE "stripeSessionId" = 'cs_10'`,
		11: `INSERT INTO "PaymentEvent" ("stripeEventId", type, livemode, "stripePaymentIntentId", result, reason, payload)
			VALUES ('evt_parked', 'charge.refunded', false, 'pi_11', 'ignored', 'parked', '{}')`,
	} {
		_, err := s.db.Exec(sql)
		require.NoError(t, err)
		require.Equal(t, []string{""}, keep(plain(n)), sql)
	}

	require.NoError(t, s.Transact(t.Context(), func(tx *Tx) error {
		require.NoError(t, tx.LockIntent(t.Context(), "pi_12"))
		_, err := tx.LockBooking(t.Context(), *paid(13).BookingID)
		require.NoError(t, err)
		looks, reasons := together(t, s, plain(12), plain(13), plain(14))
		require.Equal(t, []Look{{}, {Free: true}, {Free: true}}, looks, "nobody is waited for")
		require.Equal(t, []string{"", "applied"}, reasons, "nor here")
		return nil
	}))
	require.Equal(t, []string{"applied", "applied"}, keep(plain(12), plain(13)))

	// Recorded between the look and the insertion.
	require.NoError(t, s.Transact(t.Context(), func(tx *Tx) error {
		looks, err := tx.LookAt(t.Context(), []Plain{plain(15), plain(16)})
		require.NoError(t, err)
		require.True(t, looks[0].Free)
		_, err = s.db.Exec(`INSERT INTO "PaymentEvent" ("stripeEventId", type, livemode, result, reason, payload)
			VALUES ('evt_15', 'checkout.session.completed', false, 'processed', 'applied', '{}')`)
		require.NoError(t, err)
		reasons, err := tx.KeepPlain(t.Context(), []Plain{plain(15), plain(16)})
		require.Equal(t, []string{"", "applied"}, reasons)
		return err
	}))
	require.NoError(t, s.db.Get(&booking, `SELECT `+bookingColumns+` FROM "Booking" WHERE "stripeSessionId" = 'cs_15'`))
	require.Equal(t, Pending, booking.Status, "nor is it applied")
}
