package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

type user struct {
	ID       string `json:"id"`
	Customer string `json:"customer"`
}

// account is what a user may do, and what was chosen.
type account struct {
	Access    bool       `json:"access"`
	Status    string     `json:"status"`
	Plan      string     `json:"plan"`
	Seats     int64      `json:"seats"`
	PeriodEnd *time.Time `json:"periodEnd"`
	CancelAt  *time.Time `json:"cancelAt"`
}

// createUser makes a user and a customer of Stripe's. A real app would ask Stripe for the customer; the id is invented here.
func (a *app) createUser(w http.ResponseWriter, r *http.Request) {
	var asked struct{ ID, Customer string }
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil && !errors.Is(err, io.EOF) {
		answer(w, http.StatusBadRequest, map[string]string{"error": "the body must be a JSON object"})
		return
	}
	u := user{ID: or(asked.ID, rand.Text()), Customer: or(asked.Customer, "cus_"+rand.Text()[:14])}
	if _, err := a.db.ExecContext(r.Context(), `INSERT INTO users (id, customer) VALUES ($1, $2)`, u.ID, u.Customer); err != nil {
		answer(w, http.StatusInternalServerError, map[string]string{"error": "the user could not be made"})
		return
	}
	answer(w, http.StatusCreated, u)
}

// getUser tells of the best subscription that a user has: one that gives access, and of these the latest. While Stripe tries
// a card again, past_due, who was let in stays in.
func (a *app) getUser(w http.ResponseWriter, r *http.Request) {
	now := account{Status: "none"}
	var id, price string
	err := a.db.QueryRowContext(r.Context(), `SELECT id FROM users WHERE id = $1`, r.PathValue("id")).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		answer(w, http.StatusNotFound, map[string]string{"error": "no such user"})
		return
	}
	if err == nil {
		err = a.db.QueryRowContext(r.Context(), `
			SELECT status IN ('active', 'trialing', 'past_due') AS access, status, price, quantity,
			       period_end AT TIME ZONE 'UTC', cancel_at AT TIME ZONE 'UTC'
			FROM subscriptions WHERE user_id = $1 ORDER BY access DESC, created DESC, id DESC LIMIT 1`, id).
			Scan(&now.Access, &now.Status, &price, &now.Seats, &now.PeriodEnd, &now.CancelAt)
		now.Plan = plans[price]
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		answer(w, http.StatusInternalServerError, map[string]string{"error": "the user could not be read"})
		return
	}
	answer(w, http.StatusOK, now)
}

func (a *app) getCounters(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]int64{
		"received": a.received.Load(), "duplicates": a.duplicates.Load(), "errors": a.errors.Load(),
	})
}

func (a *app) getReady(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := a.db.PingContext(ctx); err != nil {
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
