// Package server is the booking service's HTTP half: users, resources, bookings with their Stripe
// Checkout sessions, the operator's views, and the way in for Stripe's webhooks.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"example.com/hookproof/store"
	"example.com/hookproof/webhook"
)

// Time limits of the HTTP server. Writing is the longest: it counts from the request's header on, and every route
// has answered before (see answer.go).
const (
	headerTime   = 5 * time.Second
	requestTime  = 15 * time.Second
	responseTime = 40 * time.Second
	idleTime     = 60 * time.Second
	maxHeader    = 12 << 10 // net/http reads 4 KiB more
	// shutdownTime is for the requests in flight at SIGTERM: more than any of them may take.
	shutdownTime = askStripeTime + 5*time.Second
)

// Config is all that a server needs to know; it reads no environment.
type Config struct {
	Address          string       // to listen on, for example ":3000"; port 0 takes a free one
	Listener         net.Listener // to use in place of Address; closed with the server
	DatabaseURL      string       // a PostgreSQL URL or key=value string
	DatabaseWait     time.Duration
	StripeKey        string // sk_… or rk_…; a live one makes live events ours
	StripeAPIBase    string // "" is Stripe itself
	WebhookSecrets   []string
	WebhookTolerance time.Duration
	WebhookRate      int           // deliveries a second for an address, in bursts of ten times that; 0 is no limit
	LoginRate        int           // attempts in any minute for an address, and for an account
	RegisterRate     int           // registrations in any minute for an address; 0 is no limit
	MinSlot          time.Duration // of a booking; 0 is no limit, here and below
	MaxSlot          time.Duration
	BookingHorizon   time.Duration // how far ahead a slot may end
	MaxUnpaid        int           // unpaid bookings of one customer
	JWTSecret        string
	PasswordCost     int // bcrypt's; PasswordCost in production
	TrustedProxies   []netip.Prefix
	SuccessURL       string // where Stripe sends the customer after paying; "" is our own page
	CancelURL        string
	MetricsToken     string // "" turns GET /metrics off
	Log              *slog.Logger
	LogLinesDropped  func() uint64 // lines that Log has dropped; nil if it drops none

	AllowAsynchronousCommit bool // serve although the database may forget what it has committed
}

// Server is a running service.
type Server struct {
	config        Config
	log           *slog.Logger
	store         *store.Store
	webhook       *webhook.Handler
	checkout      *checkout
	tokens        *tokens
	password      *passwords
	logins        *loginLimiter
	registrations *attempts[netip.Prefix]
	arrivals      *webhookLimiter
	readiness     *readiness
	unnamed       untrustedProxies
	started       time.Time
	guard         *connectionGuard
	listener      net.Listener
	http          http.Server

	working       sync.WaitGroup      // handlers, and what they have left to do after their answer
	takeBacks     *semaphore.Weighted // of bookings that are being taken back
	takeBackTurns *semaphore.Weighted // of those that are at it right now
	life          context.Context     // ends when the server stops
	endLife       context.CancelFunc
}

// Open waits for the database, checks and migrates it, and listens. Nothing is served before Serve. The error is
// a sentence for the operator, without any secret.
func Open(ctx context.Context, c Config) (_ *Server, err error) {
	s := newServer(c)
	if s.store, err = store.Open(c.DatabaseURL); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.store.Close())
		}
	}()
	if err := prepareDatabase(ctx, s.store, c); err != nil {
		return nil, err
	}
	if s.listener = c.Listener; s.listener == nil {
		if s.listener, err = net.Listen("tcp", c.Address); err != nil {
			return nil, fmt.Errorf("cannot listen on %s: %w", c.Address, listenCause(err))
		}
	}
	if s.config.SuccessURL == "" {
		s.config.SuccessURL = "http://localhost:" + s.port() + "/checkout/success"
	}
	if s.config.CancelURL == "" {
		s.config.CancelURL = "http://localhost:" + s.port() + "/checkout/cancel"
	}
	s.checkout = newCheckout(s.config)
	s.webhook = webhook.NewHandler(s.store, webhook.Config{
		Secrets:   c.WebhookSecrets,
		Tolerance: c.WebhookTolerance,
		Livemode:  liveKey(c.StripeKey),
		Now:       time.Now,
		Log:       c.Log,
		Client:    func(r *http.Request) netip.Prefix { return limitKey(clientAddress(r, c.TrustedProxies)) },
		Verified:  s.guard.know,
	})
	s.http = http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       requestTime,
		WriteTimeout:      responseTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		// net/http's own complaints (a handshake that failed, a header too large) are lines like the others.
		ErrorLog: slog.NewLogLogger(c.Log.Handler(), slog.LevelDebug),
	}
	return s, nil
}

func listenCause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

func (s *Server) port() string {
	return strconv.Itoa(s.listener.Addr().(*net.TCPAddr).Port)
}

// newServer is a server that has neither a database nor an address yet.
func newServer(c Config) *Server {
	s := &Server{
		config:        c,
		log:           c.Log,
		tokens:        newTokens(c.JWTSecret, time.Now),
		logins:        newLoginLimiter(c.LoginRate, time.Now),
		registrations: newAttempts[netip.Prefix](c.RegisterRate, time.Now),
		arrivals:      newWebhookLimiter(c.WebhookRate, time.Now),
		guard:         newConnectionGuard(maxConnections, fairConnections, c.TrustedProxies, time.Now, c.Log),
		password:      newPasswords(c.PasswordCost),
		started:       time.Now(),

		takeBacks:     semaphore.NewWeighted(takeBackWaiting),
		takeBackTurns: semaphore.NewWeighted(takeBackAtOnce),
	}
	s.readiness = newReadiness(func(ctx context.Context) bool {
		ok, err := s.store.Migrated(ctx)
		return ok && err == nil
	}, time.Now)
	s.life, s.endLife = context.WithCancel(context.Background())
	return s
}

// URL is where the server can be reached from this machine.
func (s *Server) URL() string {
	host := "127.0.0.1"
	if address := s.listener.Addr().(*net.TCPAddr).AddrPort().Addr().Unmap(); !address.IsUnspecified() {
		host = address.String()
	}
	return "http://" + net.JoinHostPort(host, s.port())
}

// Serve answers requests until the context ends or serving fails. Then it stops accepting, lets the
// requests and deliveries in flight finish, for shutdownTime at most, and closes the database. Its
// error is nil after a clean end.
func (s *Server) Serve(ctx context.Context) error {
	failed := make(chan error, 1)
	listener := s.guard.serve(&s.http, s.listener)
	go func() { failed <- s.http.Serve(listener) }()
	s.log.Info("Server running on port " + s.port())
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		s.log.Info("Server stopping")
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		err = s.http.Shutdown(patience)
		s.endLife()
		s.webhook.Wait(patience)
		s.wait(patience)
	}
	// Nothing is under way any more, so a connection to which no goodbye can be said, since the database
	// has gone, loses nothing, and makes no failure of an orderly end.
	if closed := s.store.Close(); closed != nil {
		s.log.Warn("Closing the database", "error", store.Describe(closed))
	}
	if err == nil {
		s.log.Info("Server stopped")
	}
	return err
}

// wait returns when nothing is left to do for any request, or when the context ends.
func (s *Server) wait(ctx context.Context) {
	idle := make(chan struct{})
	go func() {
		s.working.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

// Close ends a server that was opened and never served.
func (s *Server) Close() error {
	s.endLife()
	return errors.Join(s.listener.Close(), s.store.Close())
}
