package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// statement does what one unique delivery writes, in one statement: the event with its payload, and the
// booking's change. That is the least that any server on this schema has to have done.
const statement = `\set n random(1, %d)
WITH recorded AS (
  INSERT INTO "PaymentEvent" ("stripeEventId", type, "apiVersion", livemode, "stripeSessionId", "stripePaymentIntentId", "bookingId", result, reason, payload)
  VALUES ('evt_' || gen_random_uuid(), 'checkout.session.completed', '2023-10-16', false, gen_random_uuid()::text, 'pi_bench' || :n,
    ('00000000-0000-4000-8000-' || lpad(:n::text, 12, '0'))::uuid, 'processed', 'applied', convert_to(repeat('x', %d), 'UTF8'))
  ON CONFLICT DO NOTHING RETURNING "bookingId"
)
UPDATE "Booking" b SET status = GREATEST(b.status, 'CONFIRMED'), "stripePaymentIntentId" = 'pi_bench' || :n, "updatedAt" = now()
FROM recorded WHERE b.id = recorded."bookingId";
`

var (
	tps     = regexp.MustCompile(`tps = ([0-9.]+)`)
	average = regexp.MustCompile(`latency average = ([0-9.]+) ms`)
)

// pgbench measures the limit. Its own report has the mean latency only, which is kept as every quantile's.
func (b *bench) pgbench(ctx context.Context, n int, length time.Duration, t *tally) error {
	program := filepath.Join(b.postgres.Binaries(), "pgbench")
	if _, err := os.Stat(program); err != nil {
		return fmt.Errorf("%s is missing; install PostgreSQL's client programs", program)
	}
	script := filepath.Join(b.directory, "delivery.sql")
	if err := os.WriteFile(script, fmt.Appendf(nil, statement, bookings, len(b.template)), 0o644); err != nil {
		return err
	}
	seconds := max(1, int(length.Round(time.Second)/time.Second))
	command := exec.CommandContext(ctx, program, "-n", "-M", "prepared", "-c", strconv.Itoa(n), "-j", strconv.Itoa(min(n, 2)),
		"-T", strconv.Itoa(seconds), "-f", script, "-d", b.postgres.URL("bench_pgbench"))
	out, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("pgbench: %w\n%s", err, out)
	}
	rate, mean := tps.FindSubmatch(out), average.FindSubmatch(out)
	if rate == nil || mean == nil {
		return fmt.Errorf("pgbench said what is not understood:\n%s", out)
	}
	value, err := strconv.ParseFloat(string(rate[1]), 64)
	if err != nil {
		return err
	}
	ms, err := strconv.ParseFloat(string(mean[1]), 64)
	if err != nil {
		return err
	}
	t.rates = append(t.rates, value)
	return t.latency.RecordValue(max(1, int64(ms*1000)))
}
