package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"github.com/stretchr/testify/require"

	"example.com/hookproof/pgserver"
)

// server is one PostgreSQL for the tests of this package, databases how many it has been given.
var (
	server    *pgserver.Server
	databases atomic.Int64
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if server, err = pgserver.Start(context.Background(), pgserver.Config{}); err != nil {
		fmt.Fprintln(os.Stderr, "store:", err)
		return 1
	}
	defer func() { _ = server.Close() }()
	return m.Run()
}

// setup is a store on a migrated database of the test's own.
func setup(t testing.TB) *Store {
	t.Helper()
	name := fmt.Sprintf("store_%d", databases.Add(1))
	require.NoError(t, server.CreateDatabase(t.Context(), name, ""))
	s, err := Open(server.URL(name))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	_, err = s.Migrate(t.Context(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return s
}

// TestEveryStatementUsesAnIndex fills the tables and asks the planner about each statement on a
// delivery's way, and about those behind the lists and the search for lapsed holds.
func TestEveryStatementUsesAnIndex(t *testing.T) {
	t.Parallel()
	s := setup(t)
	requireIndexes(t, s) // on empty tables, too: such a plan may be kept
	_, err := s.db.Exec(`
		INSERT INTO "User" (email, "passwordHash") SELECT 'u' || n || '@example.com', 'x' FROM generate_series(1, 50) n;
		INSERT INTO "Resource" (name, "unitAmount", currency) SELECT 'r' || n, 4500, 'usd' FROM generate_series(1, 50) n;
		INSERT INTO "Booking" ("userId", "resourceId", "startsAt", "endsAt", amount, currency, "stripeSessionId", "stripePaymentIntentId", "expiresAt", "createdAt")
			SELECT u.id, r.id, t, t + interval '1 hour', 4500, 'usd', 'cs_' || u.email || r.name, 'pi_' || u.email || r.name, now(), now() - n * interval '1 second'
			FROM (SELECT *, row_number() OVER () AS n FROM "User") u, "Resource" r, LATERAL (SELECT now() + u.n * interval '1 day' AS t) x;
		INSERT INTO "PaymentEvent" ("stripeEventId", type, livemode, "stripeSessionId", "stripePaymentIntentId", "bookingId", result, reason, payload, "createdAt")
			SELECT 'evt_' || n, 'checkout.session.completed', false, 'cs_' || n, 'pi_' || n, NULL,
				(ARRAY['processed', 'ignored', 'review']::"PaymentEventResult"[])[1 + n % 3], CASE WHEN n % 100 = 1 THEN 'parked' ELSE 'applied' END, '{}', now() - n * interval '1 second'
			FROM generate_series(1, 20000) n;
		ANALYZE;`)
	require.NoError(t, err)
	requireIndexes(t, s)
}

func requireIndexes(t *testing.T, s *Store) {
	t.Helper()
	id, at := uuid.New(), time.Now()
	entries, err := entryRows([]Entry{paid(1)})
	require.NoError(t, err)
	questions, err := lookRows(events(paid(1)))
	require.NoError(t, err)
	for name, row := range map[string]struct {
		sql  string
		args []any
	}{
		"seen":               {seenSQL, []any{"evt_1", "cs_1", "checkout.session.completed"}},
		"booking by id":      {bookingByIDSQL, []any{id}},
		"booking by session": {bookingBySessionSQL, []any{"cs_1"}},
		"booking by intent":  {bookingByIntentSQL, []any{"pi_1"}},
		"look":               {lookSQL, []any{questions}},
		"keep":               {keepSQL, []any{entries, []byte("{}")}},
		"join":               {joinSQL, []any{id, "CONFIRMED", nil, 0, nil, nil, "cs_1", "pi_1"}},
		"parked":             {parkedSQL, []any{"pi_1"}},
		"settle":             {settleSQL, []any{id, id, "processed", "applied"}},
		"lapsed holds":       {lapsedHoldsSQL, []any{id, at, at.Add(time.Hour), 120, 50}},
		"unpaid bookings":    {unpaidSQL, []any{id}},
		"a user's bookings":  {bookingsOfSQL, []any{at, id, 50, id}},
		"events":             {paymentEventsSQL, []any{at, id, 50}},
		"events by result":   {paymentEventsByResultSQL, []any{at, id, 50, "review"}},
	} {
		var plan []string
		require.NoError(t, s.db.Select(&plan, `EXPLAIN `+row.sql, row.args...), name)
		text := strings.Join(plan, "\n")
		require.NotContains(t, text, "Seq Scan", "%s:\n%s", name, text)
		require.Contains(t, text, "Index", "%s:\n%s", name, text)
		for i, line := range plan {
			// An index can be walked from end to end, too: for a join by merging or hashing, which pays off as long as
			// the table is small, and the lists' way to their order.
			if strings.Contains(line, "Index") && strings.Contains(line, " Scan ") && !strings.Contains(row.sql, "DESC") {
				require.Contains(t, strings.Join(plan[i+1:min(i+2, len(plan))], ""), "Index Cond", "%s:\n%s", name, text)
			}
		}
	}
}

// Whether the database is migrated is asked for anybody who asks whether the server is ready.
func TestReadinessIsCheap(t *testing.T) {
	t.Parallel()
	s := setup(t)
	var plan []string
	require.NoError(t, s.db.Select(&plan, `EXPLAIN (ANALYZE, TIMING off) `+migratedSQL))
	require.NotContains(t, strings.Join(plan, "\n"), "JIT", "nothing is compiled")
}

func TestConflictsAreRetried(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, err := s.db.Exec(`CREATE TABLE pair (id int PRIMARY KEY, n int NOT NULL); INSERT INTO pair VALUES (1, 0), (2, 0)`)
	require.NoError(t, err)
	// Both take the rows in opposite order, and each waits on its first attempt until the other has its
	// first row: a deadlock, for certain.
	first := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	results := make(chan error, 2)
	attempts := [2]int{}
	for i := range 2 {
		go func() {
			results <- s.Transact(ctx, func(tx *Tx) error {
				attempts[i]++
				if _, err := tx.tx.Exec(`UPDATE pair SET n = n + 1 WHERE id = $1`, 1+i); err != nil {
					return err
				}
				if attempts[i] == 1 {
					close(first[i])
					select {
					case <-first[1-i]:
					case <-ctx.Done():
						return fmt.Errorf("the other one has never had its first row: %w", ctx.Err())
					}
				}
				_, err := tx.tx.Exec(`UPDATE pair SET n = n + 1 WHERE id = $1`, 2-i)
				return err
			})
		}()
	}
	require.NoError(t, <-results)
	require.NoError(t, <-results)
	// The one that is begun again may meet the other once more before that has committed.
	require.GreaterOrEqual(t, attempts[0]+attempts[1], 3, "one of the two was begun again")
	var total int
	require.NoError(t, s.db.Get(&total, `SELECT sum(n) FROM pair`))
	require.Equal(t, 4, total, "and nothing was done twice")
}

func TestConflictsAreGivenUpAtLast(t *testing.T) {
	t.Parallel()
	s := setup(t)
	attempts := 0
	err := s.Transact(t.Context(), func(*Tx) error {
		attempts++
		return &pq.Error{Code: pqerror.TRSerializationFailure}
	})
	require.True(t, Conflict(err))
	require.Equal(t, maxAttempts, attempts)

	attempts = 0
	other := errors.New("other")
	require.ErrorIs(t, s.Transact(t.Context(), func(*Tx) error { attempts++; return other }), other)
	require.Equal(t, 1, attempts, "only conflicts are begun again")
}

func TestAPanicKeepsNothing(t *testing.T) {
	t.Parallel()
	s := setup(t)
	require.Panics(t, func() {
		_ = s.Transact(t.Context(), func(tx *Tx) error {
			_, err := tx.tx.Exec(`INSERT INTO "Resource" (name, "unitAmount", currency) VALUES ('x', 1, 'usd')`)
			require.NoError(t, err)
			panic("broken")
		})
	})
	list, err := s.Resources(t.Context(), Page{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, list)
	require.Zero(t, s.Stats().InUse, "the connection is back")
}

// The statuses of Go and of the database are the same words; their order in the database is the rank.
func TestWordsAgreeWithTheDatabase(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for name, want := range map[string][]string{
		"BookingStatus":      {string(Pending), string(AwaitingPayment), string(Expired), string(PaymentFailed), string(Cancelled), string(Confirmed), string(Refunded)},
		"Dispute":            {string(NoDispute), string(DisputeOpen), string(DisputeWon), string(DisputeLost)},
		"Role":               {string(Customer), string(Ops), string(Admin)},
		"PaymentEventResult": {string(Processed), string(Ignored), string(Review)},
	} {
		var got []string
		require.NoError(t, s.db.Select(&got, `SELECT enumlabel FROM pg_enum WHERE enumtypid = $1::regtype ORDER BY enumsortorder`, `"`+name+`"`))
		require.Equal(t, want, got, name)
	}
	for _, constraint := range []string{SlotConstraint, SessionConstraint} {
		var there bool
		require.NoError(t, s.db.Get(&there, `SELECT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = $1)`, constraint))
		require.True(t, there, constraint)
	}
}

// Constraints hold whoever writes.
func TestConstraints(t *testing.T) {
	t.Parallel()
	s := setup(t)
	user, err := s.CreateUser(t.Context(), "a@example.com", "hash", Customer)
	require.NoError(t, err)
	_, err = s.CreateUser(t.Context(), "a@example.com", "hash", Customer)
	require.ErrorIs(t, err, ErrEmailTaken)
	_, err = s.CreateUser(t.Context(), "A@example.com", "hash", Customer)
	require.NotNil(t, pq.As(err, pqerror.CheckViolation), "addresses are in lower case")
	r, err := s.CreateResource(t.Context(), "r", 100, "usd")
	require.NoError(t, err)
	from := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	b, err := s.CreateBooking(t.Context(), NewBooking{ID: uuid.New(), UserID: user.ID, Slot: Slot{r.ID, from, from.Add(time.Hour)}, Hold: time.Minute})
	require.NoError(t, err)
	require.Equal(t, Pending, b.Status)
	_, err = s.CreateBooking(t.Context(), NewBooking{ID: uuid.New(), UserID: user.ID, Slot: Slot{r.ID, from.Add(30 * time.Minute), from.Add(90 * time.Minute)}, Hold: time.Minute})
	require.ErrorIs(t, err, ErrSlotHeld)
	_, err = s.CreateBooking(t.Context(), NewBooking{ID: uuid.New(), UserID: user.ID, Slot: Slot{uuid.New(), from, from.Add(time.Hour)}, Hold: time.Minute})
	require.ErrorIs(t, err, ErrNotFound)
	for name, statement := range map[string]string{
		"amount":   `UPDATE "Booking" SET amount = 0`,
		"refund":   `UPDATE "Booking" SET "refundedAmount" = 101`,
		"negative": `UPDATE "Booking" SET "refundedAmount" = -1`,
		"currency": `UPDATE "Booking" SET currency = 'USD'`,
		"slot":     `UPDATE "Booking" SET "endsAt" = "startsAt"`,
		"resource": `UPDATE "Resource" SET "unitAmount" = -5`,
	} {
		_, err := s.db.Exec(statement)
		require.NotNil(t, pq.As(err, pqerror.CheckViolation), name)
	}
	_, err = s.db.Exec(`UPDATE "Booking" SET status = 'LOST'`)
	require.NotNil(t, pq.As(err, pqerror.InvalidTextRepresentation))
	_, err = s.db.Exec(`DELETE FROM "User"`)
	require.NotNil(t, pq.As(err, pqerror.ForeignKeyViolation))
}

func TestDescribeQuotesNothing(t *testing.T) {
	t.Parallel()
	const secret = "s3cret"
	refused := &pq.Error{Code: "23505", Message: secret, Detail: "Key (email)=(" + secret + ") already exists.", Constraint: "User_email_key", Table: "User"}
	for want, err := range map[string]error{
		"SQLSTATE 23505 unique_violation, constraint User_email_key, table User": fmt.Errorf("doing %s: %w", secret, refused),
		"deadline exceeded":                 fmt.Errorf("%s: %w", secret, context.DeadlineExceeded),
		"cancelled":                         fmt.Errorf("%s: %w", secret, context.Canceled),
		"network: dial: connection refused": &net.OpError{Op: "dial", Err: os.NewSyscallError(secret, syscall.ECONNREFUSED)},
		"network: dial: name not resolved":  &net.OpError{Op: "dial", Err: &net.DNSError{Name: secret, Err: secret}},
		"no such row":                       fmt.Errorf("%s: %w", secret, ErrNotFound),
		"*errors.errorString":               errors.New(secret),

		"TLS: the server offers none":                   fmt.Errorf("%s: %w", secret, pq.ErrSSLNotSupported),
		"TLS: certificate of an unknown authority":      &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}},
		"TLS: certificate for another host":             x509.HostnameError{Certificate: &x509.Certificate{}, Host: secret},
		"TLS: certificate out of date":                  x509.CertificateInvalidError{Reason: x509.Expired, Detail: secret},
		"TLS: certificate not valid":                    x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign, Detail: secret},
		"TLS: a certificate or key file cannot be used": &fs.PathError{Op: "open", Path: secret, Err: syscall.ENOENT},
		"tls: certificate required":                     &net.OpError{Op: "remote error", Err: tls.AlertError(116)},
	} {
		require.Equal(t, want, Describe(err))
	}
	require.Empty(t, Describe(nil))
	_, err := Open("postgres://postgres:" + secret + "%zz@host/db")
	require.Error(t, err)
	require.NotContains(t, err.Error(), secret)
}

