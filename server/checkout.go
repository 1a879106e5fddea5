package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"
	"golang.org/x/sync/singleflight"

	"example.com/hookproof/store"
)

// stripeTime is how long we wait for Stripe to do one thing, its retry included.
const stripeTime = 12 * time.Second

// checkout is what we ask of Stripe: sessions in which a customer pays, their end, and refunds.
type checkout struct {
	api        *client.API
	successURL string
	cancelURL  string
	expiring   singleflight.Group // by session
	ended      endedSessions
}

func newCheckout(c Config) *checkout {
	backend := &stripe.BackendConfig{
		HTTPClient:        &http.Client{Timeout: stripeTime / 2},
		MaxNetworkRetries: stripe.Int64(1), // safe: everything we send carries an Idempotency-Key or is idempotent
		EnableTelemetry:   stripe.Bool(false),
		LeveledLogger:     &stripe.LeveledLogger{Level: stripe.LevelNull}, // it would log what it sends
	}
	if c.StripeAPIBase != "" {
		backend.URL = stripe.String(strings.TrimSuffix(c.StripeAPIBase, "/"))
	}
	return &checkout{
		api:        client.New(c.StripeKey, &stripe.Backends{API: stripe.GetBackendWithConfig(stripe.APIBackend, backend)}),
		successURL: c.SuccessURL,
		cancelURL:  c.CancelURL,
	}
}

// liveKey reports whether the key moves real money.
func liveKey(key string) bool {
	return strings.HasPrefix(key, "sk_live_") || strings.HasPrefix(key, "rk_live_")
}

// open makes the session in which a booking is paid. The booking's id is the Idempotency-Key, so that
// a retry finds the same session, and is written wherever an event may carry it back.
func (c *checkout) open(ctx context.Context, b store.Booking, what string) (id, url string, err error) {
	ctx, cancel := context.WithTimeout(ctx, stripeTime)
	defer cancel()
	ours := map[string]string{"bookingId": b.ID.String()}
	params := &stripe.CheckoutSessionParams{
		Mode:              stripe.String(string(stripe.CheckoutSessionModePayment)),
		SuccessURL:        stripe.String(c.successURL),
		CancelURL:         stripe.String(c.cancelURL),
		ClientReferenceID: stripe.String(b.ID.String()),
		ExpiresAt:         stripe.Int64(b.ExpiresAt.Unix()),
		LineItems: []*stripe.CheckoutSessionLineItemParams{{
			Quantity: stripe.Int64(1),
			PriceData: &stripe.CheckoutSessionLineItemPriceDataParams{
				Currency:    stripe.String(b.Currency),
				UnitAmount:  stripe.Int64(b.Amount),
				ProductData: &stripe.CheckoutSessionLineItemPriceDataProductDataParams{Name: stripe.String(what)},
			},
		}},
		// A charge takes its metadata from the payment intent, so that a refund tells whose it is.
		PaymentIntentData: &stripe.CheckoutSessionPaymentIntentDataParams{Metadata: ours},
	}
	params.Context, params.Metadata = ctx, ours
	params.SetIdempotencyKey(b.ID.String())
	session, err := c.api.CheckoutSessions.New(params)
	if err != nil {
		return "", "", stripeFailed("create session", err)
	}
	return session.ID, session.URL, nil
}

// find is the id of the session that was made for a booking, "" if Stripe says that there is none and that it would make
// none now. It asks as open does, with the same key: https://docs.stripe.com/api/idempotent_requests.
func (c *checkout) find(ctx context.Context, b store.Booking, what string) (string, error) {
	id, _, err := c.open(ctx, b, what)
	var failed *stripeError
	if errors.As(err, &failed) && failed.status == http.StatusBadRequest {
		return "", nil
	}
	return id, err
}

// A session that is not open cannot be ended: the customer has completed it, or it has ended by itself.
var (
	errNotOpen  = errors.New("the checkout session is not open")
	errComplete = fmt.Errorf("%w: it is complete", errNotOpen)
	errExpired  = fmt.Errorf("%w: it has expired", errNotOpen)
)

