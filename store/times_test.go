package store

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"
)

// atVersion is a store whose database has the migrations up to one of them.
func atVersion(t *testing.T, version int64) *Store {
	t.Helper()
	name := fmt.Sprintf("store_%d", databases.Add(1))
	require.NoError(t, server.CreateDatabase(t.Context(), name, ""))
	s, err := Open(server.URL(name))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.withMigrations(t.Context(), func(provider *goose.Provider) error {
		_, err := provider.UpTo(t.Context(), version)
		return err
	}))
	return s
}

const (
	firstTime = "0001-01-01T00:00:00Z"
	lastTime  = "9999-12-31T23:59:59.999999Z"
)

// A database that took times without bounds is migrated, whatever it has taken, and every row is there.
func TestSlotsOutOfRangeAreMended(t *testing.T) {
	t.Parallel()
	s := atVersion(t, 2) // the store's own statements are for the newest version
	var user uuid.UUID
	require.NoError(t, s.db.Get(&user, `INSERT INTO "User" (email, "passwordHash") VALUES ('a@example.com', 'hash') RETURNING id`))
	rows := []struct {
		resource, starts, ends string
		status                 BookingStatus
		wantStarts, wantEnds   string // "" is a microsecond of the year 1
	}{
		{"in range", "2030-01-01 00:00Z", "2030-01-01 01:00Z", Confirmed, "2030-01-01T00:00:00Z", "2030-01-01T01:00:00Z"},
		{"in range", "0001-01-01 00:00Z", "0001-01-01 01:00Z", Pending, firstTime, "0001-01-01T01:00:00Z"},
		{"in range", "9999-12-31 23:00Z", "9999-12-31 23:59:59.999999Z", Pending, "9999-12-31T23:00:00Z", lastTime},

		{"cut", "2032-01-01 00:00Z", "10000-01-01 23:58:59Z", Pending, "2032-01-01T00:00:00Z", lastTime},
		{"cut", "0044-03-15 12:00Z BC", "2026-01-01 00:00Z", Confirmed, firstTime, "2026-01-01T00:00:00Z"},

		{"ended", "2032-01-01 00:00Z", "infinity", Confirmed, "2032-01-01T00:00:00Z", lastTime},
		{"ended", "-infinity", "infinity", Cancelled, firstTime, lastTime},
		{"ended", "10000-06-01 00:00Z", "infinity", Refunded, "", ""},
		{"ended", "10000-07-01 00:00Z", "10000-08-01 00:00Z", Expired, "", ""},

		{"outside", "2032-01-01 00:00Z", "10000-01-01 00:00Z", Confirmed, "2032-01-01T00:00:00Z", lastTime},
		{"outside", "10000-01-01 00:00Z", "10000-01-01 01:00Z", Confirmed, "", ""},
		{"outside", "10000-01-01 01:00Z", "10000-01-01 02:00Z", Pending, "", ""},
		{"outside", "-infinity", "0044-03-15 12:00Z BC", AwaitingPayment, "", ""},
		{"outside", "0001-01-01 00:00:00.000001Z", "0001-01-01 00:00:00.000002Z", Pending, "0001-01-01T00:00:00.000001Z", "0001-01-01T00:00:00.000002Z"},

		{"nothing free", "-infinity", "0001-01-02 00:00Z", Confirmed, firstTime, "0001-01-02T00:00:00Z"},
		{"nothing free", "0001-01-02 00:00Z", "10000-01-01 00:00Z", Confirmed, "0001-01-02T00:00:00.000001Z", lastTime},
		{"nothing free", "10000-01-01 00:00Z", "infinity", Confirmed, "0001-01-02T00:00:00Z", "0001-01-02T00:00:00.000001Z"},

		{"last instant", "9999-12-31 23:59:59.999999Z", "10000-01-01 00:00Z", Confirmed, firstTime, "0001-01-01T00:00:00.000001Z"},
	}
	resources, ids := map[string]uuid.UUID{}, make([]uuid.UUID, len(rows))
	for i, row := range rows {
		if _, there := resources[row.resource]; !there {
			var id uuid.UUID
			require.NoError(t, s.db.Get(&id, `INSERT INTO "Resource" (name, "unitAmount", currency) VALUES ($1, 4500, 'usd') RETURNING id`, row.resource))
			resources[row.resource] = id
		}
		require.NoError(t, s.db.Get(&ids[i], `
			INSERT INTO "Booking" ("userId", "resourceId", "startsAt", "endsAt", amount, currency, status, "expiresAt")
			VALUES ($1, $2, $3, $4, 4500, 'usd', $5, now()) RETURNING id`,
			user, resources[row.resource], row.starts, row.ends, row.status), "%v", row)
	}
	_, err := s.Migrate(t.Context(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	list, err := s.Bookings(t.Context(), Page{Limit: 100})
	require.NoError(t, err)
	require.Len(t, list, len(rows))
	for i, row := range rows {
		b, err := s.Booking(t.Context(), ids[i])
		require.NoError(t, err)
		_, err = json.Marshal(b)
		require.NoError(t, err, "%v", row)
		require.Equal(t, row.status, b.Status, "%v", row)
		if row.wantStarts == "" {
			require.Equal(t, 1, b.StartsAt.UTC().Year(), "%v", row)
			require.Equal(t, time.Microsecond, b.EndsAt.Sub(b.StartsAt), "%v", row)
			continue
		}
		require.Equal(t, row.wantStarts, b.StartsAt.UTC().Format(time.RFC3339Nano), "%v", row)
		require.Equal(t, row.wantEnds, b.EndsAt.UTC().Format(time.RFC3339Nano), "%v", row)
	}
}

var (
	tooEarly = []string{"-infinity", "0001-12-31 23:59:59.999999Z BC"}
	tooLate  = []string{"infinity", "10000-01-01 00:00:00Z"}
	either   = append(append([]string{}, tooEarly...), tooLate...)
)

// timeColumns are the columns that hold a time, and values that each could be set to and JSON cannot tell. A
// slot's start is never late, nor its end early, since it starts before it ends.
var timeColumns = []struct {
	table, column string
	values        []string
}{
	{"User", "createdAt", either},
	{"Resource", "createdAt", either},
	{"Booking", "startsAt", tooEarly},
	{"Booking", "endsAt", tooLate},
	{"Booking", "expiresAt", either},
	{"Booking", "createdAt", either},
	{"Booking", "updatedAt", either},
	{"PaymentEvent", "createdAt", either},
}

// fill makes one row of each table.
func (s *Store) fill(t *testing.T) {
	t.Helper()
	_, err := s.db.Exec(`
		INSERT INTO "User" (email, "passwordHash") VALUES ('a@example.com', 'hash');
		INSERT INTO "Resource" (name, "unitAmount", currency) VALUES ('r', 4500, 'usd');
		INSERT INTO "Booking" ("userId", "resourceId", "startsAt", "endsAt", amount, currency, "expiresAt")
			SELECT u.id, r.id, now(), now() + interval '1 hour', 4500, 'usd', now() FROM "User" u, "Resource" r;
		INSERT INTO "PaymentEvent" ("stripeEventId", type, livemode, result, reason, payload)
			VALUES ('evt_1', 'checkout.session.completed', false, 'ignored', 'no_booking', '{}')`)
	require.NoError(t, err)
}

// Each column may hold each value at version 2. The migration mends it, and from then on none can be set.
func TestEveryTimeIsBounded(t *testing.T) {
	t.Parallel()
	s := atVersion(t, 2)
	var there []string
	require.NoError(t, s.db.Select(&there, `
		SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND data_type LIKE 'timestamp%' AND table_name <> 'goose_db_version'`))
	known := make([]string, len(timeColumns))
	for i, c := range timeColumns {
		known[i] = c.table + "." + c.column
	}
	require.ElementsMatch(t, known, there, "a new column that holds a time needs bounds, and a line in timeColumns")

	s.fill(t)
	for round := range len(either) {
		for _, c := range timeColumns {
			_, err := s.db.Exec(fmt.Sprintf(`UPDATE %q SET %q = '%s'`, c.table, c.column, c.values[round%len(c.values)]))
			require.NoError(t, err, "%v", c)
		}
		for range 2 { // the second time as after a failure at its end: everything is there already
			_, err := s.db.Exec(`DELETE FROM goose_db_version WHERE version_id > 2`)
			require.NoError(t, err)
			_, err = s.Migrate(t.Context(), slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			s.requireReadable(t)
		}
		for _, c := range timeColumns {
			for _, value := range c.values {
				_, err := s.db.Exec(fmt.Sprintf(`UPDATE %q SET %q = '%s'`, c.table, c.column, value))
				require.NotNil(t, pq.As(err, pqerror.CheckViolation), "%v %s", c, value)
			}
		}
		_, err := s.db.Exec(`
			ALTER TABLE "User" DROP CONSTRAINT "User_createdAt_check"; ALTER TABLE "Resource" DROP CONSTRAINT "Resource_createdAt_check";
			ALTER TABLE "Booking" DROP CONSTRAINT "Booking_times_check"; ALTER TABLE "PaymentEvent" DROP CONSTRAINT "PaymentEvent_createdAt_check"`)
		require.NoError(t, err)
	}
}

// requireReadable reads the only row of each table as the server does.
func (s *Store) requireReadable(t *testing.T) {
	t.Helper()
	bookings, err := s.Bookings(t.Context(), Page{Limit: 10})
	require.NoError(t, err)
	resources, err := s.Resources(t.Context(), Page{Limit: 10})
	require.NoError(t, err)
	events, err := s.PaymentEvents(t.Context(), "", Page{Limit: 10})
	require.NoError(t, err)
	user, err := s.UserByEmail(t.Context(), "a@example.com")
	require.NoError(t, err)
	require.Equal(t, []int{1, 1, 1}, []int{len(bookings), len(resources), len(events)})
	_, err = json.Marshal([]any{bookings, resources, events, user})
	require.NoError(t, err)
}

// Should a constraint be missing, a row with a time out of range can still be read, by a list and by
// whoever needs nothing but the rest of it.
func TestInfinityIsRead(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.fill(t)
	_, err := s.db.Exec(`ALTER TABLE "Booking" DROP CONSTRAINT "Booking_times_check"; UPDATE "Booking" SET "endsAt" = 'infinity', "expiresAt" = '-infinity'`)
	require.NoError(t, err)
	list, err := s.Bookings(t.Context(), Page{Limit: 10})
	require.NoError(t, err)
	require.Equal(t, 10000, list[0].EndsAt.Year())
	lapsed, err := s.LapsedHolds(t.Context(), Slot{list[0].ResourceID, list[0].StartsAt, list[0].StartsAt.Add(time.Hour)}, time.Minute, 10)
	require.NoError(t, err)
	require.Len(t, lapsed, 1)
}
