package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"

	"example.com/hookproof/pgserver"
	"example.com/hookproof/server"
	"example.com/hookproof/store"
	stripemock "example.com/hookproof/stripe-mock"
)

const (
	firstPort = 3000
	lastPort  = 3099
	database  = "booking_platform"

	// passwordCost is the least that bcrypt knows: the sandbox's passwords are made anew, long and at random, and a slow
	// hash would keep a small machine busy for nothing.
	passwordCost = bcrypt.MinCost
)

// secrets are made once for a data directory, and kept in it for whoever owns it.
type secrets struct {
	Webhook   string
	JWT       string
	Metrics   string
	Passwords map[store.Role]string
}

// sandbox is everything that runs.
type sandbox struct {
	postgres *pgserver.Server
	mock     *stripemock.Server
	server   *server.Server
	secrets  secrets
	logPath  string
	log      *logTail
	taken    bool // port 3000 was

	targetFile string // by which hookproof judges this sandbox; "" is none

	stop   context.CancelFunc
	served chan error
}

// open starts everything. What it does is told line by line, since the first time takes a while.
func open(ctx context.Context, data string, out io.Writer) (_ *sandbox, err error) {
	s := &sandbox{served: make(chan error, 1), stop: func() {}}
	defer func() {
		if err != nil {
			s.served <- nil
			err = errors.Join(err, s.close())
		}
	}()
	if data != "" {
		if data, err = filepath.Abs(data); err != nil {
			return nil, err
		}
	}
	if s.postgres, err = pgserver.Start(ctx, pgserver.Config{Dir: data, Progress: out, Durable: data != ""}); err != nil {
		return nil, err
	}
	if s.secrets, err = keepSecrets(data); err != nil {
		return nil, err
	}
	if s.mock, err = stripemock.Start(); err != nil {
		return nil, err
	}
	_, _ = fmt.Fprintf(out, "Started stripe-mock at %s\n", s.mock.URL())
	if found, err := s.postgres.HasDatabase(ctx, database); err != nil {
		return nil, err
	} else if !found {
		if err := s.postgres.CreateDatabase(ctx, database, ""); err != nil {
			return nil, err
		}
	}
	if err := s.serve(ctx, data); err != nil {
		return nil, err
	}
	_, _ = fmt.Fprintf(out, "Started the booking server at %s\n", s.server.URL())
	if s.taken {
		_, _ = fmt.Fprintf(out, "(port %d was taken)\n", firstPort)
	}
	if err := s.fill(ctx); err != nil {
		return s, err
	}
	s.targetFile, err = s.writeTarget(filepath.Dir(s.logPath))
	return s, err
}

// keepSecrets makes secrets, or reads those that a kept directory has.
func keepSecrets(data string) (secrets, error) {
	s := secrets{
		Webhook: "whsec_" + rand.Text(), JWT: rand.Text() + rand.Text(), Metrics: rand.Text(),
		Passwords: map[store.Role]string{store.Admin: rand.Text(), store.Ops: rand.Text(), store.Customer: rand.Text()},
	}
	if data == "" {
		return s, nil
	}
	file := filepath.Join(data, "sandbox.json")
	raw, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		if raw, err = json.MarshalIndent(s, "", "  "); err == nil {
			err = os.WriteFile(file, raw, 0o600)
		}
		return s, err
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, fmt.Errorf("%s is not as this program wrote it; remove %s to begin anew", file, data)
	}
	return s, nil
}

