package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"example.com/hookproof/hookproof"
	"example.com/hookproof/pgserver"
	"example.com/hookproof/store"
)

const (
	webhookSecret = "whsec_bench"
	bookings      = 200_000 // as many unique deliveries can be made
)

// bench is everything that runs.
type bench struct {
	postgres  *pgserver.Server
	directory string
	server    *exec.Cmd
	url       string
	ready     float64 // ms
	template  []byte
	next      atomic.Int64 // the booking that was delivered last
}

func open(ctx context.Context, out io.Writer) (_ *bench, err error) {
	b := &bench{}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	if err := b.database(ctx, out); err != nil {
		return nil, err
	}
	if err := b.serve(ctx); err != nil {
		return nil, err
	}
	// The first booking's event is what duplicates and forgeries are copies of.
	body := b.body(b.next.Add(1))
	t := time.Now().Unix()
	status, err := b.post(http.DefaultClient, body, fmt.Sprintf("t=%d,v1=%s", t, hookproof.Signature(webhookSecret, t, body)))
	if err != nil || status != http.StatusOK {
		return nil, fmt.Errorf("the first delivery was answered %d: %w", status, errors.Join(err))
	}
	return b, nil
}

// database starts PostgreSQL, fills it, and makes the template of the deliveries about its bookings.
func (b *bench) database(ctx context.Context, out io.Writer) (err error) {
	if b.postgres, err = pgserver.Start(ctx, pgserver.Config{Durable: true, Progress: out}); err != nil {
		return err
	}
	if b.directory, err = os.MkdirTemp("", "bench"); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "Loading %d bookings, twice: for the server and for pgbench\n", bookings)
	if err := b.load(ctx); err != nil {
		return err
	}
	event, err := hookproof.NewEvent("checkout.session.completed", hookproof.Subject{
		"sessionId": string(sessionMark), "clientReferenceId": string(bookingMark), "metadata.bookingId": string(bookingMark),
		"paymentIntent": string(intentMark), "amount": 4500, "currency": "usd",
	})
	if err != nil {
		return err
	}
	b.template = []byte(strings.ReplaceAll(string(event.Body), event.ID, string(eventMark)))
	return nil
}

func (b *bench) close() {
	if b.server != nil && b.server.Process != nil {
		_ = b.server.Process.Signal(syscall.SIGTERM)
		_ = b.server.Wait()
	}
	if b.postgres != nil {
		_ = b.postgres.Close()
	}
	_ = os.RemoveAll(b.directory)
}

// load makes the same bookings in two databases.
func (b *bench) load(ctx context.Context) error {
	if err := b.postgres.CreateDatabase(ctx, "bench_server", ""); err != nil {
		return err
	}
	s, err := store.Open(b.postgres.URL("bench_server"))
	if err != nil {
		return err
	}
	_, err = s.Migrate(ctx)
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	db, err := sql.Open("postgres", b.postgres.URL("bench_server"))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, fmt.Sprintf(`
		INSERT INTO "User" (email, "passwordHash") VALUES ('bench@example.com', 'x');
		INSERT INTO "Resource" (name, "unitAmount", currency) SELECT 'r' || n, 4500, 'usd' FROM generate_series(1, 1000) n;
		INSERT INTO "Booking" (id, "userId", "resourceId", "startsAt", "endsAt", amount, currency, "stripeSessionId", "expiresAt")
		SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, u.id, r.id, now() + n * interval '1 hour', now() + (n + 1) * interval '1 hour',
			4500, 'usd', 'cs_bench' || n, now() + interval '31 minutes'
		FROM generate_series(1, %d) n, "User" u, LATERAL (SELECT id FROM (SELECT id, row_number() OVER () AS k FROM "Resource") x WHERE k = 1 + n %% 1000) r;
		ANALYZE`, bookings))
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("loading: %s", store.Describe(err))
	}
	return b.postgres.CreateDatabase(ctx, "bench_pgbench", "bench_server")
}

// serve builds the server and runs it as in production.
func (b *bench) serve(ctx context.Context) error {
	binary := filepath.Join(b.directory, "booking-server")
	if out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "./cmd/booking-server").CombinedOutput(); err != nil {
		return fmt.Errorf("building the server (run this from the repository's root): %w\n%s", err, out)
	}
	port, err := pgserver.FreePort()
	if err != nil {
		return err
	}
	b.url = "http://127.0.0.1:" + strconv.Itoa(port)
	b.server = exec.Command(binary)
	b.server.Env = []string{
		"PORT=" + strconv.Itoa(port), "DATABASE_URL=" + b.postgres.URL("bench_server"), "STRIPE_SECRET_KEY=sk_test_bench",
		"STRIPE_WEBHOOK_SECRET=" + webhookSecret, "JWT_SECRET=bench-bench-bench-bench-bench-bench", "WEBHOOK_RATE_LIMIT=0",
	}
	began := time.Now()
	if err := b.server.Start(); err != nil {
		return err
	}
	for time.Since(began) < 30*time.Second {
		if response, err := http.Get(b.url + "/ready"); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				b.ready = float64(time.Since(began).Microseconds()) / 1000
				return nil
			}
		}
		time.Sleep(time.Millisecond)
	}
	return errors.New("the server was not ready within 30 s")
}

// cpuSeconds is the server's processor time so far, user and system, as Linux counts it.
func (b *bench) cpuSeconds() (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", b.server.Process.Pid))
	if err != nil {
		return 0, nil // not Linux: unknown, and shown as 0
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, errors.New("/proc has an unknown form")
	}
	user, err1 := strconv.ParseFloat(fields[11], 64)
	system, err2 := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100, errors.Join(err1, err2) // in hundredths: USER_HZ
}

// resident is the server's memory in MiB.
func (b *bench) resident() (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.server.Process.Pid))
	if err != nil {
		return 0, nil
	}
	for line := range strings.Lines(string(raw)) {
		if value, is := strings.CutPrefix(line, "VmRSS:"); is {
			kib, err := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return kib / 1024, err
		}
	}
	return 0, nil
}
