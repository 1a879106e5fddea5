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
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
)

// What callers without an account can do. What whole floods come to, e2e/attack measures.

// dialFrom connects to the server from an address of this machine.
func (e *env) dialFrom(address string) net.Conn {
	e.t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	conn, err := dialer.DialContext(e.t.Context(), "tcp", strings.TrimPrefix(e.running.url(), "http://"))
	require.NoError(e.t, err)
	e.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// deliverFrom makes a signed delivery of a booking's payment with so much to spare in its body.
func (e *env) deliverFrom(address string, booking map[string]any, spare int) int {
	e.t.Helper()
	paid, err := hookproof.NewEvent("checkout.session.completed", subjectOf(booking))
	require.NoError(e.t, err)
	body := `{"spare":"` + strings.Repeat("x", spare) + `",` + strings.TrimPrefix(string(paid.Body), "{")
	request, err := http.NewRequestWithContext(e.t.Context(), http.MethodPost, e.running.url()+"/webhooks/stripe", strings.NewReader(body))
	require.NoError(e.t, err)
	now := time.Now().Unix()
	request.Header.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s", now, hookproof.Signature(e.config.WebhookSecrets[0], now, []byte(body))))
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
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
