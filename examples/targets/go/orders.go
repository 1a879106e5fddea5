package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"
)

// order is a row of orders, and the answer about it.
type order struct {
	ID        string `json:"id"`
	Reference string `json:"reference"`
	Session   string `json:"stripeSessionId"`
	Amount    int64  `json:"amount"`
	Currency  string `json:"currency"`
	Status    string `json:"status"`
	Refunded  int64  `json:"refundedAmount"`
	Dispute   string `json:"dispute"`
	Shipments int    `json:"fulfilments"`

	intent string
	paid   bool
	ship   bool // now
}

// statuses and disputes are in the order in which one takes the place of another. An event moves an
// order forward, never back, so the order in which events come does not matter.
var (
	statuses = []string{"PENDING", "AWAITING_PAYMENT", "EXPIRED", "PAYMENT_FAILED", "PAID", "REFUNDED"}
	disputes = []string{"none", "open", "won", "lost"}
)

// later is the one of two words that comes later in the list.
func later(list []string, a, b string) string {
	if slices.Index(list, a) < slices.Index(list, b) {
		return b
	}
	return a
}

const columns = `id, reference, session, amount, currency, status, refunded, dispute, intent, paid`

func (o *order) scan(row *sql.Row) error {
	return row.Scan(&o.ID, &o.Reference, &o.Session, &o.Amount, &o.Currency, &o.Status, &o.Refunded, &o.Dispute, &o.intent, &o.paid)
}

// createOrder makes an order and its Checkout session, which carries the reference in its metadata. A
// real shop would ask Stripe for the session; its id is invented here.
func (s *shop) createOrder(w http.ResponseWriter, r *http.Request) {
	var asked struct{ Reference string }
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil && !errors.Is(err, io.EOF) {
		answer(w, http.StatusBadRequest, map[string]string{"error": "the body must be a JSON object"})
		return
	}
	if asked.Reference == "" {
		asked.Reference = rand.Text()
	}
	var o order
	err := o.scan(s.db.QueryRowContext(r.Context(),
		`INSERT INTO orders (reference, session, amount, currency) VALUES ($1, $2, 4500, 'usd') RETURNING `+columns,
		asked.Reference, "cs_test_"+rand.Text()))
	if err != nil {
		answer(w, http.StatusInternalServerError, map[string]string{"error": "the order could not be made"})
		return
	}
	answer(w, http.StatusCreated, o)
}

// getOrder finds an order by its id or its reference.
func (s *shop) getOrder(w http.ResponseWriter, r *http.Request) {
	var o order
	err := o.scan(s.db.QueryRowContext(r.Context(),
		`SELECT `+columns+` FROM orders WHERE id::text = $1 OR reference = $1`, r.PathValue("id")))
	if err == nil {
		err = s.db.QueryRowContext(r.Context(), `SELECT count(*) FROM shipments WHERE order_id = $1`, o.ID).Scan(&o.Shipments)
	}
	var made, failed int64
	if err == nil {
		err = s.db.QueryRowContext(r.Context(),
			`SELECT coalesce(sum(amount) FILTER (WHERE NOT failed), 0), coalesce(sum(amount) FILTER (WHERE failed), 0)
			FROM single_refunds WHERE intent = $1 AND currency = $2`, o.intent, o.Currency).Scan(&made, &failed)
		o.countRefunds(made, failed)
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		answer(w, http.StatusNotFound, map[string]string{"error": "no such order"})
	case err != nil:
		answer(w, http.StatusInternalServerError, map[string]string{"error": "the order could not be read"})
	default:
		answer(w, http.StatusOK, o)
	}
}

// countRefunds is what the customer has got back. A refund is told by its own events and in the sum of its charge's, and
// either may be late: of the two sums, each without what has failed, the larger one knows more.
func (o *order) countRefunds(made, failed int64) {
	o.Refunded = max(made, o.Refunded-failed)
	if o.Status == "REFUNDED" && failed > 0 && o.Refunded < o.Amount {
		o.Status = "REFUND_FAILED" // he still has to get the rest
	}
}

func (s *shop) getCounters(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]int64{
		"received": s.received.Load(), "duplicates": s.duplicates.Load(), "errors": s.errors.Load(),
	})
}

func (s *shop) getReady(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := s.db.PingContext(ctx); err != nil {
		answer(w, http.StatusServiceUnavailable, map[string]string{"status": "no database"})
		return
	}
	answer(w, http.StatusOK, map[string]string{"status": "ready"})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who has gone away misses nothing
}
