package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"example.com/hookproof/pgserver"
	"example.com/hookproof/store"
)

// price is the price of a booking, in cents.
const price = 4500

// database is the durable PostgreSQL of a run. Each server has its own database on it, a copy of one migrated and filled database.
type database struct {
	postgres *pgserver.Server
	admin    *sql.DB
	bookings int64
}

const filled = "bench_filled"

func openDatabase(ctx context.Context, bookings int64, out io.Writer) (_ *database, err error) {
	d := &database{bookings: bookings}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if d.postgres, err = pgserver.Start(ctx, pgserver.Config{Durable: true, Progress: out}); err != nil {
		return nil, err
	}
	if d.admin, err = sql.Open("postgres", d.postgres.URL("postgres")); err != nil {
		return nil, err
	}
	if err := d.postgres.CreateDatabase(ctx, filled, ""); err != nil {
		return nil, err
	}
	s, err := store.Open(d.postgres.URL(filled))
	if err != nil {
		return nil, err
	}
	_, err = s.Migrate(ctx, slog.New(slog.DiscardHandler))
	if err := errors.Join(err, s.Close()); err != nil {
		return nil, err
	}
	return d, d.fill(ctx)
}

// fill inserts the bookings. The slots of a resource follow one after the other, as in production.
func (d *database) fill(ctx context.Context) error {
	db, err := sql.Open("postgres", d.postgres.URL(filled))
	if err != nil {
		return err
	}
	for _, statement := range []string{
		`INSERT INTO "User" (email, "passwordHash") VALUES ('bench@example.com', 'x')`,
		fmt.Sprintf(`INSERT INTO "Resource" (name, "unitAmount", currency) SELECT 'r' || n, %d, 'usd' FROM generate_series(1, 1000) n`, price),
		fmt.Sprintf(`INSERT INTO "Booking" (id, "userId", "resourceId", "startsAt", "endsAt", amount, currency, "stripeSessionId", "expiresAt")
			SELECT `+bookingIDSQL+`, u.id, r.id, now() + n * interval '1 hour', now() + (n + 1) * interval '1 hour',
				%d, 'usd', `+sessionIDSQL+`, now() + interval '31 minutes'
			FROM "User" u, generate_series(1, %d) n
			JOIN (SELECT id, row_number() OVER () AS k FROM "Resource") r ON r.k = 1 + n %% 1000 ORDER BY n`, "n", price, "n", d.bookings),
		`VACUUM ANALYZE`,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return errors.Join(fmt.Errorf("filling the database: %s", store.Describe(err)), db.Close())
		}
	}
	return db.Close()
}

// copyAs creates the database of a server.
func (d *database) copyAs(ctx context.Context, name string) error {
	return d.postgres.CreateDatabase(ctx, name, filled)
}

// settle runs a checkpoint, so that the first rounds do not write the loaded rows.
func (d *database) settle(ctx context.Context) error {
	_, err := d.admin.ExecContext(ctx, `CHECKPOINT`)
	return err
}

// now returns the time of PostgreSQL's clock.
func (d *database) now(ctx context.Context) (now time.Time, err error) {
	err = d.admin.QueryRowContext(ctx, `SELECT clock_timestamp()`).Scan(&now)
	return now, err
}

// heard counts the connections to a database that were used since a time.
func (d *database) heard(ctx context.Context, name string, since time.Time) (count int, err error) {
	err = d.admin.QueryRowContext(ctx, `SELECT count(*) FROM pg_stat_activity
		WHERE datname = $1 AND backend_type = 'client backend' AND state_change > $2`, name, since).Scan(&count)
	return count, err
}

func (d *database) url(name string) string { return d.postgres.URL(name) }

func (d *database) close() {
	if d.admin != nil {
		_ = d.admin.Close()
	}
	if d.postgres != nil {
		_ = d.postgres.Close()
	}
}