func TestUnavailable(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, driver.ErrBadConn, &pq.Error{Code: "57P01"}, &pq.Error{Code: "53300"}, &pq.Error{Code: "25006"},
		pq.ErrSSLNotSupported, x509.CertificateInvalidError{Reason: x509.Expired}, sql.ErrTxDone,
	} {
		require.True(t, Unavailable(fmt.Errorf("x: %w", err)), "%v", err)
	}
	for _, err := range []error{&pq.Error{Code: "23505"}, &pq.Error{Code: "42601"}, errors.New("x"), ErrNotFound} {
		require.False(t, Unavailable(err), "%v", err)
	}
}

// A server that takes a question and never answers must not keep the connection for minutes.
func TestSilenceEnds(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	conn, err := patientDialer{silence: 50 * time.Millisecond}.DialContext(t.Context(), "tcp", listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)

	patient, err := patientDialer{silence: time.Hour}.DialContext(t.Context(), "tcp", listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = patient.Close() })
	require.NoError(t, patient.SetDeadline(time.Now().Add(50*time.Millisecond)))
	_, err = patient.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded, "an attempt to connect has a deadline of its own")
}

// The database may refuse at the very end: what was not committed must not be called done.
func TestACommitThatFailsIsAnError(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, err := s.db.Exec(`CREATE TABLE late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO late VALUES (1)`)
	require.NoError(t, err)
	err = s.Transact(t.Context(), func(tx *Tx) error {
		_, err := tx.tx.Exec(`INSERT INTO late VALUES (1)`)
		require.NoError(t, err, "the constraint waits for the commit")
		return nil
	})
	require.Equal(t, "late_n_key", ViolatedConstraint(err))
}
