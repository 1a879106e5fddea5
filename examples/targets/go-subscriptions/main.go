// Command app is a small, correct Stripe webhook endpoint for subscriptions: on whatever an event says of one, it asks
// Stripe's API what is true now, and stores that. On net/http, stripe-go, database/sql and PostgreSQL.
package main

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	_ "github.com/lib/pq"
	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/customerbalancetransaction"
	"github.com/stripe/stripe-go/v76/subscription"
)

//go:embed schema.sql
var schema string

// app is the running service. The counters are counts since it started.
type app struct {
	db            *sql.DB
	secrets       []string // more than one while they are rotated
	subscriptions subscription.Client
	balances      customerbalancetransaction.Client

	received, duplicates, errors atomic.Int64
}

// Deadlines. Stripe gives up after some ten seconds; two tries of the API's fit into one delivery.
const (
	deliveryTimeout = 5 * time.Second
	apiTimeout      = 2 * time.Second
	apiRetries      = 1
)

func main() {
	if err := run(os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "app:", err)
		os.Exit(1)
	}
}

func run(getenv func(string) string) error {
	secrets := strings.Split(getenv("STRIPE_WEBHOOK_SECRET"), ",")
	if slices.Contains(secrets, "") {
		return errors.New("STRIPE_WEBHOOK_SECRET is empty, or has an empty part")
	}
	db, err := sql.Open("postgres", getenv("DATABASE_URL"))
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	defer db.Close()
	db.SetMaxOpenConns(20)
	db.SetMaxIdleConns(20) // of a burst, so that the next one need not connect again
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("making the tables: %w", err)
	}

	a := &app{db: db, secrets: secrets}
	a.useAPI(or(getenv("STRIPE_API_BASE"), stripe.APIURL), or(getenv("STRIPE_API_KEY"), "sk_test_app"))
	server := &http.Server{Addr: ":" + getenv("PORT"), Handler: a.routes(), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		return server.Shutdown(ctx)
	}
}

// useAPI makes the clients of the two things that Stripe is asked for.
func (a *app) useAPI(base, key string) {
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL:               stripe.String(base),
		HTTPClient:        &http.Client{Timeout: apiTimeout},
		MaxNetworkRetries: stripe.Int64(apiRetries),
	})
	a.subscriptions = subscription.Client{B: backend, Key: key}
	a.balances = customerbalancetransaction.Client{B: backend, Key: key}
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

func (a *app) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /users", a.createUser)
	mux.HandleFunc("GET /users/{id}", a.getUser)
	mux.HandleFunc("GET /counters", a.getCounters)
	mux.HandleFunc("GET /ready", a.getReady)
	mux.HandleFunc("POST /webhooks/stripe", a.stripeWebhook)
	return mux
}
