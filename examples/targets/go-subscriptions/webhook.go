package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"
)

const (
	maxBody   = 1 << 20
	tolerance = 5 * time.Minute
	livemode  = false
)

func (a *app) stripeWebhook(w http.ResponseWriter, r *http.Request) {
	status, duplicate, err := a.receive(w, r)
	a.received.Add(1)
	if duplicate {
		a.duplicates.Add(1)
	}
	if err != nil {
		a.errors.Add(1)
		log.Printf("webhook answered %d: %v", status, err) // for us, not for the caller
	}
	answer(w, status, map[string]bool{"received": err == nil})
}

// receive verifies a delivery and deals with it. It never answers 200 before what Stripe said is committed.
func (a *app) receive(w http.ResponseWriter, r *http.Request) (status int, duplicate bool, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return http.StatusBadRequest, false, err
	}
	e, err := a.verify(body, r.Header.Get("Stripe-Signature"))
	if err != nil {
		return http.StatusBadRequest, false, err
	}
	id, err := subscriptionOf(e)
	if err != nil {
		return http.StatusBadRequest, false, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), deliveryTimeout)
	defer cancel()
	done := make(chan error, 1)
	var seen bool
	go func() { // a frozen database does not heed the context
		var err error
		seen, err = a.record(ctx, e, id)
		done <- err
	}()
	select {
	case err = <-done:
	case <-ctx.Done():
		return http.StatusInternalServerError, false, ctx.Err()
	}
	if err != nil {
		return http.StatusInternalServerError, false, err // Stripe comes again
	}
	return http.StatusOK, seen, nil
}

// verify checks the signature with each of our secrets. The library looks at the past only, so a time ahead is refused here.
func (a *app) verify(body []byte, header string) (e stripe.Event, err error) {
	for _, secret := range a.secrets {
		// The endpoint may be registered with another API version than the library's: only what is the same in both is used.
		e, err = webhook.ConstructEventWithOptions(body, header, secret, webhook.ConstructEventOptions{
			Tolerance: tolerance, IgnoreAPIVersionMismatch: true,
		})
		if err == nil {
			break
		}
	}
	if err != nil {
		return e, err
	}
	if e.ID == "" || e.Type == "" || e.Data == nil || strings.Contains(e.ID+string(e.Type), "\x00") {
		return e, errors.New("it is no event")
	}
	for _, part := range strings.Split(header, ",") {
		if seconds, ok := strings.CutPrefix(part, "t="); ok {
			if at, err := strconv.ParseInt(seconds, 10, 64); err != nil || time.Until(time.Unix(at, 0)) > tolerance {
				return e, errors.New("the signature is of a time to come")
			}
		}
	}
	return e, nil
}

// subscriptionOf is the id of the subscription that an event is about, or "".
func subscriptionOf(e stripe.Event) (string, error) {
	ours := e.Livemode == livemode && e.Account == "" // another account's subscriptions are not ours to see
	var object struct {
		ID           string
		Subscription expandable // of a session, and of an invoice before 2025-03-31.basil
		Parent       struct {   // of an invoice since then
			Details struct{ Subscription expandable } `json:"subscription_details"`
		}
	}
	kind := strings.HasPrefix
	t := string(e.Type)
	isSubscription := kind(t, "customer.subscription.")
	if !ours || !isSubscription && !kind(t, "invoice.") && !kind(t, "checkout.session.") {
		return "", nil
	}
	if err := json.Unmarshal(e.Data.Raw, &object); err != nil {
		return "", err
	}
	id := string(object.Subscription)
	switch {
	case isSubscription:
		id = object.ID
	case id == "":
		id = string(object.Parent.Details.Subscription)
	}
	if !strings.HasPrefix(id, "sub_") {
		return "", nil
	}
	return id, nil
}

// expandable is an object's id, whether the object is expanded or not.
type expandable string

func (e *expandable) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '{' {
		var whole struct{ ID string }
		err := json.Unmarshal(raw, &whole)
		*e = expandable(whole.ID)
		return err
	}
	return json.Unmarshal(raw, (*string)(e))
}
