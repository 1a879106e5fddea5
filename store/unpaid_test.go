package store

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// customer is a new user; next books for him, each time another resource, so that no slot is held.
func customer(t *testing.T, s *Store) (userID uuid.UUID, next func(most int) (Booking, error)) {
	t.Helper()
	user, err := s.CreateUser(t.Context(), uuid.NewString()+"@example.com", "hash", Customer)
	require.NoError(t, err)
	from := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	return user.ID, func(most int) (Booking, error) {
		r, err := s.CreateResource(t.Context(), "r", 4500, "usd")
		if err != nil {
			return Booking{}, err
		}
		return s.CreateBooking(t.Context(), NewBooking{ID: uuid.New(), UserID: user.ID,
			Slot: Slot{r.ID, from, from.Add(time.Hour)}, Hold: time.Minute, MaxUnpaid: most})
	}
}

// Requests of one customer that come at the same time, each for another resource, are counted one after the
// other: what each of them would allow for itself is not allowed for all.
func TestUnpaidBookingsAreBounded(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, book := customer(t, s)
	_, other := customer(t, s)
	results := make(chan error, 20)
	gate := make(chan struct{})
	var group sync.WaitGroup
	for range cap(results) {
		group.Go(func() {
			<-gate
			_, err := book(5)
			results <- err
		})
	}
	close(gate)
	group.Wait()
	close(results)
	var made, refused int
	for err := range results {
		if err == nil {
			made++
			continue
		}
		var unpaid UnpaidError
		require.ErrorAs(t, err, &unpaid)
		require.Equal(t, 5, unpaid.Most)
		refused++
	}
	require.Equal(t, []int{5, 15}, []int{made, refused})
	_, err := other(5)
	require.NoError(t, err, "another customer has a count of his own")
	_, err = book(0)
	require.NoError(t, err, "0 is no limit")
}

// Paid, ended and lapsed bookings do not count; one that waits for a slow payment does.
func TestWhatCountsAsUnpaid(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, row := range []struct {
		status  BookingStatus
		expires string
		counts  bool
	}{
		{Pending, "now() + interval '1 minute'", true},
		{Pending, "now() - interval '1 second'", false},
		{AwaitingPayment, "now() + interval '1 minute'", true},
		{AwaitingPayment, "now() - interval '1 day'", true},
		{Expired, "now() + interval '1 minute'", false},
		{PaymentFailed, "now() + interval '1 minute'", false},
		{Cancelled, "now() + interval '1 minute'", false},
		{Confirmed, "now() + interval '1 minute'", false},
		{Refunded, "now() + interval '1 minute'", false},
	} {
		_, book := customer(t, s)
		b, err := book(1)
		require.NoError(t, err)
		_, err = s.db.Exec(`UPDATE "Booking" SET status = $2, "expiresAt" = `+row.expires+` WHERE id = $1`, b.ID, row.status)
		require.NoError(t, err)
		_, err = book(1)
		var unpaid UnpaidError
		require.Equal(t, row.counts, errors.As(err, &unpaid), "%s %s: %v", row.status, row.expires, err)
	}
}

// A user who is gone is told so, whether or not his bookings are counted.
func TestAUserWhoIsGoneHasNoBookings(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id, book := customer(t, s)
	_, err := s.db.Exec(`DELETE FROM "User" WHERE id = $1`, id)
	require.NoError(t, err)
	for _, most := range []int{0, 5} {
		_, err = book(most)
		require.ErrorIs(t, err, ErrUserGone)
	}
}

// What a customer has paid for, or let go, is not read to count what he has not: a faithful customer waits no
// longer than a new one.
func TestUnpaidBookingsAreFoundAmongMany(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id, book := customer(t, s)
	_, err := book(0)
	require.NoError(t, err)
	_, err = s.db.Exec(`
		INSERT INTO "Booking" ("userId", "resourceId", "startsAt", "endsAt", amount, currency, status, "expiresAt")
			SELECT "userId", "resourceId", now() - n * interval '1 day', now() - n * interval '1 day' + interval '1 hour', 4500, 'usd', 'CONFIRMED', now()
			FROM "Booking", generate_series(1, 5000) n;
		ANALYZE "Booking"`)
	require.NoError(t, err)
	var plan []string
	require.NoError(t, s.db.Select(&plan, `EXPLAIN `+unpaidSQL, id))
	require.Contains(t, strings.Join(plan, "\n"), "Booking_unpaid_idx")
}
