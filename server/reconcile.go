package server

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/stripe/stripe-go/v76"

	"example.com/hookproof/store"
	"example.com/hookproof/webhook"
)

// eventsPage is how many events Stripe is asked for at once; a hundred is its limit.
const eventsPage = 100

// Reconcile fetches from Stripe the events of the last while that mean something to a booking, and takes
// each as if it had been delivered: for when deliveries failed for longer than Stripe retries, or the
// endpoint was not registered. What is known already is a duplicate, so it can be run at any time, beside
// running servers, and again. Stripe keeps events for 30 days (https://docs.stripe.com/api/events).
//
// It answers how many events came to which outcome; a rejected one can be fetched by another run.
func Reconcile(ctx context.Context, c Config, while time.Duration) (map[webhook.Outcome]int, error) {
	db, err := store.Open(c.DatabaseURL)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	if err := prepareDatabase(ctx, db, c); err != nil {
		return nil, err
	}
	handler := webhook.NewHandler(db, webhook.Config{Livemode: liveKey(c.StripeKey), Log: c.Log})
	defer handler.Wait(ctx)
	outcomes := map[webhook.Outcome]int{}
	err = newCheckout(c).events(ctx, time.Now().Add(-while), func(raw json.RawMessage) {
		outcomes[handler.Take(ctx, raw)]++
	})
	if err == nil && ctx.Err() != nil {
		err = fmt.Errorf("interrupted")
	}
	return outcomes, err
}

// events calls take with every event since a time that we handle, as Stripe wrote it.
func (c *checkout) events(ctx context.Context, since time.Time, take func(json.RawMessage)) error {
	handled := webhook.HandledTypes()
	params := &stripe.EventListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: since.Unix()}, Types: stripe.StringSlice(handled)}
	params.Limit, params.Single, params.Context = stripe.Int64(eventsPage), true, ctx
	for {
		list := c.api.Events.List(params)
		if err := list.Err(); err != nil {
			return stripeFailed("list events", err)
		}
		// The page's own text, not the SDK's idea of it: what is recorded is what Stripe wrote.
		var page struct {
			Data    []json.RawMessage
			HasMore bool `json:"has_more"`
		}
		if err := json.Unmarshal(list.EventList().LastResponse.RawJSON, &page); err != nil {
			return &stripeError{message: "stripe: list events: the answer is no list"}
		}
		var last struct{ ID, Type string }
		for _, raw := range page.Data {
			if err := json.Unmarshal(raw, &last); err != nil {
				return &stripeError{message: "stripe: list events: the answer holds what is no event"}
			}
			if slices.Contains(handled, last.Type) && ctx.Err() == nil {
				take(raw)
			}
		}
		if !page.HasMore || last.ID == "" || ctx.Err() != nil {
			return nil
		}
		params.StartingAfter = stripe.String(last.ID)
	}
}
