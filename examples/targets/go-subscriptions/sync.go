package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/stripe/stripe-go/v76"
)

// plans are what is sold, by Stripe's price.
var plans = map[string]string{"price_pro_monthly": "pro", "price_team_monthly": "team"}

// welcomeGift is taken off the invoices to come, in cents.
const welcomeGift = 500

// errTooEarly is a subscription of a user whose row is not committed yet. Stripe comes again.
var errTooEarly = errors.New("the user of the subscription is not there yet")

// record stores what is true of the subscription that an event is about, and then that the event has been dealt with. A
// process that ends in between does the first again, which changes nothing.
func (a *app) record(ctx context.Context, e stripe.Event, subscription string) (duplicate bool, err error) {
	err = a.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM events WHERE id = $1)`, e.ID).Scan(&duplicate)
	if err != nil || duplicate {
		return duplicate, err
	}
	if subscription != "" {
		user, err := a.sync(ctx, subscription)
		if err != nil {
			return false, err
		}
		if user != nil {
			if err := a.welcome(ctx, user); err != nil {
				return false, err
			}
		}
	}
	result, err := a.db.ExecContext(ctx, `INSERT INTO events (id, type) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, e.ID, string(e.Type))
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 0, err
}

// sync asks Stripe about a subscription and stores the answer. Since it asks under the subscription's lock, an answer never
// replaces a newer one. It tells whose subscription is active, if it is.
func (a *app) sync(ctx context.Context, id string) (active *user, err error) {
	tx, err := a.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, id); err != nil {
		return nil, err
	}
	params := &stripe.SubscriptionParams{}
	params.Context = ctx
	now, err := a.subscriptions.Get(id, params)
	if notFound(err) {
		log.Printf("subscription %s is not in Stripe: another account's, or long gone", id)
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("asking for %s: %w", id, err)
	}
	u, err := owner(ctx, tx, now)
	if errors.Is(err, sql.ErrNoRows) {
		if now.Metadata["user_id"] != "" {
			return nil, errTooEarly
		}
		return nil, nil // nobody of ours
	}
	if err != nil {
		return nil, err
	}
	item, known := soldItem(now)
	if !known {
		if now.Metadata["user_id"] != u.ID {
			return nil, nil // another product of the same customer
		}
		log.Printf("subscription %s needs review: no price of it is in plans", id) // its status counts; its plan stays
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO subscriptions AS s (id, user_id, status, price, quantity, period_end, cancel_at, created)
		VALUES ($1, $2, $3, $4, $5, to_timestamp($6), to_timestamp(nullif($7, 0)), to_timestamp($8))
		ON CONFLICT (id) DO UPDATE SET status = excluded.status, price = coalesce(nullif(excluded.price, ''), s.price),
			quantity = excluded.quantity, period_end = excluded.period_end, cancel_at = excluded.cancel_at`,
		id, u.ID, string(now.Status), item.price, item.quantity, item.periodEnd, cancelAt(now, item.periodEnd), now.Created)
	if err != nil {
		return nil, err
	}
	if now.Status == stripe.SubscriptionStatusActive {
		active = &u
	}
	return active, tx.Commit()
}

func notFound(err error) bool {
	var failed *stripe.Error
	return errors.As(err, &failed) && failed.HTTPStatusCode == http.StatusNotFound
}

// owner finds the user of a subscription: the one our Checkout session named, or the customer's.
func owner(ctx context.Context, tx *sql.Tx, s *stripe.Subscription) (u user, err error) {
	customer := ""
	if s.Customer != nil {
		customer = s.Customer.ID
	}
	row := tx.QueryRowContext(ctx, `SELECT id, customer FROM users WHERE id = $1 OR customer = $2 ORDER BY id = $1 DESC LIMIT 1`,
		s.Metadata["user_id"], customer)
	return u, row.Scan(&u.ID, &u.Customer)
}

// sold is what a subscription's item says of one of our plans.
type sold struct {
	price     string
	quantity  int64
	periodEnd int64
}

// soldItem is the item with a price of ours, wherever it stands, and else the first one without its price.
func soldItem(s *stripe.Subscription) (item sold, known bool) {
	item.periodEnd = s.CurrentPeriodEnd
	if s.Items == nil {
		return item, false
	}
	for i, one := range s.Items.Data {
		priced := one.Price != nil && plans[one.Price.ID] != ""
		if i > 0 && !priced {
			continue
		}
		item.quantity = one.Quantity
		if s.CurrentPeriodEnd == 0 {
			item.periodEnd = itemPeriodEnd(s, i)
		}
		if priced {
			item.price = one.Price.ID
			return item, true
		}
	}
	return item, false
}

// itemPeriodEnd is where an account whose API is of 2025-03-31.basil or newer says when the period ends, if it heeds no
// Stripe-Version. The library of 2023-10-16 has no field for it.
func itemPeriodEnd(s *stripe.Subscription, i int) int64 {
	var whole struct {
		Items struct {
			Data []struct {
				CurrentPeriodEnd int64 `json:"current_period_end"`
			}
		}
	}
	if s.LastResponse == nil || json.Unmarshal(s.LastResponse.RawJSON, &whole) != nil || i >= len(whole.Items.Data) {
		return 0
	}
	return whole.Items.Data[i].CurrentPeriodEnd
}

// cancelAt is when a subscription is going to end: the portal sets the flag, the date, or both.
func cancelAt(s *stripe.Subscription, periodEnd int64) int64 {
	if s.CancelAt == 0 && s.CancelAtPeriodEnd {
		return periodEnd
	}
	return s.CancelAt
}

// welcome gives a user a gift, once. The key makes Stripe answer a second try with the first one's gift; our own mark holds
// for longer than Stripe keeps keys.
func (a *app) welcome(ctx context.Context, u *user) error {
	var welcomed sql.NullTime
	if err := a.db.QueryRowContext(ctx, `SELECT welcomed_at FROM users WHERE id = $1`, u.ID).Scan(&welcomed); err != nil || welcomed.Valid {
		return err
	}
	params := &stripe.CustomerBalanceTransactionParams{
		Customer: stripe.String(u.Customer), Amount: stripe.Int64(-welcomeGift), Currency: stripe.String("usd"),
		Description: stripe.String("Welcome"),
	}
	params.Context = ctx
	params.SetIdempotencyKey("welcome-" + u.ID)
	if _, err := a.balances.New(params); notFound(err) {
		log.Printf("no gift for %s: the customer has been deleted", u.ID)
		return nil
	} else if err != nil {
		return fmt.Errorf("the gift for %s: %w", u.ID, err)
	}
	_, err := a.db.ExecContext(ctx, `UPDATE users SET welcomed_at = $2 WHERE id = $1`, u.ID, time.Now())
	return err
}
