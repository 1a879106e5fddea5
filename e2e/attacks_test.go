package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/store"
)

// What callers without an account can do. What whole floods come to, e2e/attack measures.

// dialFrom connects to the server from an address of this machine.
func (e *env) dialFrom(address string) net.Conn {
	e.t.Helper()
	dialer := net.Dialer{Timeout: answerTime, LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	conn, err := dialer.DialContext(e.t.Context(), "tcp", strings.TrimPrefix(e.running.url(), "http://"))
	require.NoError(e.t, err)
	e.t.Cleanup(func() { _ = conn.Close() })
	require.NoError(e.t, conn.SetDeadline(time.Now().Add(answerTime)))
	return conn
}

// deliverFrom makes a signed delivery of a booking's payment with so much to spare in its body.
func (e *env) deliverFrom(address string, booking map[string]any, spare int) int {
	e.t.Helper()
	paid, err := life.Payment.New("checkout.session.completed", subjectOf(booking))
	require.NoError(e.t, err)
	body := `{"spare":"` + strings.Repeat("x", spare) + `",` + strings.TrimPrefix(string(paid.Body), "{")
	request, err := http.NewRequestWithContext(e.t.Context(), http.MethodPost, e.running.url()+"/webhooks/stripe", strings.NewReader(body))
	require.NoError(e.t, err)
	now := time.Now().Unix()
	request.Header.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s", now, event.Signature(e.config.WebhookSecrets[0], now, []byte(body))))
	client := http.Client{Timeout: answerTime, Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		return e.dialFrom(address), nil
	}}}
	answer, err := client.Do(request)
	require.NoError(e.t, err)
	_, err = io.Copy(io.Discard, answer.Body)
	require.NoError(e.t, err)
	require.NoError(e.t, answer.Body.Close())
	return answer.StatusCode
}

// needsAddresses skips where a machine has one loopback address only.
func needsAddresses(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux answers to all of 127.0.0.0/8 without further ado")
	}
}

func TestAnAnnouncedLengthIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for path, row := range map[string]struct{ announced, status int }{
		"/webhooks/stripe": {1<<20 + 1, 400},
		"/auth/login":      {64<<10 + 1, 413},
		"/auth/register":   {64<<10 + 1, 413},
	} {
		conn := e.dialFrom("127.0.0.1")
		_, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", path, row.announced)
		require.NoError(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err, path)
		require.Equal(t, row.status, answer.StatusCode, path)
		require.True(t, answer.Close, path)
		require.Equal(t, "no-store", answer.Header.Get("Cache-Control"), path)
		require.Equal(t, "nosniff", answer.Header.Get("X-Content-Type-Options"), path)
	}
	reasons := 0
	for _, line := range e.lines() {
		if line.Reason == "body_too_large" {
			reasons++
		}
	}
	require.Equal(t, 1, reasons, "it was not its stalling that was refused")
}

// One address that sends many large bodies and stalls does not have all the places for them.
func TestLargeBodiesShareRoom(t *testing.T) {
	t.Parallel()
	needsAddresses(t)
	e := newEnv(t)
	booking := e.book()
	for range 200 {
		conn := e.dialFrom("127.0.0.1")
		_, err := io.WriteString(conn, "POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("x", 70<<10))
		require.NoError(t, err)
	}
	require.Equal(t, 200, e.deliverFrom("127.0.0.9", booking, 100<<10))
}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	needsAddresses(t)
	e := newEnv(t)
	booking := e.book()
	for range 600 {
		_, err := io.WriteString(e.dialFrom("127.0.0.1"), "POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\n")
		require.NoError(t, err)
	}
	require.Equal(t, 200, e.deliverFrom("127.0.0.9", booking, 0))
	most := e.figure("booking_connections_max")
	require.LessOrEqual(t, e.figure("booking_connections"), most)
	require.GreaterOrEqual(t, e.figure("booking_connections_closed_total"), 600-most)
}

