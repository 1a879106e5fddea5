package dbproxy

import (
	"bufio"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/endpointtest"
)

func tell(t *testing.T, conn net.Conn, word string) {
	t.Helper()
	_, err := io.WriteString(conn, word+"\n")
	require.NoError(t, err)
}

func isTripped(tripped <-chan struct{}) bool {
	select {
	case <-tripped:
		return true
	default:
		return false
	}
}

func TestMessagesAreCounted(t *testing.T) {
	t.Parallel()
	proxy, dial := setupProxy(t)
	a, linesA := dial()
	b, linesB := dial()
	say(t, a, linesA, "one")
	say(t, b, linesB, "two")
	say(t, a, linesA, "three")
	require.Equal(t, 3, proxy.Messages())
	proxy.Count()
	require.Zero(t, proxy.Messages())
}

func TestStrikeBeforeAMessage(t *testing.T) {
	t.Parallel()
	proxy, dial := setupProxy(t)
	conn, lines := dial()
	say(t, conn, lines, "not counted")
	tripped := proxy.StrikeBefore(2)
	say(t, conn, lines, "one")
	require.False(t, isTripped(tripped))
	tell(t, conn, "two")
	_, err := lines.ReadString('\n')
	require.Error(t, err, "it never comes back")
	require.True(t, isTripped(tripped))
	require.Equal(t, 1, proxy.Messages())
	requireCut(t, proxy)
	proxy.Heal()
	conn, lines = dial()
	say(t, conn, lines, "back")
}

// Two connections' messages are in flight at once, and both are answered before the next message. The strike, which was for the number
// between them, comes at the next one.
func TestStrikeBeforeAMessageThatWasSkipped(t *testing.T) {
	t.Parallel()
	heard, answering := make(chan string, 2), make(chan struct{})
	proxy, dial := setupProxyTo(t, endpointtest.Serve(t, func(conn net.Conn) {
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			heard <- lines.Text()
			<-answering
			_, _ = io.WriteString(conn, lines.Text()+"\n")
		}
	}))
	release := sync.OnceFunc(func() { close(answering) })
	t.Cleanup(release)
	a, linesA := dial()
	b, linesB := dial()
	tripped := proxy.StrikeBefore(2)
	for conn, word := range map[net.Conn]string{a: "one", b: "beside it"} {
		tell(t, conn, word)
		await(t, "a message in the database", heard)
	}
	release()
	for _, lines := range []*bufio.Reader{linesA, linesB} {
		_, err := lines.ReadString('\n')
		require.NoError(t, err)
	}
	require.Equal(t, 2, proxy.Messages())
	require.False(t, isTripped(tripped))
	tell(t, a, "the next one")
	_, err := linesA.ReadString('\n')
	require.Error(t, err, "the strike is missed")
	require.True(t, isTripped(tripped))
}

func TestStrikeAfterAMessage(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 10)
	proxy, dial := setupProxyTo(t, endpointtest.Serve(t, func(conn net.Conn) {
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			heard <- lines.Text()
			_, _ = io.WriteString(conn, "ok\n")
		}
	}))
	conn, lines := dial()
	tripped := proxy.StrikeAfter(1)
	tell(t, conn, "do it")
	_, err := lines.ReadString('\n')
	require.Error(t, err, "the answer is lost")
	require.Equal(t, "do it", await(t, "the message in the database", heard), "the database has done it")
	require.True(t, isTripped(tripped))
}

func TestAnswersAreHeldAndDelayed(t *testing.T) {
	t.Parallel()
	proxy, dial := setupProxy(t)
	conn, lines := dial()
	proxy.DelayAnswers(30 * time.Millisecond)
	began := time.Now()
	say(t, conn, lines, "slowly")
	require.GreaterOrEqual(t, time.Since(began), 30*time.Millisecond)
	proxy.DelayAnswers(0)

	tripped := proxy.HoldAfter(1)
	tell(t, conn, "held")
	await(t, "the strike", tripped)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err := lines.ReadString('\n')
	require.Error(t, err, "nothing passes")
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(waitTime)))
	proxy.Heal()
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "held\n", line)
}

// A late answer stops its own connection alone, whose messages are not counted any more.
func TestDelayAfterAMessage(t *testing.T) {
	t.Parallel()
	proxy, dial := setupProxy(t)
	a, linesA := dial()
	b, linesB := dial()
	late := proxy.DelayAfter(2, 50*time.Millisecond)
	say(t, a, linesA, "one")
	tell(t, a, "two")
	<-late
	next := proxy.DelayAfter(1, time.Millisecond)
	got, err := linesA.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "two\n", got)
	say(t, a, linesA, "three")
	require.False(t, isTripped(next), "the messages of a connection that was struck are not counted")
	say(t, b, linesB, "four")
	require.True(t, isTripped(next))
	proxy.Count()
	say(t, a, linesA, "five")
	require.Equal(t, 1, proxy.Messages())
}