// expire ends a session, so that it can no longer be paid; errComplete or errExpired if it is not open. A session that
// Stripe does not know cannot be paid either: another account's, or a mock's that was started anew.
//
// Callers who want to end one session at the same time ask Stripe once. What Stripe has once said not to be open stays
// so, and is not asked for again: repeated cancels would use up what Stripe lets an account ask.
func (c *checkout) expire(ctx context.Context, sessionID string) error {
	if err := c.ended.of(sessionID); err != nil {
		return err
	}
	_, err, _ := c.expiring.Do(sessionID, func() (any, error) { return nil, c.expireOnce(ctx, sessionID) })
	return err
}

func (c *checkout) expireOnce(ctx context.Context, sessionID string) error {
	ctx, cancel := context.WithTimeout(ctx, stripeTime)
	defer cancel()
	params := &stripe.CheckoutSessionExpireParams{}
	params.Context = ctx
	_, err := c.api.CheckoutSessions.Expire(sessionID, params)
	var refused *stripe.Error
	if errors.As(err, &refused) && refused.Code == stripe.ErrorCodeResourceMissing {
		return nil
	}
	if refused != nil && refused.HTTPStatusCode == http.StatusBadRequest {
		// Stripe refuses to expire what is not open; only the session itself tells which end it had.
		get := &stripe.CheckoutSessionParams{}
		get.Context = ctx
		session, err := c.api.CheckoutSessions.Get(sessionID, get)
		if err != nil {
			return stripeFailed("get session", err)
		}
		switch session.Status {
		case stripe.CheckoutSessionStatusComplete:
			c.ended.keep(sessionID, errComplete)
			return errComplete
		case stripe.CheckoutSessionStatusExpired:
			c.ended.keep(sessionID, errExpired)
			return errExpired
		}
	}
	if err != nil {
		return stripeFailed("expire session", err)
	}
	return nil
}

// endedSessions remembers which sessions have ended, and how. It is bounded, and safe for concurrent use.
type endedSessions struct {
	mu    sync.Mutex
	known map[string]error
}

const endedMost = 10_000

func (e *endedSessions) of(sessionID string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.known[sessionID]
}

func (e *endedSessions) keep(sessionID string, end error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known == nil || len(e.known) >= endedMost {
		e.known = map[string]error{}
	}
	e.known[sessionID] = end
}

// refund gives back what has not been given back yet. The key names what was given back before, so that
// two requests at once refund once, and a refund after a partial one is a new one.
func (c *checkout) refund(ctx context.Context, b store.Booking) error {
	before := b.GivenBack()
	if before >= b.Amount {
		return nil // refund.created has told of it, and charge.refunded is on the way
	}
	ctx, cancel := context.WithTimeout(ctx, stripeTime)
	defer cancel()
	params := &stripe.RefundParams{
		PaymentIntent: b.StripePaymentIntentID,
		Amount:        stripe.Int64(b.Amount - before),
	}
	params.Context = ctx
	params.SetIdempotencyKey("refund-" + b.ID.String() + "-" + strconv.FormatInt(before, 10))
	_, err := c.api.Refunds.New(params)
	var refused *stripe.Error
	if errors.As(err, &refused) && refused.Code == stripe.ErrorCodeChargeAlreadyRefunded {
		return nil // its webhook is on the way
	}
	if err != nil {
		return stripeFailed("refund", err)
	}
	return nil
}

// stripeError is a failure of Stripe's in words that are safe to log: Stripe's own message may quote
// what was sent.
type stripeError struct {
	message string
	status  int // of Stripe's answer; 0 if there was none
}

func (e *stripeError) Error() string { return e.message }

// mayBeOpen reports that Stripe may have made a session all the same: it has not answered, or not with a refusal.
func mayBeOpen(err error) bool {
	var failed *stripeError
	if !errors.As(err, &failed) {
		return true
	}
	refused := failed.status >= 400 && failed.status < 500
	return !refused || failed.status == http.StatusConflict || failed.status == http.StatusTooManyRequests
}

func isStripeError(err error) bool {
	var failed *stripeError
	return errors.As(err, &failed)
}

func stripeFailed(what string, err error) error {
	var refused *stripe.Error
	switch {
	case errors.As(err, &refused):
		return &stripeError{fmt.Sprintf("stripe: %s: status %d, type %s, code %s, request %s",
			what, refused.HTTPStatusCode, refused.Type, refused.Code, refused.RequestID), refused.HTTPStatusCode}
	case errors.Is(err, context.DeadlineExceeded):
		return &stripeError{message: "stripe: " + what + ": no answer in time"}
	default:
		return &stripeError{message: "stripe: " + what + ": no answer: " + store.Describe(err)}
	}
}
