package dbproxy

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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

func TestStrikeAfterAMessage(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 10)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			heard <- lines.Text()
			_, _ = io.WriteString(conn, "ok\n")
		}
	}()
	proxy, err := NewProxy("127.0.0.1:0", listener.Addr().String())
	require.NoError(t, err)
	defer func() { require.NoError(t, proxy.Close()) }()
	conn, err := net.Dial("tcp", proxy.Addr())
	require.NoError(t, err)
	tripped := proxy.StrikeAfter(1)
	tell(t, conn, "do it")
	_, err = bufio.NewReader(conn).ReadString('\n')
	require.Error(t, err, "the answer is lost")
	require.Equal(t, "do it", <-heard, "the database has done it")
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
	<-tripped
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err := lines.ReadString('\n')
	require.Error(t, err, "nothing passes")
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	proxy.Heal()
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "held\n", line)
}

func TestALinkInTrouble(t *testing.T) {
	t.Parallel()
	link, err := NewLink(echo(t))
	require.NoError(t, err)
	defer link.Close()
	conn, err := net.Dial("tcp", link.Addr())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	lines := bufio.NewReader(conn)
	say(t, conn, lines, "well")
	require.NoError(t, link.Trouble("latency"))
	began := time.Now()
	say(t, conn, lines, "slowly")
	require.GreaterOrEqual(t, time.Since(began), 100*time.Millisecond)
	link.Heal()
	require.NoError(t, link.Trouble("half-open"))
	tell(t, conn, "into the void")
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err = lines.ReadString('\n')
	require.Error(t, err)
	link.Heal()
	require.ErrorContains(t, link.Trouble("luck"), "it can be bandwidth, half-open, latency")
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
