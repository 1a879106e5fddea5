package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	maxBody   = 1 << 20
	tolerance = 5 * time.Minute
	patience  = 5 * time.Second // Stripe gives up soon after
	livemode  = false
)

func (s *shop) stripeWebhook(w http.ResponseWriter, r *http.Request) {
	status, duplicate, err := s.receive(w, r)
	s.received.Add(1)
	if duplicate {
		s.duplicates.Add(1)
	}
	if err != nil {
		s.errors.Add(1)
		log.Printf("webhook answered %d: %v", status, err) // for us, not for the caller
	}
	answer(w, status, map[string]bool{"received": err == nil})
}

// receive verifies a delivery, then records and applies it. It never answers 200 before the commit.
func (s *shop) receive(w http.ResponseWriter, r *http.Request) (status int, duplicate bool, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return http.StatusBadRequest, false, err
	}
	if err := s.verify(r.Header.Get("Stripe-Signature"), body); err != nil {
		return http.StatusBadRequest, false, err
	}
	e, err := parse(body)
	if err != nil {
		return http.StatusBadRequest, false, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	var seen bool
	done := make(chan error, 1)
	go func() { // a frozen database does not heed the context
		var err error
		seen, err = s.record(ctx, e)
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

// verify checks a Stripe-Signature header: any v1 entry, made with any of our secrets, not long ago.
func (s *shop) verify(header string, body []byte) error {
	var timestamp string
	var signatures [][]byte
	for _, part := range strings.Split(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			timestamp = value
		case "v1":
			if signature, err := hex.DecodeString(value); err == nil {
				signatures = append(signatures, signature)
			}
		}
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return errors.New("the signature has no time")
	}
	if age := time.Since(time.Unix(seconds, 0)); age.Abs() > tolerance {
		return fmt.Errorf("the signature is %s old", age)
	}
	for _, secret := range s.secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(timestamp + "."))
		mac.Write(body)
		expected := mac.Sum(nil)
		for _, signature := range signatures {
			if hmac.Equal(signature, expected) {
				return nil
			}
		}
	}
	return errors.New("no signature matches")
}

// event is what is used of an event, and of its object where its type is handled.
type event struct {
	ID       string
	Type     string
	Created  int64
	Livemode bool
	Data     struct{ Object json.RawMessage }

	object object
	body   []byte
}

// object is a checkout.session, a charge, a refund or a dispute.
type object struct {
	ID             string
	Metadata       map[string]string
	PaymentIntent  expandable `json:"payment_intent"`
	PaymentStatus  string     `json:"payment_status"`
	AmountTotal    *int64     `json:"amount_total"`
	Amount         int64
	AmountRefunded int64 `json:"amount_refunded"`
	Currency       string
	Status         string
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

func parse(body []byte) (event, error) {
	e := event{body: body}
	if err := json.Unmarshal(body, &e); err != nil {
		return e, err
	}
	if e.ID == "" || e.Type == "" {
		return e, errors.New("it is no event")
	}
	if handled[e.Type] {
		if err := json.Unmarshal(e.Data.Object, &e.object); err != nil {
			return e, err
		}
	}
	// PostgreSQL has no NUL, so that no retry could help.
	if strings.Contains(e.ID+e.Type+e.object.ID+e.object.Metadata["reference"]+string(e.object.PaymentIntent), "\x00") {
		return e, errors.New("it has a NUL in it")
	}
	return e, nil
}
