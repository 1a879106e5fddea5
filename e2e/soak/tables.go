package main

import (
	"context"
	"database/sql"
)

// readTables reads the server's tables as they are.
func readTables(ctx context.Context, db *sql.DB) (d database, err error) {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}) // one moment for both tables
	if err != nil {
		return d, err
	}
	defer func() { _ = tx.Rollback() }()
	rows, err := tx.QueryContext(ctx, `SELECT id, "resourceId", "startsAt", "endsAt", status, dispute, "refundedAmount",
		COALESCE("stripeSessionId", ''), COALESCE("stripePaymentIntentId", '') FROM "Booking" ORDER BY "createdAt"`)
	if err != nil {
		return d, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var b bookingRow
		if err := rows.Scan(&b.ID, &b.Resource, &b.StartsAt, &b.EndsAt, &b.Status, &b.Dispute, &b.Refunded, &b.Session, &b.Intent); err != nil {
			return d, err
		}
		d.Bookings = append(d.Bookings, b)
	}
	if err := rows.Err(); err != nil {
		return d, err
	}
	records, err := tx.QueryContext(ctx, `SELECT "stripeEventId", type, COALESCE("stripeSessionId", ''),
		COALESCE("bookingId"::text, ''), result, reason, payload FROM "PaymentEvent" ORDER BY "createdAt"`)
	if err != nil {
		return d, err
	}
	defer func() { _ = records.Close() }()
	for records.Next() {
		var e eventRow
		if err := records.Scan(&e.ID, &e.Type, &e.Session, &e.Booking, &e.Result, &e.Reason, &e.Payload); err != nil {
			return d, err
		}
		d.Events = append(d.Events, e)
	}
	return d, records.Err()
}