// serve starts the booking server on the first free port, with the limits that its variables have by default, but for that of webhooks.
func (s *sandbox) serve(ctx context.Context, data string) error {
	directory := data
	if directory == "" {
		directory = os.TempDir()
	}
	file, err := os.CreateTemp(directory, "booking-server-*.log")
	if err != nil {
		return err
	}
	s.logPath, s.log = file.Name(), &logTail{file: file}
	listener, err := s.listen()
	if err != nil {
		return err
	}
	s.server, err = server.Open(ctx, server.Config{
		Listener:         listener,
		DatabaseURL:      s.postgres.URL(database),
		DatabaseWait:     30 * time.Second,
		StripeKey:        "sk_test_sandbox",
		StripeAPIBase:    s.mock.URL(),
		WebhookSecrets:   []string{s.secrets.Webhook},
		WebhookTolerance: 5 * time.Minute,
		WebhookRate:      0, // none: hookproof sends more than the 200 a second that a server takes by default
		LoginRate:        5,
		RegisterRate:     5,
		MinSlot:          slotLength,
		MaxSlot:          31 * 24 * time.Hour,
		BookingHorizon:   2 * 365 * 24 * time.Hour,
		MaxUnpaid:        5,
		JWTSecret:        s.secrets.JWT,
		PasswordCost:     passwordCost,
		MetricsToken:     s.secrets.Metrics,
		Log:              slog.New(slog.NewJSONHandler(s.log, nil)),
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go func() { s.served <- s.server.Serve(serving) }()
	return nil
}

// listen takes the first free port.
func (s *sandbox) listen() (net.Listener, error) {
	for port := firstPort; port <= lastPort; port++ {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			s.taken = port != firstPort
			return listener, nil
		}
	}
	return nil, fmt.Errorf("every port from %d to %d is taken", firstPort, lastPort)
}

// fill adds users and resources, unless a kept directory has them.
func (s *sandbox) fill(ctx context.Context) error {
	db, err := store.Open(s.postgres.URL(database))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for role, password := range s.secrets.Passwords {
		hash, err := bcrypt.GenerateFromPassword([]byte(password), passwordCost)
		if err != nil {
			return err
		}
		if _, err := db.CreateUser(ctx, emailOf(role), string(hash), role); err != nil && !errors.Is(err, store.ErrEmailTaken) {
			return fmt.Errorf("making users: %s", store.Describe(err))
		}
	}
	have, err := db.Resources(ctx, store.Page{Limit: 1})
	if err != nil || len(have) > 0 {
		return err
	}
	for _, r := range []store.Resource{
		{Name: "Sauna by the lake", UnitAmount: 4500, Currency: "eur"},
		{Name: "Rowing boat", UnitAmount: 1500, Currency: "eur"},
		{Name: "Room with a piano", UnitAmount: 12000, Currency: "usd"},
	} {
		if _, err := db.CreateResource(ctx, r.Name, r.UnitAmount, r.Currency); err != nil {
			return fmt.Errorf("making resources: %s", store.Describe(err))
		}
	}
	return nil
}

func emailOf(role store.Role) string { return strings.ToLower(string(role)) + "@example.com" }

// close ends everything in the order in which it depends on each other, and removes what is temporary.
func (s *sandbox) close() error {
	s.stop()
	err := <-s.served
	if s.mock != nil {
		err = errors.Join(err, s.mock.Close())
	}
	if s.postgres != nil {
		err = errors.Join(err, s.postgres.Close())
	}
	if s.targetFile != "" {
		err = errors.Join(err, os.Remove(s.targetFile)) // the next one has another port
	}
	if s.log != nil {
		err = errors.Join(err, s.log.file.Close())
		if filepath.Dir(s.logPath) == filepath.Clean(os.TempDir()) {
			err = errors.Join(err, os.Remove(s.logPath))
		}
	}
	return err
}

// introduce prints who can sign in. The passwords are printed here and nowhere else.
func (s *sandbox) introduce(out io.Writer) {
	_, _ = fmt.Fprintf(out, "\nUsers, with passwords made for this sandbox:\n")
	for _, role := range []store.Role{store.Admin, store.Ops, store.Customer} {
		_, _ = fmt.Fprintf(out, "  %-8s  %-20s  %s\n", role, emailOf(role), s.secrets.Passwords[role])
	}
}

// logTail writes the server's log to a file, and keeps what it says of deliveries.
type logTail struct {
	file *os.File
	mu   sync.Mutex
	last deliveryLine
}

// deliveryLine is what the tour reads of a delivery's log line.
type deliveryLine struct{ Outcome, Reason string }

func (l *logTail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(p) {
		var read deliveryLine
		if json.Unmarshal(line, &read) == nil && read.Outcome != "" {
			l.last = read
		}
	}
	return l.file.Write(p)
}

// lastDelivery is what the log says of the latest delivery.
func (l *logTail) lastDelivery() deliveryLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}
