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

// instance is a server with its database.
type instance struct {
	size
	db       *sql.DB
	url      string
	token    string // of an administrator
	client   *http.Client
	template string       // of the body of a delivery
	next     atomic.Int64 // the booking that was delivered last
	stop     context.CancelFunc
	served   chan error
}

func newInstance(ctx context.Context, postgres *pgserver.Server, s size) (i *instance, err error) {
	if err := load(ctx, postgres, s); err != nil {
		return nil, err
	}
	i = &instance{size: s, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}, served: make(chan error, 1)}
	i.next.Store(int64(s.bookings - open))
	if i.db, err = sql.Open("postgres", postgres.URL(s.name)); err != nil {
		return nil, err
	}
	running, err := server.Open(ctx, server.Config{
		Address: "127.0.0.1:0", DatabaseURL: postgres.URL(s.name), StripeKey: "sk_test_growth", WebhookSecrets: []string{webhookSecret},
		WebhookTolerance: 5 * time.Minute, LoginRate: 5, JWTSecret: strings.Repeat("growth", 6), PasswordCost: 4, Log: quiet(),
	})
	if err != nil {
		return nil, err
	}
	ctx, i.stop = context.WithCancel(ctx)
	go func() { i.served <- running.Serve(ctx) }()
	i.url = running.URL()
	e, err := life.Payment.New("checkout.session.completed", event.Subject{
		"sessionId": "cs_growth", "clientReferenceId": bookingMark, "metadata.bookingId": bookingMark,
		"paymentIntent": "pi_growth", "amount": 4500, "currency": "usd",
	})
	if err != nil {
		return nil, err
	}
	i.template = strings.ReplaceAll(string(e.Body), e.ID, "evt_growth")
	return i, i.signIn(ctx)
}

func (i *instance) close() {
	if i.stop != nil {
		i.stop()
		<-i.served
	}
	_ = i.db.Close()
}

// signIn registers an administrator and gets a token.
func (i *instance) signIn(ctx context.Context) error {
	const credentials = `{"email":"admin@example.com","password":"growth growth growth"}`
	if _, err := i.ask(ctx, http.MethodPost, "/auth/register", credentials); err != nil {
		return err
	}
	if _, err := i.db.ExecContext(ctx, `UPDATE "User" SET role = 'ADMIN' WHERE email = 'admin@example.com'`); err != nil {
		return err
	}
	answer, err := i.ask(ctx, http.MethodPost, "/auth/login", credentials)
	if err != nil {
		return err
	}
	var signedIn struct{ Token string }
	err = json.Unmarshal(answer, &signedIn)
	i.token = signedIn.Token
	return err
}

// ask sends one request. An answer other than a 2xx is an error.
func (i *instance) ask(ctx context.Context, method, path, body string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, i.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+i.token)
	response, err := i.client.Do(request)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(response.Body)
	if response.StatusCode/100 != 2 {
		err = errors.Join(err, fmt.Errorf("%s %s was answered %d: %s", method, path, response.StatusCode, answer))
	}
	return answer, errors.Join(err, response.Body.Close())
}

// body returns the event that pays the nth booking. Its session id is the one in the loaded row.
func (i *instance) body(n int64) []byte {
	name := fmt.Sprint(n)
	return []byte(strings.NewReplacer("evt_growth", "evt_growth"+name, "cs_growth", session(n), "pi_growth", "pi_growth"+name,
		bookingMark, fmt.Sprintf("00000000-0000-4000-8000-%012d", n)).Replace(i.template))
}

// deliver sends one mix for one round, and returns the deliveries a second.
func (i *instance) deliver(ctx context.Context, mix string, length time.Duration) (float64, error) {
	first := i.next.Load()
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var sent atomic.Int64
	var failure atomic.Pointer[error]
	var group sync.WaitGroup
	began := time.Now()
	for range connections {
		group.Go(func() {
			for ctx.Err() == nil && failure.Load() == nil {
				n := i.next.Add(1)
				if mix == "duplicate" { // the events of earlier rounds, in order
					n = int64(i.bookings-open) + 1 + sent.Load()%(first-int64(i.bookings-open))
				}
				err := i.post(context.WithoutCancel(ctx), n)
				if n > int64(i.bookings) {
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
		i.next.Store(first)
	}
	if err := failure.Load(); err != nil {
		return 0, *err
	}
	return float64(sent.Load()) / time.Since(began).Seconds(), nil
}

func (i *instance) post(ctx context.Context, n int64) error {
	body, t := i.body(n), time.Now().Unix()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, i.url+"/webhooks/stripe", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s", t, event.Signature(webhookSecret, t, body)))
	response, err := i.client.Do(request)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	if response.StatusCode != http.StatusOK {
		err = fmt.Errorf("a delivery was answered %d", response.StatusCode)
	}
	return errors.Join(err, response.Body.Close())
}