// A customer who has more requests worked on than there are connections, from many addresses, with a Stripe that takes
// its time: each address has a share of them, and deliveries, also from an address that nobody knows, and probes pass.
func TestRequestsAtWorkAreBounded(t *testing.T) {
	t.Parallel()
	needsAddresses(t)
	const addresses, each = 4, 140
	stripe := newStandin(t)
	e := newEnv(t, withStandin(stripe))
	paid := e.book()
	var cancelled []string // a booking for each request, since one booking's cancels ask Stripe once
	rows, err := e.db.Query(`
		INSERT INTO "Booking" ("userId", "resourceId", "startsAt", "endsAt", amount, currency, "expiresAt", "stripeSessionId")
		SELECT u.id, $1, now() + n * interval '1 day', now() + n * interval '1 day' + interval '1 hour', 4500, 'usd',
			now() + interval '31 minutes', 'cs_test_work' || n
		FROM generate_series(100, 99 + $2::int) AS n, "User" AS u WHERE u.role = 'CUSTOMER' RETURNING id`, shared.resource.ID, addresses*each)
	require.NoError(t, err)
	for rows.Next() {
		var id string
		require.NoError(t, rows.Scan(&id))
		cancelled = append(cancelled, id)
	}
	require.NoError(t, rows.Close())
	for n := range addresses * each {
		stripe.add(fmt.Sprint("cs_test_work", 100+n))
	}
	var mu sync.Mutex
	statuses := map[int]int{} // 0 is one that was closed
	asked := 0                // calls of Stripe, which are kept waiting
	gate := make(chan struct{})
	open := sync.OnceFunc(func() { close(gate) })
	t.Cleanup(open)
	stripe.around(func(string) { mu.Lock(); asked++; mu.Unlock(); <-gate }, nil)
	for i := range addresses * each {
		conn := e.dialFrom(fmt.Sprintf("127.0.1.%d", 1+i/each))
		_, _ = fmt.Fprintf(conn, "POST /bookings/%s/cancel HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", cancelled[i], shared.tokens[store.Customer])
		go func() {
			status := 0
			if answer, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
				status = answer.StatusCode
			}
			mu.Lock()
			statuses[status]++
			mu.Unlock()
		}()
	}
	eventually(t, "all are refused, closed or kept waiting", func() (bool, string) {
		mu.Lock()
		defer mu.Unlock()
		all := asked
		for _, n := range statuses {
			all += n
		}
		return all >= addresses*each, fmt.Sprint(asked, statuses)
	})
	require.Equal(t, 200, e.deliverFrom("127.0.0.9", paid, 0))
	require.Equal(t, 200, e.call("GET", "/health", "", nil).status)
	require.Equal(t, 200, e.call("GET", "/ready", "", nil).status)
	require.Equal(t, 200, e.call("GET", "/admin/metrics", shared.tokens[store.Ops], nil).status)
	require.LessOrEqual(t, e.figure("booking_connections_working"), 385.0, "with the one that asks")
	mu.Lock()
	defer mu.Unlock()
	require.Positive(t, statuses[429], "an address has 128 of its 140 at the most")
	require.Positive(t, statuses[503], "and all of them have 384")
}

// Lists that wait in the database, more than it has connections, leave some of these to deliveries and to /ready. Who has
// no token need not wait to hear so.
func TestQuestionsLeaveConnectionsToDeliveries(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	booking := e.book()
	tx, err := e.db.Begin()
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.Exec(`LOCK TABLE "Resource" IN ACCESS EXCLUSIVE MODE`)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	for range 30 {
		group.Go(func() {
			for ctx.Err() == nil {
				request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.running.url()+"/resources", nil)
				if err != nil {
					return
				}
				if answer, err := client.Do(request); err == nil {
					_ = answer.Body.Close()
				}
			}
		})
	}
	eventually(t, "questions wait in the database", func() (bool, string) {
		var waiting int
		err := e.db.QueryRow(`SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		return err == nil && waiting >= 11, fmt.Sprint(waiting, err)
	})
	for range 3 {
		require.Equal(t, 401, e.call("GET", "/bookings", "", nil).status)
		require.Equal(t, 401, e.call("GET", "/admin/payment-events", "no.real.token", nil).status)
	}
	require.Equal(t, 200, e.call("GET", "/ready", "", nil).status)
	require.Equal(t, 200, e.deliverFrom("127.0.0.1", booking, 0))
	require.LessOrEqual(t, e.figure(`booking_database_connections{state="in_use"}`), 12.0)
}

// figure is what GET /metrics says.
func (e *env) figure(name string) float64 {
	e.t.Helper()
	for line := range strings.Lines(e.call("GET", "/metrics", metricsToken, nil).raw) {
		if text, is := strings.CutPrefix(line, name+" "); is {
			value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			require.NoError(e.t, err)
			return value
		}
	}
	require.Fail(e.t, "there is no such figure", name)
	return 0
}
