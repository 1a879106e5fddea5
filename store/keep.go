package store

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/google/uuid"
)

// The statements that write what was decided of events.
const (
	// keepSQL records events and applies each to its booking, whose row is locked: both or neither. What has been
	// recorded meanwhile is left out. A change that says nothing leaves its booking as it is. The order of insertion
	// is the same for everybody, lest they wait in a circle: the unique indexes make an insertion wait for the end of
	// a transaction that has inserted the same event, or its fact.
	//
	// Rows are looked for one by one, in subqueries for a single value and in an array, and not by a join or EXISTS: a plan
	// that was made while a table was small would walk its index from end to end, and be kept while it grows.
	keepSQL = `
		WITH d AS MATERIALIZED (
			SELECT d.*, gen_random_uuid() AS id, COALESCE((SELECT ` + joinDiffers + ` FROM "Booking" AS b WHERE b.id = d.booking), false) AS differs
			FROM json_to_recordset($1) AS d (n int, event text, type text, version text, livemode boolean, session text, intent text,
				booking uuid, result "PaymentEventResult", changed text, unchanged text, start int, length int,
				changed_result "PaymentEventResult", to_status "BookingStatus", to_dispute "Dispute", to_refunded bigint,
				to_refunds jsonb, to_failed jsonb, to_session text, to_intent text)
			ORDER BY d.event
		), kept AS (
			INSERT INTO "PaymentEvent" (id, "stripeEventId", type, "apiVersion", livemode, "stripeSessionId",
				"stripePaymentIntentId", "bookingId", result, reason, payload)
			SELECT id, event, type, version, livemode, session, intent, booking, CASE WHEN differs THEN changed_result ELSE result END,
				CASE WHEN differs THEN changed ELSE unchanged END, substring($2::bytea FROM start FOR length)
			FROM d
			ON CONFLICT DO NOTHING
			RETURNING id, reason
		), joined AS (
			UPDATE "Booking" AS b SET ` + joinSet + `, "updatedAt" = now()
			FROM d
			WHERE b.id = ANY (ARRAY (SELECT d.booking FROM d JOIN kept ON kept.id = d.id WHERE d.differs)) AND b.id = d.booking
		)
		SELECT d.n, kept.reason, d.result = 'processed' AND (
			SELECT true FROM "PaymentEvent" AS p WHERE p."stripePaymentIntentId" = d.intent AND p.reason = 'parked' LIMIT 1) IS NOT NULL AS parked
		FROM d JOIN kept ON kept.id = d.id`

	joinSQL = `
		UPDATE "Booking" AS b SET ` + joinSet + `, "updatedAt" = now()
		FROM (SELECT $2::"BookingStatus", $3::"Dispute", $4::bigint, $5::jsonb, $6::jsonb, $7::text, $8::text)
			AS d (to_status, to_dispute, to_refunded, to_refunds, to_failed, to_session, to_intent)
		WHERE b.id = $1 AND ` + joinDiffers

	// GREATEST passes over NULL, so an event that says nothing of a column leaves it as it is. Refunds that are added
	// to those that are there are the union of both.
	joinSet = `
			status                  = GREATEST(b.status, d.to_status),
			dispute                 = GREATEST(b.dispute, d.to_dispute),
			"refundedAmount"        = GREATEST(b."refundedAmount", d.to_refunded),
			refunds                 = COALESCE(b.refunds || d.to_refunds, b.refunds),
			"failedRefunds"         = COALESCE(b."failedRefunds" || d.to_failed, b."failedRefunds"),
			"stripeSessionId"       = COALESCE(b."stripeSessionId", d.to_session),
			"stripePaymentIntentId" = GREATEST(b."stripePaymentIntentId", d.to_intent)`
	joinDiffers = `
			(b.status, b.dispute, b."refundedAmount", b.refunds, b."failedRefunds", b."stripeSessionId", b."stripePaymentIntentId") IS DISTINCT FROM
			(GREATEST(b.status, d.to_status), GREATEST(b.dispute, d.to_dispute), GREATEST(b."refundedAmount", d.to_refunded),
				COALESCE(b.refunds || d.to_refunds, b.refunds), COALESCE(b."failedRefunds" || d.to_failed, b."failedRefunds"),
				COALESCE(b."stripeSessionId", d.to_session), GREATEST(b."stripePaymentIntentId", d.to_intent))`

	parkedSQL = `
		SELECT ` + paymentEventColumns + `, payload
		FROM "PaymentEvent" WHERE "stripePaymentIntentId" = $1 AND reason = 'parked' ORDER BY "createdAt", id`

	settleSQL = `UPDATE "PaymentEvent" SET "bookingId" = $2, result = $3, reason = $4 WHERE id = $1`
)

// Change is what an event says of a booking. Each field is joined to what the booking has: the later
// status and dispute, the larger sum of refunds, all refunds, the first session. The zero value of a field says nothing.
type Change struct {
	Status          BookingStatus
	Dispute         Dispute
	RefundedAmount  int64
	Refunds         Refunds
	FailedRefunds   Refunds
	SessionID       *string
	PaymentIntentID *string
}

// Entry is an event that is to be recorded, with what it changes. Its Result and Reason are kept if the change
// makes no difference, IfChanged if it makes one.
type Entry struct {
	PaymentEvent
	Change    Change
	IfChanged Recorded // the zero value is the Result and the Reason
}

