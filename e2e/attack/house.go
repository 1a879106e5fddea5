package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/golang-jwt/jwt/v5"
	_ "github.com/lib/pq"

	"example.com/hookproof/pgserver"
)

const (
	webhookSecret = "whsec_attack_4f1d2c7be09a"
	metricsToken  = "attack-metrics-token"
	jwtSecret     = "attack-jwt-secret-of-thirty-two-bytes-and-more"
	price         = 4500

	// What the customer who attacks has: an account, and a booking that is cancelled.
	customerID       = "00000000-0000-4000-8000-00000000a77a"
	cancelledBooking = "00000000-0000-4000-8000-00000000c0de"
	// stripeDelay is what the house's Stripe takes for everything.
	stripeDelay = 500 * time.Millisecond
)

// house is what all floods share: a database, and the binary to attack.
type house struct {
	plan
	postgres  *pgserver.Server
	directory string
	genuine   *genuine
	stripe    *httptest.Server
}

func newHouse(ctx context.Context, p plan, out io.Writer) (_ *house, err error) {
	if err := enoughFiles(); err != nil {
		return nil, err
	}
	h := &house{plan: p}
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	h.stripe = httptest.NewServer(http.HandlerFunc(slowStripe))
	if h.directory, err = os.MkdirTemp("", "attack"); err != nil {
		return nil, err
	}
	if h.binary == "" {
		h.binary = filepath.Join(h.directory, "booking-server")
		build := exec.CommandContext(ctx, "go", "build", "-o", h.binary, "example.com/hookproof/cmd/booking-server")
		if said, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("building the server: %w: %s", err, said)
		}
	}
	if h.postgres, err = pgserver.Start(ctx, pgserver.Config{Durable: p.durable, Progress: out}); err != nil {
		return nil, err
	}
	if err := h.postgres.CreateDatabase(ctx, "attack", ""); err != nil {
		return nil, err
	}
	migrate := exec.CommandContext(ctx, h.binary, "migrate")
	migrate.Env = []string{"DATABASE_URL=" + h.postgres.URL("attack")}
	if said, err := migrate.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("migrating: %w: %s", err, said)
	}
	if h.genuine, err = newGenuine(); err != nil {
		return nil, err
	}
	return h, h.fill(ctx)
}

// fill makes the bookings that genuine deliveries pay.
func (h *house) fill(ctx context.Context) error {
	db, err := sql.Open("postgres", h.postgres.URL("attack"))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, fmt.Sprintf(`
		INSERT INTO "User" (email, "passwordHash") VALUES ('attack@example.com', 'x');
		INSERT INTO "Resource" (name, "unitAmount", currency) SELECT 'r' || n, %[1]d, 'usd' FROM generate_series(1, 1000) n;
		INSERT INTO "Booking" (id, "userId", "resourceId", "startsAt", "endsAt", amount, currency, "stripeSessionId", "expiresAt")
			SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, u.id, r.id, now() + n * interval '1 hour',
				now() + (n + 1) * interval '1 hour', %[1]d, 'usd', 'cs_attack' || n, now() + interval '31 minutes'
			FROM "User" u, generate_series(1, %[2]d) n
			JOIN (SELECT id, row_number() OVER () AS k FROM "Resource") r ON r.k = 1 + n %% 1000;
		INSERT INTO "User" (id, email, "passwordHash") VALUES ('%[3]s', 'attacker@example.com', 'x');
		INSERT INTO "Booking" (id, "userId", "resourceId", "startsAt", "endsAt", amount, currency, status, "stripeSessionId", "expiresAt")
			SELECT '%[4]s', '%[3]s', id, now(), now() + interval '1 hour', %[1]d, 'usd', 'CANCELLED', 'cs_cancelled', now() FROM "Resource" LIMIT 1;
		ANALYZE`, price, h.paid, customerID, cancelledBooking))
	return errors.Join(err, db.Close())
}

// slowStripe has ended every session already, and takes its time to say so.
func slowStripe(w http.ResponseWriter, r *http.Request) {
	select {
	case <-time.After(stripeDelay):
	case <-r.Context().Done():
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"id":"cs_attack","object":"checkout.session","status":"expired"}`)
}

// customerToken is what signing in would give the customer: passwords are compared too seldom to have one for each flood.
func customerToken() string {
	now := time.Now()
	text, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": "booking-server", "aud": "booking-server", "sub": customerID, "role": "CUSTOMER", "iat": now.Unix(), "exp": now.Add(longest).Unix(),
	}).SignedString([]byte(jwtSecret))
	return text
}

func (h *house) close() {
	h.stripe.Close()
	if h.postgres != nil {
		_ = h.postgres.Close()
	}
	_ = os.RemoveAll(h.directory)
}

// victim is a running server.
type victim struct {
	command *exec.Cmd
	address string
}

// start starts a server with the limits of production.
func (h *house) start(ctx context.Context, limit string) (*victim, error) {
	port, err := pgserver.FreePort()
	if err != nil {
		return nil, err
	}
	v := &victim{command: exec.Command(h.binary), address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	v.command.Env = []string{
		"PORT=" + strconv.Itoa(port), "LISTEN_ADDRESS=127.0.0.1", "DATABASE_URL=" + h.postgres.URL("attack"),
		"STRIPE_SECRET_KEY=sk_test_attack", "STRIPE_API_BASE=" + h.stripe.URL, "STRIPE_WEBHOOK_SECRET=" + webhookSecret,
		"JWT_SECRET=" + jwtSecret, "METRICS_TOKEN=" + metricsToken,
	}
	if limit != "" {
		v.command.Env = append(v.command.Env, "GOMEMLIMIT="+limit)
	}
	var said bytes.Buffer
	v.command.Stderr = &said
	if err := v.command.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		if answer, err := http.Get("http://" + v.address + "/health"); err == nil {
			_ = answer.Body.Close()
			return v, nil
		}
	}
	v.end()
	return nil, fmt.Errorf("the server did not start: %s", said.String())
}

func (v *victim) end() {
	_ = v.command.Process.Signal(syscall.SIGTERM)
	stubborn := time.AfterFunc(20*time.Second, func() { _ = v.command.Process.Kill() })
	_ = v.command.Wait()
	stubborn.Stop()
}

// memory is the process's resident memory in MiB as Linux counts it: VmHWM is the most so far, VmRSS is now.
func (v *victim) memory(which string) (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", v.command.Process.Pid))
	if err != nil {
		return 0, errors.New("the server's memory can be read on Linux only")
	}
	for line := range strings.Lines(string(raw)) {
		if value, is := strings.CutPrefix(line, which+":"); is {
			kib, err := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return kib / 1024, err
		}
	}
	return 0, fmt.Errorf("/proc tells no %s of the server: it has ended", which)
}

// closed is how many connections the server has closed for want of room.
func (v *victim) closed(ctx context.Context) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+v.address+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+metricsToken)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	page, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(page)) {
		if value, is := strings.CutPrefix(line, "booking_connections_closed_total "); is {
			closed, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return int(closed), err
		}
	}
	return 0, nil // a server from before there was such a figure
}
