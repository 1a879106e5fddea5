package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/scenario"
	"example.com/hookproof/hookproof/target"
	"example.com/hookproof/store"
)

// target is this test's server as hookproof sees it: an address, a secret and hooks.
func (e *env) target() *hookproof.Target {
	return &hookproof.Target{
		URL:            e.running.url() + "/webhooks/stripe",
		Secret:         webhookSecret,
		PreviousSecret: previousSecret,
		Subject: func(ctx context.Context) (hookproof.Subject, error) {
			made, err := e.tryToBook(ctx)
			if err != nil {
				return nil, err
			}
			return subjectOf(made), nil
		},
		Announce: e.announce,
		State: func(ctx context.Context, s hookproof.Subject) (any, error) {
			return e.fetch(ctx, "/bookings/"+s["bookingId"].(string))
		},
		Counters: func(ctx context.Context) (hookproof.Counters, error) {
			metrics, err := e.fetch(ctx, "/admin/metrics")
			if err != nil {
				return hookproof.Counters{}, err
			}
			var c counts
			raw, err := json.Marshal(metrics["webhook"])
			if err == nil {
				err = json.Unmarshal(raw, &c)
			}
			return hookproof.Counters{Received: c.Received, Duplicates: c.Duplicates, Errors: c.Errors}, err
		},
		Hold:  e.hold,
		Proxy: e.proxy,
		Stop:  func(_ context.Context, how string) error { return e.stop(how == "stop") },
		Start: func(context.Context) error { return e.startAgain() },
		// What this server promises: every delivery is answered within ten seconds, of which a slow body
		// may take a part, and with the answer its effect is committed and counted, so that a second
		// look is not needed.
		Timings: target.Timings{Answer: 9 * time.Second, Effect: time.Nanosecond},
	}
}

func subjectOf(b map[string]any) hookproof.Subject {
	return hookproof.Subject{
		"bookingId":          b["id"],
		"sessionId":          b["stripeSessionId"],
		"clientReferenceId":  b["id"],
		"metadata.bookingId": b["id"],
		"email":              "customer@example.com", // ties nothing to a booking
		"amount":             int64(b["amount"].(float64)),
		"currency":           b["currency"],
	}
}

// announce names a booking whose row comes later. That row is as its creator leaves it before Stripe has
// answered: pending, without a session.
func (e *env) announce(context.Context) (hookproof.Subject, func(context.Context) error, error) {
	id, slot := uuid.NewString(), e.slot()
	subject := hookproof.Subject{
		"bookingId":          id,
		"sessionId":          "cs_test_" + strings.ReplaceAll(id, "-", ""),
		"clientReferenceId":  id,
		"metadata.bookingId": id,
		"amount":             int64(4500),
		"currency":           "usd",
	}
	return subject, func(ctx context.Context) error {
		_, err := e.db.ExecContext(ctx, `
			INSERT INTO "Booking" (id, "userId", "resourceId", "startsAt", "endsAt", amount, currency, "expiresAt")
			SELECT $1, u.id, $2, $3, $4, 4500, 'usd', now() + interval '31 minutes' FROM "User" u WHERE u.role = 'CUSTOMER'`,
			id, slot["resourceId"], slot["startsAt"], slot["endsAt"])
		return err
	}, nil
}

// hold locks the booking's row, as another delivery about it would.
func (e *env) hold(ctx context.Context, s hookproof.Subject) (func() error, error) {
	tx, err := e.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, `SELECT 1 FROM "Booking" WHERE id = $1 FOR UPDATE`, s["bookingId"]); err != nil {
		_ = tx.Rollback()
		return nil, err
	}
	return tx.Rollback, nil
}

// fetch reads a JSON object as OPS, without failing the test: a hook's error is its caller's to judge.
func (e *env) fetch(ctx context.Context, path string) (map[string]any, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.running.url()+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+shared.tokens[store.Ops])
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s answered %d", path, response.StatusCode)
	}
	var object map[string]any
	return object, json.Unmarshal(raw, &object)
}

// deliverPaid sends the event of a paid booking, past any scenario, and answers the ACK's status.
func (e *env) deliverPaid(b map[string]any) int {
	id, _ := b["id"].(string)
	body := fmt.Sprintf(`{"id":"evt_%s","object":"event","type":"checkout.session.completed","api_version":"2023-10-16",`+
		`"livemode":false,"data":{"object":{"id":%q,"object":"checkout.session","metadata":{"bookingId":%q},`+
		`"payment_status":"paid","amount_total":4500,"currency":"usd","payment_intent":"pi_%s"}}}`,
		strings.ReplaceAll(id, "-", ""), b["stripeSessionId"], id, strings.ReplaceAll(id, "-", ""))
	t := time.Now().Unix()
	request, err := http.NewRequest(http.MethodPost, e.running.url()+"/webhooks/stripe", strings.NewReader(body))
	if err != nil {
		return 0
	}
	request.Header.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s", t, event.Signature(webhookSecret, t, []byte(body))))
	response, err := client.Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// replay runs a scenario against this test's server and audits what it left behind.
func (e *env) replay(s scenario.Scenario) {
	e.t.Helper()
	result := scenario.Replay(e.t.Context(), e.target(), s)
	require.Equal(e.t, hookproof.Pass, result.Verdict, result.Why)
	e.audit(result.Journal)
}
