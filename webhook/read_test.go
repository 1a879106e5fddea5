package webhook

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An oversized body gets its answer over a real connection, where a server that stops reading too early
// resets it, and the client never sees why.
func TestBodyLimit(t *testing.T) {
	t.Parallel()
	h := NewHandler(nil, Config{Secrets: []string{"whsec_x"}, Tolerance: time.Minute, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	for size, want := range map[int]Reason{MaxBody: SignatureMissing, MaxBody + 1: BodyTooLarge, MaxBody + 200_000: BodyTooLarge} {
		before := h.Counts().Reasons[want]
		response, err := http.Post(server.URL, "application/json", bytes.NewReader(make([]byte, size)))
		require.NoError(t, err, "%d bytes", size)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, 400, response.StatusCode)
		require.JSONEq(t, `{"type":"about:blank","title":"Bad Request","status":400}`, string(body), "the caller is not told why")
		require.Equal(t, before+1, h.Counts().Reasons[want], "%d bytes", size)
	}
}

// A caller that hangs up in the middle is counted like any other.
func TestBodyThatEnds(t *testing.T) {
	t.Parallel()
	h := NewHandler(nil, Config{Log: slog.New(slog.DiscardHandler)})
	counted := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		close(counted)
	}))
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	select {
	case <-counted:
	case <-time.After(10 * time.Second):
		require.Fail(t, "the delivery was not answered")
	}
	require.EqualValues(t, 1, h.Counts().Reasons[BodyUnreadable])
}
