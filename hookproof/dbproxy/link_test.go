package dbproxy

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/endpointtest"
)

func TestALinkInTrouble(t *testing.T) {
	t.Parallel()
	link, err := NewLink(echo(t))
	require.NoError(t, err)
	defer link.Close()
	conn, err := net.Dial("tcp", link.Addr())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(waitTime)))
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
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(waitTime)))
	_, err = lines.ReadString('\n')
	require.ErrorIs(t, err, io.EOF, "a connection that has lost an answer ends")
	require.ErrorContains(t, link.Trouble("luck"), "it can be bandwidth, half-open, latency")
}

// A connection whose client has gone while answers were on their way to him keeps the link bad for nobody.
func TestALinkHealsBesideClientsThatHaveGone(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"latency", "bandwidth", "half-open"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			link, err := NewLink(endpointtest.Serve(t, func(conn net.Conn) {
				lines := bufio.NewReader(conn)
				for line, err := lines.ReadString('\n'); err == nil; line, err = lines.ReadString('\n') {
					if line == "much\n" {
						line += string(make([]byte, 1<<20)) // which comes in many pieces
					}
					_, _ = io.WriteString(conn, line)
				}
				_ = conn.Close()
			}))
			require.NoError(t, err)
			for range 3 {
				conn, err := net.Dial("tcp", link.Addr())
				require.NoError(t, err)
				require.NoError(t, conn.SetDeadline(time.Now().Add(waitTime)))
				lines := bufio.NewReader(conn)
				say(t, conn, lines, "well")
				require.NoError(t, link.Trouble(how))
				tell(t, conn, "much")
				if how != "half-open" {
					_, err = lines.ReadByte()
					require.NoError(t, err)
				}
				require.NoError(t, conn.Close())
				healed := make(chan struct{})
				go func() { defer close(healed); link.Heal() }()
				await(t, "the link is good again", healed)
			}
			closed := make(chan struct{})
			go func() { defer close(closed); link.Close() }()
			await(t, "the link's end", closed)
		})
	}
	t.Run("an answer that was lost", func(t *testing.T) {
		t.Parallel()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		answers, database := net.Pipe() // a write to it ends when the link has read
		link := LinkOn(listener, func() (net.Conn, error) { return answers, nil })
		require.NoError(t, link.Trouble("half-open"))
		conn, err := net.Dial("tcp", link.Addr())
		require.NoError(t, err)
		_, err = io.WriteString(database, "into the void")
		require.NoError(t, err)
		require.NoError(t, conn.Close())
		closed := make(chan struct{})
		go func() { defer close(closed); link.Close() }()
		await(t, "the link's end", closed)
	})
}
