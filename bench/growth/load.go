package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"example.com/hookproof/pgserver"
	"example.com/hookproof/store"
)

// size is how many rows a database has.
type size struct {
	name             string
	events, bookings int
	payload          int // bytes of an event's payload
}

// open is how many bookings are still to be paid: the newest ones, as in production.
const open = 100_000

// load makes a migrated database of that size. It creates the indexes after the rows, which is many times faster. The result is
// the schema that the migrations make.
func load(ctx context.Context, postgres *pgserver.Server, s size) error {
	if err := postgres.CreateDatabase(ctx, s.name, ""); err != nil {
		return err
	}
	migrated, err := store.Open(postgres.URL(s.name))
	if err != nil {
		return err
	}
	_, err = migrated.Migrate(ctx, slog.New(slog.DiscardHandler))
	if err := errors.Join(err, migrated.Close()); err != nil {
		return err
	}
	db, err := sql.Open("postgres", postgres.URL(s.name))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1) // the settings belong to the session
	for _, statement := range []string{
		`SET synchronous_commit = off; SET maintenance_work_mem = '1GB'; SET session_replication_role = replica`,
		dropIndexes,
		fmt.Sprintf(rows, s.events, s.bookings, s.payload, open),
		makeIndexes,
		`VACUUM (ANALYZE)`,
		`CHECKPOINT`,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("loading %s: %w", s.name, err)
		}
	}
	return nil
}

// The constraints are restored first, then the other indexes, then the foreign keys, which need the keys that they refer to.
const (
	dropIndexes = `
		CREATE TEMPORARY TABLE made AS
			SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS make,
				format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname) AS drop, CASE contype WHEN 'f' THEN 3 ELSE 1 END AS turn
			FROM pg_constraint WHERE conrelid IN ('"Booking"'::regclass, '"PaymentEvent"'::regclass) AND contype IN ('p', 'u', 'x', 'f')
		UNION ALL
			SELECT pg_get_indexdef(indexrelid), format('DROP INDEX %s', indexrelid::regclass), 2
			FROM pg_index WHERE indrelid IN ('"Booking"'::regclass, '"PaymentEvent"'::regclass)
				AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'));
		DO $$ DECLARE m made; BEGIN FOR m IN SELECT * FROM made ORDER BY turn DESC LOOP EXECUTE m.drop; END LOOP; END $$`
	makeIndexes = `DO $$ DECLARE m made; BEGIN FOR m IN SELECT * FROM made ORDER BY turn LOOP EXECUTE m.make; END LOOP; END $$`
)

// rows inserts a thousand users, ten thousand resources with one slot an hour, the bookings and the events. Each paid
// booking first has a checkout.session.completed, and then charge.refunded events. One event in fifty has a type that the
// server ignores, and one in a thousand is marked for review.
const rows = `
	INSERT INTO "User" (id, email, "passwordHash")
		SELECT lpad(n::text, 32, '0')::uuid, 'u' || n || '@example.com', 'x' FROM generate_series(0, 999) n;
	INSERT INTO "Resource" (id, name, "unitAmount", currency)
		SELECT lpad(n::text, 32, '0')::uuid, 'r' || n, 4500, 'usd' FROM generate_series(0, 9999) n;
	INSERT INTO "Booking" (id, "userId", "resourceId", "startsAt", "endsAt", amount, currency, status, "stripeSessionId",
			"stripePaymentIntentId", "expiresAt", "createdAt")
		SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, lpad((n %% 1000)::text, 32, '0')::uuid,
			lpad((n %% 10000)::text, 32, '0')::uuid, t, t + interval '1 hour', 4500, 'usd',
			(CASE WHEN n > %[2]d - %[4]d THEN 'PENDING' ELSE 'CONFIRMED' END)::"BookingStatus", 'cs_' || md5('s' || n) || n,
			CASE WHEN n <= %[2]d - %[4]d THEN 'pi_' || md5('p' || n) END, now() + interval '31 minutes', now() - (%[2]d - n) * interval '30 seconds'
		FROM generate_series(1, %[2]d) n, LATERAL (SELECT timestamptz '2026-01-01' + n / 10000 * interval '1 hour' AS t) x;
	INSERT INTO "PaymentEvent" ("stripeEventId", type, "apiVersion", livemode, "stripeSessionId", "stripePaymentIntentId",
			"bookingId", result, reason, payload, "createdAt")
		SELECT 'evt_' || md5('e' || n), type, '2023-10-16', false,
			CASE type WHEN 'checkout.session.completed' THEN 'cs_' || md5('s' || b) || b END,
			CASE WHEN type <> 'customer.updated' THEN 'pi_' || md5('p' || b) END,
			CASE WHEN type <> 'customer.updated' THEN ('00000000-0000-4000-8000-' || lpad(b::text, 12, '0'))::uuid END,
			(CASE WHEN type = 'customer.updated' THEN 'ignored' WHEN n %% 1000 = 1 THEN 'review' ELSE 'processed' END)::"PaymentEventResult",
			CASE WHEN type = 'customer.updated' THEN 'type_not_handled' WHEN n %% 1000 = 1 THEN 'amount_differs' ELSE 'applied' END,
			substring(convert_to(repeat(md5('a' || n), 1 + %[3]d / 32), 'UTF8') FOR %[3]d), now() - (%[1]d - n) * interval '3 seconds'
		FROM generate_series(1, %[1]d) n, LATERAL (SELECT 1 + n %% (%[2]d - %[4]d) AS b, CASE WHEN n %% 50 = 0 THEN 'customer.updated'
			WHEN n <= %[2]d - %[4]d THEN 'checkout.session.completed' ELSE 'charge.refunded' END AS type) x`
