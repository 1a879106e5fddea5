package webhook

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/bodies"
)

// An oversized body gets its answer over a real connection, where a server that stops reading too early
// resets it, and the client never sees why.
func TestBodyLimit(t *testing.T) {
	t.Parallel()
	h := NewHandler(nil, Config{Secrets: []string{"whsec_x"}, Tolerance: time.Minute, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	for size, want := range map[int]Reason{MaxBody: SignatureMissing, MaxBody + 1: BodyTooLarge, MaxBody + 200_000: BodyTooLarge} {
		for _, announced := range []bool{true, false} {
			before := h.Counts().Reasons[want]
			var sent io.Reader = bytes.NewReader(make([]byte, size))
			if !announced {
				sent = io.MultiReader(sent) // of which http.Post does not know the length
			}
			response, err := http.Post(server.URL, "application/json", sent)
			require.NoError(t, err, "%d bytes, announced: %t", size, announced)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, 400, response.StatusCode)
			require.JSONEq(t, `{"type":"about:blank","title":"Bad Request","status":400}`, string(body), "the caller is not told why")
			require.Equal(t, before+1, h.Counts().Reasons[want], "%d bytes, announced: %t", size, announced)
		}
	}
}

// What is announced too large is refused before any of it was sent.
func TestAnAnnouncedLengthIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	h := NewHandler(nil, Config{Log: slog.New(slog.DiscardHandler)})
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", MaxBody+1)
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	require.Equal(t, 400, response.StatusCode)
	require.True(t, response.Close, "the connection cannot be used again")
	require.EqualValues(t, 1, h.Counts().Reasons[BodyTooLarge])
}

// Of many bodies that stall, a few are read beyond 64 KiB, and the others are told to come again.
func TestStalledBodiesShareRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const callers, places = 20, 3
		h := NewHandler(nil, Config{Log: slog.New(slog.DiscardHandler)})
		h.large = bodies.NewPlaces(places)
		pipes := make(pipeListener)
		server := http.Server{Handler: h}
		served := make(chan error, 1)
		go func() { served <- server.Serve(pipes) }()
		var taken atomic.Int64 // by the server: a pipe keeps nothing
		for range callers {
			ours, theirs := net.Pipe()
			pipes <- theirs
			go func() {
				_, _ = fmt.Fprintf(ours, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", MaxBody)
				go func() { _, _ = io.Copy(io.Discard, ours) }()
				part := make([]byte, 1<<10)
				for range MaxBody/len(part) - 1 {
					n, err := ours.Write(part)
					if taken.Add(int64(n)); err != nil {
						return
					}
				}
			}()
		}
		synctest.Wait()
		most := callers*(bodies.Usual+5<<10) + places*MaxBody // net/http reads 4 KiB ahead
		require.Less(t, taken.Load(), int64(most))
		require.Greater(t, taken.Load(), int64(places*(MaxBody-1<<10)), "those that have a place are read")

		time.Sleep(readTime + time.Second) // of the bubble's clock
		synctest.Wait()
		require.EqualValues(t, callers, h.Counts().Received, "each has its answer in time")
		reasons := h.Counts().Reasons
		require.EqualValues(t, callers, reasons[Overloaded]+reasons[BodyUnreadable], reasons)
		require.Positive(t, reasons[Overloaded])
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-served, http.ErrServerClosed)
	})
}

// pipeListener accepts what is sent on it.
type pipeListener chan net.Conn

func (l pipeListener) Accept() (net.Conn, error) {
	if conn, open := <-l; open {
		return conn, nil
	}
	return nil, net.ErrClosed
}
func (l pipeListener) Close() error   { close(l); return nil }
func (l pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

func TestAnswersAreNotKept(t *testing.T) {
	t.Parallel()
	h := NewHandler(nil, Config{Log: slog.New(slog.DiscardHandler)})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
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
