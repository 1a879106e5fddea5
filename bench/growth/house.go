package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/pgserver"
	"example.com/hookproof/server"
)

const (
	connections   = 32
	webhookSecret = "whsec_growth"
	bookingMark   = "00000000-0000-4000-8000-0000000growth"
)

// house is one database with a server on it.
type house struct {
	size
	db       *sql.DB
	url      string
	token    string // an administrator's
	client   *http.Client
	template string       // of a delivery's body
	next     atomic.Int64 // the booking that was delivered last
	stop     context.CancelFunc
	served   chan error
}

func newHouse(ctx context.Context, postgres *pgserver.Server, s size) (h *house, err error) {
	if err := load(ctx, postgres, s); err != nil {
		return nil, err
	}
	h = &house{size: s, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}, served: make(chan error, 1)}
	h.next.Store(int64(s.bookings - open))
	if h.db, err = sql.Open("postgres", postgres.URL(s.name)); err != nil {
		return nil, err
	}
	running, err := server.Open(ctx, server.Config{
		Address: "127.0.0.1:0", DatabaseURL: postgres.URL(s.name), StripeKey: "sk_test_growth", WebhookSecrets: []string{webhookSecret},
		WebhookTolerance: 5 * time.Minute, LoginRate: 5, JWTSecret: strings.Repeat("growth", 6), PasswordCost: 4, Log: quiet(),
	})
	if err != nil {
		return nil, err
	}
	ctx, h.stop = context.WithCancel(ctx)
	go func() { h.served <- running.Serve(ctx) }()
	h.url = running.URL()
	e, err := life.New("checkout.session.completed", event.Subject{
		"sessionId": "cs_growth", "clientReferenceId": bookingMark, "metadata.bookingId": bookingMark,
		"paymentIntent": "pi_growth", "amount": 4500, "currency": "usd",
	})
	if err != nil {
		return nil, err
	}
	h.template = strings.ReplaceAll(string(e.Body), e.ID, "evt_growth")
	return h, h.signIn(ctx)
}

func (h *house) close() {
	if h.stop != nil {
		h.stop()
		<-h.served
	}
	_ = h.db.Close()
}

// signIn makes an administrator.
func (h *house) signIn(ctx context.Context) error {
	const credentials = `{"email":"admin@example.com","password":"growth growth growth"}`
	if _, err := h.ask(ctx, http.MethodPost, "/auth/register", credentials); err != nil {
		return err
	}
	if _, err := h.db.ExecContext(ctx, `UPDATE "User" SET role = 'ADMIN' WHERE email = 'admin@example.com'`); err != nil {
		return err
	}
	answer, err := h.ask(ctx, http.MethodPost, "/auth/login", credentials)
	if err != nil {
		return err
	}
	var signedIn struct{ Token string }
	err = json.Unmarshal(answer, &signedIn)
	h.token = signedIn.Token
	return err
}

// ask makes one request and wants a 2xx.
func (h *house) ask(ctx context.Context, method, path, body string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, h.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+h.token)
	response, err := h.client.Do(request)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(response.Body)
	if response.StatusCode/100 != 2 {
		err = errors.Join(err, fmt.Errorf("%s %s was answered %d: %s", method, path, response.StatusCode, answer))
	}
	return answer, errors.Join(err, response.Body.Close())
}

// body is the payment of the nth booking, whose session is named as the rows name it.
func (h *house) body(n int64) []byte {
	name := fmt.Sprint(n)
	return []byte(strings.NewReplacer("evt_growth", "evt_growth"+name, "cs_growth", session(n), "pi_growth", "pi_growth"+name,
		bookingMark, fmt.Sprintf("00000000-0000-4000-8000-%012d", n)).Replace(h.template))
}

// deliver sends one mix for one round, and answers the deliveries a second.
func (h *house) deliver(ctx context.Context, mix string, length time.Duration) (float64, error) {
	first := h.next.Load()
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var sent atomic.Int64
	var failure atomic.Pointer[error]
	var group sync.WaitGroup
	began := time.Now()
	for range connections {
		group.Go(func() {
			for ctx.Err() == nil && failure.Load() == nil {
				n := h.next.Add(1)
				if mix == "duplicate" { // of what came in the rounds before, each in its turn
					n = int64(h.bookings-open) + 1 + sent.Load()%(first-int64(h.bookings-open))
				}
				err := h.post(context.WithoutCancel(ctx), n)
				if n > int64(h.bookings) {
					err = errUsedUp
				}
				if err != nil {
					failure.CompareAndSwap(nil, &err)
					return
				}
				sent.Add(1)
			}
		})
	}
	group.Wait()
	if mix == "duplicate" {
		h.next.Store(first)
	}
	if err := failure.Load(); err != nil {
		return 0, *err
	}
	return float64(sent.Load()) / time.Since(began).Seconds(), nil
}

func (h *house) post(ctx context.Context, n int64) error {
	body, t := h.body(n), time.Now().Unix()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+"/webhooks/stripe", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s", t, event.Signature(webhookSecret, t, body)))
	response, err := h.client.Do(request)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	if response.StatusCode != http.StatusOK {
		err = fmt.Errorf("a delivery was answered %d", response.StatusCode)
	}
	return errors.Join(err, response.Body.Close())
}
