// Command shop is a small, correct Stripe webhook endpoint: a shop with one product, sold through Checkout,
// on net/http, database/sql and PostgreSQL. Faulty variants of it are in hookproof/mutants/go.
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
)

//go:embed schema.sql
var schema string

// shop is the running service. The counters are counts since it started.
type shop struct {
	db                           *sql.DB
	secrets                      []string // more than one while they are rotated
	received, duplicates, errors atomic.Int64
}

func main() {
	if err := run(os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "shop:", err)
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

	s := &shop{db: db, secrets: secrets}
	server := &http.Server{Addr: ":" + getenv("PORT"), Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
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

func (s *shop) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", s.createOrder)
	mux.HandleFunc("GET /orders/{id}", s.getOrder)
	mux.HandleFunc("GET /counters", s.getCounters)
	mux.HandleFunc("GET /ready", s.getReady)
	mux.HandleFunc("POST /webhooks/stripe", s.stripeWebhook)
	return mux
}
