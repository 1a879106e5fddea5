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

// session returns the session id of the nth booking, as load inserts it.
func session(n int64) string { return fmt.Sprintf("cs_%x%d", md5.Sum(fmt.Append(nil, "s", n)), n) }

// times is how often each query runs.
const times = 21

// questions measures the operator's queries on an instance, through the server and in SQL.
func questions(ctx context.Context, out io.Writer, i *instance) error {
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
			return func() error { _, err := i.ask(ctx, http.MethodGet, path, ""); return err }
		}
		if err := ask("GET "+list.path, get(list.path)); err != nil {
			return err
		}
		deep, err := i.middle(ctx, list.from)
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
		if err := ask(sql, func() error { return drain(ctx, i.db, sql) }); err != nil {
			return err
		}
	}
	return table.Flush()
}

// middle returns a cursor to the middle of a list, in the server's format.
func (i *instance) middle(ctx context.Context, table string) (string, error) {
	var at time.Time
	var id string
	err := i.db.QueryRowContext(ctx, `SELECT "createdAt", id FROM `+table+` WHERE "createdAt" <= (SELECT min("createdAt") + (max("createdAt") - min("createdAt")) / 2 FROM `+
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
