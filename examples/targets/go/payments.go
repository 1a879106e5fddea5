package main

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"strings"
)

// handled are the types of event that mean something to an order.
var handled = map[string]bool{
	"checkout.session.completed":               true,
	"checkout.session.async_payment_succeeded": true,
	"checkout.session.async_payment_failed":    true,
	"checkout.session.expired":                 true,
	"charge.refunded":                          true,
	"charge.dispute.created":                   true,
	"charge.dispute.closed":                    true,
	"refund.created":                           true,
	"refund.updated":                           true,
	"refund.failed":                            true,
	"charge.refund.updated":                    true, // what older API versions have for the two above
}

// errTooEarly is an event that overtook the order it is about.
var errTooEarly = errors.New("the order is not there yet")

// record keeps an event and what it does in one transaction: both, or neither.
func (s *shop) record(ctx context.Context, e event) (duplicate bool, err error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	// A copy that is under way at the same time waits here for the other's end.
	result, err := tx.ExecContext(ctx, `INSERT INTO events (id, type) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, e.ID, e.Type)
	if err != nil {
		return false, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return err == nil, err // seen before
	}
	if handled[e.Type] && e.Livemode == livemode {
		if err := handle(ctx, tx, e); err != nil {
			return false, err
		}
	}
	return false, tx.Commit()
}

// handle finds the order that an event is about, and changes it.
func handle(ctx context.Context, tx *sql.Tx, e event) error {
	intent := string(e.object.PaymentIntent)
	if intent != "" {
		// Events of one payment queue, lest a refund is parked while the payment looks for parked ones.
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, intent); err != nil {
			return err
		}
	}
	if strings.HasPrefix(e.Type, "refund.") || e.Type == "charge.refund.updated" {
		return keepRefund(ctx, tx, e)
	}
	if !strings.HasPrefix(e.Type, "checkout.session.") {
		o, err := find(ctx, tx, `intent`, intent)
		if errors.Is(err, sql.ErrNoRows) {
			_, err := tx.ExecContext(ctx, `INSERT INTO parked (intent, body) VALUES ($1, $2)`, intent, e.body)
			return err
		}
		if err != nil {
			return err
		}
		return change(ctx, tx, o, e)
	}
	reference := e.object.Metadata["reference"]
	column, value := `reference`, reference
	if reference == "" {
		column, value = `session`, e.object.ID
	}
	o, err := find(ctx, tx, column, value)
	if errors.Is(err, sql.ErrNoRows) {
		if reference == "" {
			return nil // another application's
		}
		return errTooEarly
	}
	if err != nil {
		return err
	}
	return change(ctx, tx, o, e)
}

// keepRefund keeps one refund, by its payment. One that is pending counts, as with Stripe. One that has failed, days later
// perhaps, does not, and never will again.
func keepRefund(ctx context.Context, tx *sql.Tx, e event) error {
	refund, intent := e.object, string(e.object.PaymentIntent)
	if intent == "" || refund.ID == "" || refund.Amount <= 0 {
		return nil // of no payment of ours
	}
	failed := refund.Status == "failed" || refund.Status == "canceled"
	if failed {
		log.Printf("refund %s has failed: the customer of payment %s still has to get the money", refund.ID, intent)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO single_refunds (id, intent, amount, currency, failed) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET failed = single_refunds.failed OR EXCLUDED.failed`,
		refund.ID, intent, refund.Amount, refund.Currency, failed)
	return err
}

// find locks the one order with a value in a column. No order has an empty intent for its own.
func find(ctx context.Context, tx *sql.Tx, column, value string) (order, error) {
	var o order
	if value == "" {
		return o, sql.ErrNoRows
	}
	err := o.scan(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM orders WHERE `+column+` = $1 FOR UPDATE`, value))
	return o, err
}

// change applies an event to its order, and what was parked for the payment that it names.
func change(ctx context.Context, tx *sql.Tx, o order, e event) error {
	if reason := o.apply(e); reason != "" {
		log.Printf("order %s needs review: %s: %s", o.ID, e.ID, reason)
		return nil // no retry can help
	}
	// The intent of a try that failed, in this session or another one, gives way to that of the payment.
	if intent := string(e.object.PaymentIntent); intent != "" && (o.intent == "" || o.ship && intent != o.intent) {
		o.intent = intent
		if err := unpark(ctx, tx, &o); err != nil {
			return err
		}
	}
	if o.ship {
		if _, err := tx.ExecContext(ctx, `INSERT INTO shipments (order_id) VALUES ($1)`, o.ID); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `UPDATE orders SET status = $2, paid = $3, refunded = $4, dispute = $5, intent = $6 WHERE id = $1`,
		o.ID, o.Status, o.paid, o.Refunded, o.Dispute, o.intent)
	return err
}

// unpark applies the events that came before their payment was known.
func unpark(ctx context.Context, tx *sql.Tx, o *order) error {
	rows, err := tx.QueryContext(ctx, `DELETE FROM parked WHERE intent = $1 RETURNING body`, o.intent)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return err
		}
		e, err := parse(body)
		if err != nil {
			return err
		}
		if reason := o.apply(e); reason != "" {
			log.Printf("order %s needs review: %s: %s", o.ID, e.ID, reason)
		}
	}
	return rows.Err()
}

// apply changes an order as an event says, or tells why a person must look at it.
func (o *order) apply(e event) (review string) {
	switch e.Type {
	case "checkout.session.completed", "checkout.session.async_payment_succeeded":
		if e.object.PaymentStatus == "unpaid" {
			o.Status = later(statuses, o.Status, "AWAITING_PAYMENT")
			return ""
		}
		if !o.settledBy(e.object) {
			return "the amount, the currency or the payment's status is not the order's"
		}
		o.Status = later(statuses, o.Status, "PAID")
		o.ship = !o.paid // once, whichever event comes first
		o.paid = true
	case "checkout.session.async_payment_failed":
		o.Status = later(statuses, o.Status, "PAYMENT_FAILED")
	case "checkout.session.expired":
		o.Status = later(statuses, o.Status, "EXPIRED")
	case "charge.refunded":
		refunded := e.object.AmountRefunded // the sum of all refunds so far
		if e.object.Currency != o.Currency || e.object.Amount != o.Amount || refunded < 0 || refunded > o.Amount {
			return "the refund does not fit the order"
		}
		o.Refunded = max(o.Refunded, refunded)
		if o.Refunded == o.Amount {
			o.Status = later(statuses, o.Status, "REFUNDED")
		}
	case "charge.dispute.created":
		o.Dispute = later(disputes, o.Dispute, "open")
	case "charge.dispute.closed":
		if e.object.Status == "lost" {
			o.Dispute = later(disputes, o.Dispute, "lost")
		} else {
			o.Dispute = later(disputes, o.Dispute, "won")
		}
	}
	return ""
}

// settledBy tells whether a session brought what the order costs.
func (o *order) settledBy(session object) bool {
	if session.AmountTotal == nil || session.Currency != o.Currency {
		return false
	}
	switch session.PaymentStatus {
	case "paid":
		return *session.AmountTotal == o.Amount
	case "no_payment_required":
		return *session.AmountTotal == o.Amount || *session.AmountTotal == 0
	}
	return false
}
