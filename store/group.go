package store

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/google/uuid"
)

// The statements of deliveries that share a transaction. They wait for no lock of an intent or a booking: what
// another transaction holds is left out, and taken alone. The one wait left is the unique index's, until a
// transaction that has inserted the same event, or its fact, for another booking ends.
const (
	lookSQL = `
		SELECT d.n, seen."stripeEventId", seen."bookingId", seen IS NULL AND
			(d.intent IS NULL OR pg_try_advisory_xact_lock(hashtextextended(d.intent, 0))) AS free
		FROM ` + plainRows + ` LEFT JOIN ` + seenOfD + ` ON true`

	// A booking that has ended is left out, since to bring it back can violate the slot's constraint; so is
	// one that would adopt the event's session, one whose money is not the event's, and one for whose intent
	// events are parked. The order of insertion is the same for everybody, lest they wait in a circle.
	keepPlainSQL = `
		WITH plain AS (
			SELECT d.*, ` + joinDiffers + ` AS differs
			FROM ` + plainRows + ` JOIN "Booking" AS b ON b.id = d.booking
			WHERE b.status IN ('PENDING', 'AWAITING_PAYMENT', 'CONFIRMED', 'REFUNDED')
			  AND b.amount = d.amount AND b.currency = d.currency
			  AND (d.session IS NULL OR b."stripeSessionId" = d.session)
			  AND NOT EXISTS (SELECT FROM "PaymentEvent" WHERE "stripePaymentIntentId" = d.intent AND reason = 'parked')
			ORDER BY d.event
			FOR NO KEY UPDATE OF b SKIP LOCKED
		), kept AS (
			INSERT INTO "PaymentEvent" ("stripeEventId", type, "apiVersion", livemode, "stripeSessionId",
				"stripePaymentIntentId", "bookingId", result, reason, payload)
			SELECT event, type, version, livemode, session, intent, booking, 'processed',
				CASE WHEN differs THEN changed ELSE unchanged END, substring($2::bytea FROM start FOR length)
			FROM plain
			ON CONFLICT DO NOTHING
			RETURNING "bookingId", reason
		), joined AS (
			UPDATE "Booking" AS b SET ` + joinSet + `, "updatedAt" = now()
			FROM plain AS d JOIN kept ON kept."bookingId" = d.booking
			WHERE b.id = d.booking AND d.differs
		)
		SELECT d.n, kept.reason FROM kept JOIN plain AS d ON d.booking = kept."bookingId"`

	// plainRows are Plain values. JSON is what both sides write and read fastest; bytes are the exception.
	plainRows = `json_to_recordset($1) AS d (n int, event text, type text, version text, livemode boolean, session text,
		intent text, booking uuid, amount bigint, currency text, changed text, unchanged text, start int, length int,
		to_status "BookingStatus", to_dispute "Dispute", to_refunded bigint, to_session text, to_intent text)`
)

// Plain is an entry, and the money that its event speaks of.
type Plain struct {
	Entry
	Amount   int64
	Currency string
}

// plainRow is a Plain as plainRows takes it.
type plainRow struct {
	N          int        `json:"n"`
	Event      string     `json:"event"`
	Type       string     `json:"type"`
	Version    *string    `json:"version"`
	Livemode   bool       `json:"livemode"`
	Session    *string    `json:"session"`
	Intent     *string    `json:"intent"`
	Booking    *uuid.UUID `json:"booking"`
	Amount     int64      `json:"amount"`
	Currency   string     `json:"currency"`
	Changed    string     `json:"changed"`
	Unchanged  string     `json:"unchanged"`
	Start      int        `json:"start"` // of the payload among all of them, counted from 1
	Length     int        `json:"length"`
	ToStatus   *string    `json:"to_status"`
	ToDispute  *string    `json:"to_dispute"`
	ToRefunded int64      `json:"to_refunded"`
	ToSession  *string    `json:"to_session"`
	ToIntent   *string    `json:"to_intent"`
}

// inRows answers entries as plainRows takes them, numbered from 0.
func inRows(entries []Plain) (string, error) {
	list, start := make([]plainRow, len(entries)), 1
	for i, e := range entries {
		list[i] = plainRow{
			N: i, Event: e.StripeEventID, Type: e.Type, Version: e.APIVersion, Livemode: e.Livemode, Session: e.StripeSessionID,
			Intent: e.StripePaymentIntentID, Booking: e.BookingID, Amount: e.Amount, Currency: e.Currency,
			Changed: e.IfChanged, Unchanged: e.Reason, Start: start, Length: len(e.Payload),
			ToStatus: orNull(e.Change.Status), ToDispute: orNull(e.Change.Dispute), ToRefunded: e.Change.RefundedAmount,
			ToSession: e.Change.SessionID, ToIntent: e.Change.PaymentIntentID,
		}
		start += len(e.Payload)
	}
	encoded, err := json.Marshal(list)
	return string(encoded), err
}

// payloads are the entries' payloads, one after another.
func payloads(entries []Plain) []byte {
	list := make([][]byte, len(entries))
	for i, e := range entries {
		list[i] = e.Payload
	}
	return slices.Concat(list...)
}

// Look is what there is to know of an event before its booking is looked at.
type Look struct {
	Seen *PaymentEvent // as Store.Seen finds it
	Free bool          // it is new, and the lock of its intent, if it has one, is held by this transaction
}

// LookAt is Seen and LockIntent for several events, without waiting. The list is as long as the entries'.
func (tx *Tx) LookAt(ctx context.Context, entries []Plain) ([]Look, error) {
	list, err := inRows(entries)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		N       int
		EventID *string    `db:"stripeEventId"`
		Booking *uuid.UUID `db:"bookingId"`
		Free    bool
	}
	if err := tx.statement(ctx, lookSQL).SelectContext(ctx, &rows, list); err != nil {
		return nil, err
	}
	looks := make([]Look, len(entries))
	for _, row := range rows {
		looks[row.N].Free = row.Free
		if row.EventID != nil {
			looks[row.N].Seen = &PaymentEvent{StripeEventID: *row.EventID, BookingID: row.Booking}
		}
	}
	return looks, nil
}

// KeepPlain is Keep for several events that are free, of a booking each. It keeps those whose booking is
// there, agrees with them, and is not held by another transaction, if nothing has to be looked at but the
// two of them; it leaves the others. The list of reasons is as long as the entries', and "" is one that was
// left. The error is the database's; none is kept then.
func (tx *Tx) KeepPlain(ctx context.Context, entries []Plain) (reasons []string, err error) {
	list, err := inRows(entries)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		N      int
		Reason string
	}
	if err := tx.statement(ctx, keepPlainSQL).SelectContext(ctx, &rows, list, payloads(entries)); err != nil {
		return nil, err
	}
	reasons = make([]string, len(entries))
	for _, row := range rows {
		reasons[row.N] = row.Reason
	}
	return reasons, nil
}
