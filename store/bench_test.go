package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// loaded is a store with as many pending bookings, of which bench's events tell that they are paid.
func loaded(b testing.TB, bookings int) *Store {
	b.Helper()
	s := setup(b)
	_, err := s.db.Exec(fmt.Sprintf(`
		INSERT INTO "User" (email, "passwordHash") VALUES ('bench@example.com', 'x');
		INSERT INTO "Resource" (id, name, "unitAmount", currency) SELECT lpad(n::text, 32, '0')::uuid, 'r', 4500, 'usd' FROM generate_series(0, 999) n;
		INSERT INTO "Booking" (id, "userId", "resourceId", "startsAt", "endsAt", amount, currency, "stripeSessionId", "expiresAt")
		SELECT lpad(n::text, 32, '0')::uuid, u.id, lpad((n %% 1000)::text, 32, '0')::uuid, now() + n * interval '1 hour', now() + (n + 1) * interval '1 hour',
			4500, 'usd', 'cs_' || n, now() FROM generate_series(1, %d) n, "User" u;
		ANALYZE`, bookings))
	require.NoError(b, err)
	require.NoError(b, s.prepare(b.Context()))
	return s
}

// paid is the entry for the nth booking's payment, with a payload of a real event's size.
func paid(n int) Entry {
	id, session, intent, version := uuid.MustParse(fmt.Sprintf("%032d", n)), fmt.Sprint("cs_", n), fmt.Sprint("pi_", n), "2023-10-16"
	return Entry{
		PaymentEvent: PaymentEvent{
			StripeEventID: fmt.Sprint("evt_", n), Type: "checkout.session.completed", APIVersion: &version, StripeSessionID: &session,
			StripePaymentIntentID: &intent, BookingID: &id, Result: Processed, Reason: "no_change", Payload: []byte(strings.Repeat(fmt.Sprint(n), 3000/len(fmt.Sprint(n)))),
		},
		Change:    Change{Status: Confirmed, SessionID: &session, PaymentIntentID: &intent},
		IfChanged: Recorded{Processed, "applied"},
	}
}

// together takes events through a transaction of their own, as a group of deliveries does: it keeps those that are
// free, with their booking.
func together(t testing.TB, s *Store, entries ...Entry) (looks []Look, kept []Kept) {
	t.Helper()
	require.NoError(t, s.Transact(t.Context(), func(tx *Tx) (err error) {
		if looks, err = tx.LookAt(t.Context(), events(entries...)); err != nil {
			return err
		}
		var free []Entry
		for i, look := range looks {
			if look.Booking != nil {
				free = append(free, entries[i])
			}
		}
		kept, err = tx.Keep(t.Context(), free)
		require.Len(t, kept, len(free))
		return err
	}))
	return looks, kept
}

func events(entries ...Entry) []PaymentEvent {
	list := make([]PaymentEvent, len(entries))
	for i, e := range entries {
		list[i] = e.PaymentEvent
	}
	return list
}

// One operation is one transaction, which keeps as many events as the name says.
func BenchmarkTogether(b *testing.B) {
	for _, size := range []int{1, 4, 16, 64} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := loaded(b, b.N*size)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				entries := make([]Entry, size)
				for k := range entries {
					entries[k] = paid(1 + i*size + k)
				}
				_, kept := together(b, s, entries...)
				require.Equal(b, "applied", kept[size-1].Reason)
			}
		})
	}
}

// The way of an event that goes alone.
func BenchmarkKeep(b *testing.B) {
	s := loaded(b, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		e := paid(1 + i)
		require.NoError(b, s.Transact(b.Context(), func(tx *Tx) error {
			if _, err := tx.LockBooking(b.Context(), *e.BookingID); err != nil {
				return err
			}
			_, err := tx.Keep(b.Context(), []Entry{e})
			return err
		}))
	}
}

func BenchmarkSeen(b *testing.B) {
	s := loaded(b, 1)
	together(b, s, paid(1))
	b.ReportAllocs()
	for b.Loop() {
		seen, err := s.Seen(b.Context(), paid(1).PaymentEvent)
		require.NoError(b, err)
		require.NotNil(b, seen)
	}
}
