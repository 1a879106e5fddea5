package store

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"
)

// lookSQL is the first statement of deliveries that share a transaction: it asks what has been seen, and locks what
// is free. It waits for no lock: an intent or a booking that another transaction holds is left out. The row of a
// booking that is locked is the newest, whatever was committed since the statement began (READ COMMITTED).
//
// What is parked for an intent is not asked here, but by keepSQL: this statement's snapshot is older than the
// intent's lock, so it can miss what the lock's last holder has parked.
//
// Each event looks for its booking by itself, since a subquery that locks is never made into a join (see keepSQL).
const lookSQL = `
	WITH d AS MATERIALIZED (
		SELECT d.n, d.booking, seen."stripeEventId" AS seen, seen."bookingId" AS "seenBooking", seen IS NULL AND
			(d.intent IS NULL OR pg_try_advisory_xact_lock(hashtextextended(d.intent, 0))) AS free
		FROM json_to_recordset($1) AS d (n int, event text, type text, session text, intent text, booking uuid)
			LEFT JOIN ` + seenOfD + ` ON true
	)
	SELECT d.n, d.seen, d."seenBooking", d.free, ` + lockedColumns + `
	FROM d LEFT JOIN LATERAL (
		SELECT ` + lockedColumns + ` FROM "Booking" AS b WHERE d.free AND b.id = d.booking FOR NO KEY UPDATE SKIP LOCKED
	) AS b ON true`

// Look is what there is to know of an event before it is decided what it means.
type Look struct {
	Seen    *PaymentEvent  // as Store.Seen finds it
	Free    bool           // it is new, and the lock of its intent, if it has one, is held by this transaction
	Booking *LockedBooking // nil if the event is not free, or names no booking that is there and was free
}

// LookAt is Seen, LockIntent and LockBooking for several events, without waiting. Of each event its id, type,
// session, intent and booking count. The list is as long as the events'.
func (tx *Tx) LookAt(ctx context.Context, events []PaymentEvent) ([]Look, error) {
	list, err := lookRows(events)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		N           int            `db:"n"`
		Seen        *string        `db:"seen"`
		SeenBooking *uuid.UUID     `db:"seenBooking"`
		Free        bool           `db:"free"`
		ID          *uuid.UUID     `db:"id"`
		Status      *BookingStatus `db:"status"`
		Amount      *int64         `db:"amount"`
		Currency    *string        `db:"currency"`
		SessionID   *string        `db:"stripeSessionId"`
	}
	if err := tx.statement(ctx, lookSQL).SelectContext(ctx, &rows, list); err != nil {
		return nil, err
	}
	looks := make([]Look, len(events))
	for _, row := range rows {
		look := &looks[row.N]
		look.Free = row.Free
		if row.Seen != nil {
			look.Seen = &PaymentEvent{StripeEventID: *row.Seen, BookingID: row.SeenBooking}
		}
		if row.ID != nil {
			look.Booking = &LockedBooking{*row.ID, *row.Status, *row.Amount, *row.Currency, row.SessionID}
		}
	}
	return looks, nil
}

// lookRows are events as lookSQL takes them, numbered from 0.
func lookRows(events []PaymentEvent) (string, error) {
	type row struct {
		N       int        `json:"n"`
		Event   string     `json:"event"`
		Type    string     `json:"type"`
		Session *string    `json:"session"`
		Intent  *string    `json:"intent"`
		Booking *uuid.UUID `json:"booking"`
	}
	rows := make([]row, len(events))
	for i, e := range events {
		rows[i] = row{i, e.StripeEventID, e.Type, e.StripeSessionID, e.StripePaymentIntentID, e.BookingID}
	}
	encoded, err := json.Marshal(rows)
	return string(encoded), err
}