// Recorded is what is kept of what became of an event, and why.
type Recorded struct {
	Result Result
	Reason string
}

// Kept is what became of an entry.
type Kept struct {
	Reason string // the one that was kept; "" if the event, or its fact, had been recorded meanwhile, and nothing was done
	Parked bool   // it is processed, and events wait for its payment intent
}

// Keep records events, and joins the change of each to its booking. The intent's lock and the booking's row lock of
// each are held by this transaction, and no two are about the same booking. The list is as long as the entries'.
//
// The error may be a violation of SlotConstraint or SessionConstraint; after an error the transaction can only end.
func (tx *Tx) Keep(ctx context.Context, entries []Entry) ([]Kept, error) {
	list, err := entryRows(entries)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		N int
		Kept
	}
	if err := tx.statement(ctx, keepSQL).SelectContext(ctx, &rows, list, payloads(entries)); err != nil {
		return nil, err
	}
	kept := make([]Kept, len(entries))
	for _, row := range rows {
		kept[row.N] = row.Kept
	}
	return kept, nil
}

// entryRow is an Entry as keepSQL takes it: JSON is what both sides write and read fastest. Bytes are the exception,
// so the payloads come beside it, in one piece.
type entryRow struct {
	N             int        `json:"n"`
	Event         string     `json:"event"`
	Type          string     `json:"type"`
	Version       *string    `json:"version"`
	Livemode      bool       `json:"livemode"`
	Session       *string    `json:"session"`
	Intent        *string    `json:"intent"`
	Booking       *uuid.UUID `json:"booking"`
	Result        Result     `json:"result"`
	ChangedResult Result     `json:"changed_result"`
	Changed       string     `json:"changed"`
	Unchanged     string     `json:"unchanged"`
	Start         int        `json:"start"` // of the payload among all of them, counted from 1
	Length        int        `json:"length"`
	ToStatus      *string    `json:"to_status"`
	ToDispute     *string    `json:"to_dispute"`
	ToRefunded    int64      `json:"to_refunded"`
	ToRefunds     Refunds    `json:"to_refunds,omitempty"`
	ToFailed      Refunds    `json:"to_failed,omitempty"`
	ToSession     *string    `json:"to_session"`
	ToIntent      *string    `json:"to_intent"`
}

// entryRows numbers the entries from 0.
func entryRows(entries []Entry) (string, error) {
	list, start := make([]entryRow, len(entries)), 1
	for i, e := range entries {
		if e.IfChanged == (Recorded{}) {
			e.IfChanged = Recorded{e.Result, e.Reason}
		}
		list[i] = entryRow{
			N: i, Event: e.StripeEventID, Type: e.Type, Version: e.APIVersion, Livemode: e.Livemode, Session: e.StripeSessionID,
			Intent: e.StripePaymentIntentID, Booking: e.BookingID,
			Result: e.Result, Unchanged: e.Reason, ChangedResult: e.IfChanged.Result, Changed: e.IfChanged.Reason,
			Start: start, Length: len(e.Payload),
			ToStatus: orNull(e.Change.Status), ToDispute: orNull(e.Change.Dispute), ToRefunded: e.Change.RefundedAmount,
			ToRefunds: e.Change.Refunds, ToFailed: e.Change.FailedRefunds,
			ToSession: e.Change.SessionID, ToIntent: e.Change.PaymentIntentID,
		}
		start += len(e.Payload)
	}
	encoded, err := json.Marshal(list)
	return string(encoded), err
}

// payloads are the entries' payloads, one after another.
func payloads(entries []Entry) []byte {
	if len(entries) == 1 {
		return entries[0].Payload
	}
	list := make([][]byte, len(entries))
	for i, e := range entries {
		list[i] = e.Payload
	}
	return slices.Concat(list...)
}

// Join applies a change to a booking whose row is locked, and tells whether anything became
// different. The errors are Keep's.
func (tx *Tx) Join(ctx context.Context, id uuid.UUID, c Change) (changed bool, err error) {
	result, err := tx.statement(ctx, joinSQL).ExecContext(ctx, id, orNull(c.Status), orNull(c.Dispute),
		c.RefundedAmount, c.Refunds, c.FailedRefunds, c.SessionID, c.PaymentIntentID)
	if err != nil {
		return false, err
	}
	rows, err := result.RowsAffected()
	return rows == 1, err
}

// Parked lists the events that wait for this payment intent's booking, in the order in which they came.
func (tx *Tx) Parked(ctx context.Context, intent string) ([]PaymentEvent, error) {
	var list []PaymentEvent
	err := tx.statement(ctx, parkedSQL).SelectContext(ctx, &list, intent)
	return list, err
}

// Settle gives a parked event its booking, result and reason.
func (tx *Tx) Settle(ctx context.Context, e PaymentEvent) error {
	_, err := tx.statement(ctx, settleSQL).ExecContext(ctx, e.ID, e.BookingID, e.Result, e.Reason)
	return err
}

// orNull passes the empty word as NULL, which GREATEST leaves out.
func orNull[Word ~string](word Word) *string {
	if word == "" {
		return nil
	}
	text := string(word)
	return &text
}
