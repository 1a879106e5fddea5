package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

const pgbenchName = "pgbench"

// statement makes the writes of one unique delivery in one statement: it inserts the event with its payload and updates the booking.
// Any server with this schema must write at least this. The clients take the events in turn, so that they insert in the same
// places of the tables and indexes as a server. The payload is a real event, and is sent each time.
var statement = `\set turn :turn + 1
\set n :first + :turn * :clients + :client_id
\set booking 1 + (:n - 1) % :bookings
WITH recorded AS (
  INSERT INTO "PaymentEvent" ("stripeEventId", type, "apiVersion", livemode, "stripeSessionId", "stripePaymentIntentId", "bookingId", result, reason, payload)
  VALUES (` + fmt.Sprintf(eventIDSQL, ":n") + `, 'checkout.session.completed', '2023-10-16', false, ` + fmt.Sprintf(sessionIDSQL, ":n") + `,
    ` + fmt.Sprintf(intentIDSQL, ":n") + `, ` + fmt.Sprintf(bookingIDSQL, ":booking") + `, 'processed', 'applied', convert_to(:payload, 'UTF8'))
  ON CONFLICT DO NOTHING RETURNING "bookingId"
)
UPDATE "Booking" b SET status = GREATEST(b.status, 'CONFIRMED'), "stripePaymentIntentId" = ` + fmt.Sprintf(intentIDSQL, ":n") + `, "updatedAt" = now()
FROM recorded WHERE b.id = recorded."bookingId";
`

// pgbench runs PostgreSQL's load generator, which is the limit.
type pgbench struct {
	program   string
	directory string // for its script and logs
	database  *database
	payload   string
	first     int64 // the number of the next event
}

func newPgbench(d *database, directory string, t template) (*pgbench, error) {
	p := &pgbench{
		program: filepath.Join(d.postgres.Binaries(), "pgbench"), directory: directory, database: d,
		payload: string(t.appendBody(nil, 1)), first: 1,
	}
	if _, err := os.Stat(p.program); err != nil {
		return nil, fmt.Errorf("%s is missing; install PostgreSQL's client programs", p.program)
	}
	return p, os.WriteFile(p.script(), []byte(statement), 0o644)
}

func (p *pgbench) script() string { return filepath.Join(p.directory, "delivery.sql") }

// errOnlyConnected says that a round ended before its first transaction, because pgbench counts the time to connect.
var errOnlyConnected = errors.New("pgbench came to no transaction")

// longestRound is the greatest length, in seconds, that a repeated round may have.
const longestRound = 16

// measure runs one round, in whole seconds, because pgbench has no others. If the round ended before its first transaction, it is
// repeated with twice the length.
func (p *pgbench) measure(ctx context.Context, j job, length time.Duration) (s sample, err error) {
	for seconds := max(1, int(length.Round(time.Second)/time.Second)); ; seconds *= 2 {
		if s, err = p.round(ctx, j, seconds); !errors.Is(err, errOnlyConnected) || seconds >= longestRound {
			return s, err
		}
	}
}

func (p *pgbench) round(ctx context.Context, j job, seconds int) (sample, error) {
	logs, err := os.MkdirTemp(p.directory, "log")
	if err != nil {
		return sample{}, err
	}
	defer func() { _ = os.RemoveAll(logs) }()
	command := exec.CommandContext(ctx, p.program, "-n", "-M", "prepared", "-c", strconv.Itoa(j.connections), "-j", strconv.Itoa(min(j.connections, 2)),
		"-T", strconv.Itoa(seconds), "-f", p.script(), "-l", "--log-prefix", filepath.Join(logs, "log"),
		"-D", "turn=-1", "-D", fmt.Sprint("first=", p.first), "-D", fmt.Sprint("clients=", j.connections),
		"-D", fmt.Sprint("bookings=", p.database.bookings), "-D", "payload="+p.payload, "-d", p.database.url(pgbenchName))
	out, err := command.CombinedOutput()
	if err != nil {
		return sample{}, fmt.Errorf("pgbench: %w\n%s", err, out)
	}
	s := sample{latency: newHistogram()}
	if s.took, err = p.spent(out); err != nil {
		return s, err
	}
	var most int64
	if s.sent, most, err = readLogs(logs, s.latency); err != nil {
		return s, err
	}
	if s.sent == 0 {
		return s, fmt.Errorf("pgbench logged no transaction:\n%s", out)
	}
	// The fastest client has used the highest numbers. The next round begins after them.
	p.first += (most + 2) * int64(j.connections)
	s.latency = corrected(s.latency, s.took*time.Duration(j.connections)/time.Duration(s.sent))
	s.clientCPU = (command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Seconds()
	return s, nil
}

// spent returns how long the transactions took, without the time to connect: their number divided by their rate.
func (p *pgbench) spent(out []byte) (time.Duration, error) {
	count, rate := -1.0, 0.0
	for line := range bytes.Lines(out) {
		_, err1 := fmt.Sscanf(string(line), "number of transactions actually processed: %g", &count)
		_, err2 := fmt.Sscanf(string(line), "tps = %g (without initial connection time)", &rate)
		_, _ = err1, err2 // most lines match neither
	}
	if count == 0 {
		return 0, fmt.Errorf("%w:\n%s", errOnlyConnected, out)
	}
	if count < 0 || rate <= 0 {
		return 0, fmt.Errorf("pgbench said what is not understood:\n%s", out)
	}
	return time.Duration(count / rate * float64(time.Second)), nil
}

// readLogs reads the logs of pgbench -l: one file for each thread, and one line for each transaction, with the client, the number of
// the client's transaction, its microseconds and more. It returns the number of transactions and the greatest number of a client.
func readLogs(directory string, latency *hdr.Histogram) (count, most int64, err error) {
	files, err := os.ReadDir(directory)
	if err != nil {
		return 0, 0, err
	}
	for _, file := range files {
		raw, err := os.ReadFile(filepath.Join(directory, file.Name()))
		if err != nil {
			return 0, 0, err
		}
		for lines := bufio.NewScanner(bytes.NewReader(raw)); lines.Scan(); count++ {
			fields := bytes.Fields(lines.Bytes())
			if len(fields) < 3 {
				return 0, 0, fmt.Errorf("pgbench's log has a line that is not understood: %s", lines.Text())
			}
			number, err1 := strconv.ParseInt(string(fields[1]), 10, 64)
			took, err2 := strconv.ParseInt(string(fields[2]), 10, 64)
			if err := errors.Join(err1, err2); err != nil {
				return 0, 0, fmt.Errorf("pgbench's log: %w", err)
			}
			most = max(most, number)
			if err := latency.RecordValue(max(1, took)); err != nil {
				return 0, 0, err
			}
		}
	}
	return count, most, nil
}
