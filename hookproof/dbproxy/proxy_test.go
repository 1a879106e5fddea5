package dbproxy

import (
	"bufio"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/endpointtest"
)

// echo is a server that sends every line back.
func echo(t *testing.T) string {
	t.Helper()
	return endpointtest.Serve(t, func(conn net.Conn) { _, _ = io.Copy(conn, conn); _ = conn.Close() })
}

// waitTime is for what must come. Only a failing test waits for it.
const waitTime = 10 * time.Second

// await receives from a channel that receives something, or is closed, in time.
func await[T any](t *testing.T, what string, from <-chan T) (value T) {
	t.Helper()
	select {
	case value = <-from:
	case <-time.After(waitTime):
		require.FailNow(t, "waited in vain", "%s within %s", what, waitTime)
	}
	return value
}

func setupProxy(t *testing.T) (*Proxy, func() (net.Conn, *bufio.Reader)) {
	t.Helper()
	return setupProxyTo(t, echo(t))
}

// setupProxyTo opens a proxy in front of a server until the test ends, and dials it.
func setupProxyTo(t *testing.T, upstream string) (*Proxy, func() (net.Conn, *bufio.Reader)) {
	t.Helper()
	proxy, err := NewProxy("127.0.0.1:0", upstream)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, proxy.Close()) })
	return proxy, func() (net.Conn, *bufio.Reader) {
		conn, err := net.Dial("tcp", proxy.Addr())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		require.NoError(t, conn.SetDeadline(time.Now().Add(waitTime)))
		return conn, bufio.NewReader(conn)
	}
}

func say(t *testing.T, conn net.Conn, lines *bufio.Reader, word string) {
	t.Helper()
	_, err := io.WriteString(conn, word+"\n")
	require.NoError(t, err)
	got, err := lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, word+"\n", got)
}

// requireCut sees that a new connection leads nowhere: it is reset while it is made, or at any moment after.
func requireCut(t *testing.T, proxy *Proxy) {
	t.Helper()
	conn, err := net.Dial("tcp", proxy.Addr())
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(waitTime)))
	_, _ = io.WriteString(conn, "anybody there?\n")
	_, err = conn.Read(make([]byte, 1))
	require.Error(t, err, "the database is away")
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "it is frozen, and not away")
}

func TestProxyCut(t *testing.T) {
	t.Parallel()
	proxy, dial := setupProxy(t)
	conn, lines := dial()
	say(t, conn, lines, "hello")
	proxy.Cut()
	_, err := lines.ReadString('\n')
	require.Error(t, err, "the connection is reset")
	requireCut(t, proxy)
	proxy.Heal()
	conn, lines = dial()
	say(t, conn, lines, "again")
}

func TestProxyFreeze(t *testing.T) {
	t.Parallel()
	proxy, dial := setupProxy(t)
	conn, lines := dial()
	say(t, conn, lines, "hello")
	proxy.Freeze()
	_, err := io.WriteString(conn, "held\n")
	require.NoError(t, err)
	fresh, freshLines := dial()
	_, err = io.WriteString(fresh, "held, too\n")
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(100*time.Millisecond)))
	_, err = lines.ReadString('\n')
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout(), "nothing passes, and nothing is closed")
	proxy.Heal()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(waitTime)))
	got, err := lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "held\n", got)
	got, err = freshLines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "held, too\n", got)
}

func TestProxyCloseLeavesNothing(t *testing.T) {
	t.Parallel()
	proxy, dial := setupProxy(t)
	conn, lines := dial()
	say(t, conn, lines, "hello")
	proxy.Freeze()
	_, _ = io.WriteString(conn, "held\n")
	require.NoError(t, proxy.Close(), "returns only when nothing runs")
	require.NoError(t, proxy.Close(), "twice is no error")
	_, err := net.Dial("tcp", proxy.Addr())
	require.Error(t, err)
}
