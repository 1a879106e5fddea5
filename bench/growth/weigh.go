package main

import (
	"context"
	"crypto/md5"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"text/tabwriter"
	"time"
)

// session is the nth booking's, as the rows are loaded.
func session(n int64) string { return fmt.Sprintf("cs_%x%d", md5.Sum(fmt.Append(nil, "s", n)), n) }

// times is how often each question is asked.
const times = 21

// questions asks the large database what the operator asks, through the server and in SQL.
func questions(ctx context.Context, out io.Writer, h *house) error {
	_, _ = fmt.Fprintf(out, "\nMilliseconds for the operator's questions to the large database, each asked %d times\n\n", times)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "question\tmedian\tslowest")
	ask := func(what string, question func() error) error {
		var took []time.Duration
		for range times {
			began := time.Now()
			if err := question(); err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			took = append(took, time.Since(began))
		}
		_, _ = fmt.Fprintf(table, "%s\t%.1f\t%.1f\n", what, ms(median(took)), ms(slices.Max(took)))
		return nil
	}
	for _, list := range []struct{ path, from, name string }{
		{"/admin/payment-events?limit=50", `"PaymentEvent"`, ""},
		{"/admin/payment-events?limit=50&result=processed", `"PaymentEvent"`, "processed"},
		{"/admin/payment-events?limit=50&result=ignored", `"PaymentEvent"`, "ignored"},
		{"/admin/payment-events?limit=50&result=review", `"PaymentEvent"`, "review"},
		{"/bookings?limit=50", `"Booking"`, ""},
	} {
		get := func(path string) func() error {
			return func() error { _, err := h.ask(ctx, http.MethodGet, path, ""); return err }
		}
		if err := ask("GET "+list.path, get(list.path)); err != nil {
			return err
		}
		deep, err := h.middle(ctx, list.from)
		if err != nil {
			return err
		}
		if err := ask("GET "+list.path+"&cursor=(half way)", get(list.path+"&cursor="+deep)); err != nil {
			return err
		}
	}
	for _, sql := range []string{
		`SELECT * FROM "PaymentEvent" ORDER BY "createdAt" DESC LIMIT 50`,
		`SELECT id, status, "stripeSessionId" FROM "Booking" LIMIT 50`,
		`SELECT id, status, "stripeSessionId" FROM "Booking" ORDER BY "createdAt" DESC LIMIT 50`,
		`SELECT * FROM "PaymentEvent" WHERE "bookingId" = '00000000-0000-4000-8000-000000001000' ORDER BY "createdAt"`,
		`SELECT * FROM "PaymentEvent" WHERE reason = 'parked' AND "createdAt" < now() - interval '1 day'`,
	} {
		if err := ask(sql, func() error { return drain(ctx, h.db, sql) }); err != nil {
			return err
		}
	}
	return table.Flush()
}

// middle is a cursor to the middle of a list, as the server writes them.
func (h *house) middle(ctx context.Context, table string) (string, error) {
	var at time.Time
	var id string
	err := h.db.QueryRowContext(ctx, `SELECT "createdAt", id FROM `+table+` WHERE "createdAt" <= (SELECT min("createdAt") + (max("createdAt") - min("createdAt")) / 2 FROM `+
		table+`) ORDER BY "createdAt" DESC, id DESC LIMIT 1`).Scan(&at, &id)
	return base64.RawURLEncoding.EncodeToString([]byte(at.UTC().Format(time.RFC3339Nano) + " " + id)), err
}

func drain(ctx context.Context, db *sql.DB, query string) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return errors.Join(rows.Err(), rows.Close())
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// weigh tells the bytes that a delivery costs: what it adds to the write-ahead log, and what a row takes
// of the table and of each index.
func weigh(ctx context.Context, out io.Writer, h *house) error {
	if _, err := h.db.ExecContext(ctx, `CHECKPOINT`); err != nil {
		return err
	}
	_, _ = fmt.Fprint(out, "\nThe write-ahead log of a unique delivery to the large database\n\n")
	for _, when := range []string{"in the first two seconds after a checkpoint", "in the two seconds after these", "in two more"} {
		first := h.next.Load()
		before, err := h.written(ctx)
		if err != nil {
			return err
		}
		if _, err := h.deliver(ctx, "unique", 2*time.Second); err != nil {
			return err
		}
		after, err := h.written(ctx)
		if err != nil {
			return err
		}
		n := h.next.Load() - first
		_, _ = fmt.Fprintf(out, "  %5d bytes %s (%d deliveries)\n", (after-before)/n, when, n)
	}
	_, _ = fmt.Fprint(out, "\nThe large database at rest: bytes a row\n\n")
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	rows, err := h.db.QueryContext(ctx, `
		SELECT c.relname, x.relname, pg_relation_size(x.oid), CASE WHEN x.oid = c.oid THEN c.reltuples ELSE x.reltuples END
		FROM pg_class c CROSS JOIN LATERAL (
			SELECT c.oid, 'the rows' AS relname, c.reltuples
			UNION ALL SELECT c.reltoastrelid, 'long payloads, out of line', c.reltuples WHERE c.reltoastrelid <> 0
			UNION ALL SELECT i.oid, i.relname, i.reltuples FROM pg_index JOIN pg_class i ON i.oid = indexrelid WHERE indrelid = c.oid
		) x WHERE x.reltuples > 0 AND pg_relation_size(x.oid) > 0 AND c.relname IN ('PaymentEvent', 'Booking') ORDER BY c.relname DESC, pg_relation_size(x.oid) DESC`)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(table, "table\twhat\tMiB\trows\tbytes a row")
	for rows.Next() {
		var name, what string
		var size, count float64
		if err := rows.Scan(&name, &what, &size, &count); err != nil {
			return errors.Join(err, rows.Close())
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%.0f\t%.0f\t%.0f\n", name, what, size/(1<<20), count, size/max(1, count))
	}
	return errors.Join(rows.Err(), rows.Close(), table.Flush())
}

// written is how long the write-ahead log is.
func (h *house) written(ctx context.Context) (bytes int64, err error) {
	err = h.db.QueryRowContext(ctx, `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint`).Scan(&bytes)
	return bytes, err
}
