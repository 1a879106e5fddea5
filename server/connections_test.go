package server

import (
	"bufio"
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/bodies"
)

// peer is a connection that comes from an address, and remembers that it was closed.
type peer struct {
	net.Conn
	address string
	closed  bool
}

func (p *peer) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(p.address), 1000))
}
func (p *peer) Close() error                    { p.closed = true; return nil }
func (p *peer) Write(b []byte) (int, error)     { return len(b), nil }
func (p *peer) SetReadDeadline(time.Time) error { return nil }

// guardBench is a guard whose clock is moved by hand.
type guardBench struct {
	*connectionGuard
	clock *fakeClock
	log   *bytes.Buffer
}

func newGuardBench(most, fair int, trusted ...netip.Prefix) guardBench {
	b := guardBench{clock: newFakeClock(), log: &bytes.Buffer{}}
	b.connectionGuard = newConnectionGuard(most, fair, trusted, b.clock.now, slog.New(slog.NewJSONHandler(b.log, nil)))
	return b
}

// arrive admits a connection, a second after the one before.
func (b guardBench) arrive(address string) (*connection, *peer) {
	b.clock.add(time.Second)
	p := &peer{address: address}
	return b.admit(p).(*connection), p
}

func TestTheLongestWaitingConnectionIsClosed(t *testing.T) {
	t.Parallel()
	b := newGuardBench(3, 3)
	first, firstPeer := b.arrive("192.0.2.1")
	_, secondPeer := b.arrive("192.0.2.2")
	third, thirdPeer := b.arrive("192.0.2.3")
	require.NoError(t, first.work(forCallers))
	_, fourthPeer := b.arrive("192.0.2.4")
	require.False(t, firstPeer.closed, "its request is being worked on")
	require.True(t, secondPeer.closed)
	require.False(t, thirdPeer.closed || fourthPeer.closed)

	require.NoError(t, third.work(forCallers))
	b.clock.add(time.Second)
	first.rest()
	_, fifthPeer := b.arrive("192.0.2.5")
	require.True(t, fourthPeer.closed, "the first has just been answered")
	require.False(t, firstPeer.closed || thirdPeer.closed || fifthPeer.closed)
	open, working, closed := b.figures()
	require.Equal(t, 1, working)
	require.Equal(t, 3, open)
	require.EqualValues(t, 2, closed)
}

func TestTheBusiestAddressPays(t *testing.T) {
	t.Parallel()
	b := newGuardBench(6, 2)
	_, honest := b.arrive("192.0.2.1")
	var flood []*peer
	for i := range 20 {
		_, p := b.arrive("2001:db8::" + string(rune('1'+i%9))) // one /64 is one address
		flood = append(flood, p)
	}
	require.False(t, honest.closed, "it has waited longest, but is not busy")
	closed := 0
	for i, p := range flood {
		if p.closed {
			closed++
			require.Less(t, i, 15, "the oldest go first")
		}
	}
	require.Equal(t, 15, closed)
}

// When all others are being worked on, the new connection itself has to go.
func TestWhatIsWorkedOnIsNeverClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newGuardBench(2, 1)
		b.connectionGuard.now = time.Now
		one, onePeer := b.arrive("192.0.2.1")
		two, twoPeer := b.arrive("192.0.2.1")
		require.NoError(t, one.work(forProbes))
		require.NoError(t, two.work(forProbes))
		began := time.Now()
		three, threePeer := b.arrive("192.0.2.2")
		require.Equal(t, connectionGrace, time.Since(began), "it had its time")
		require.False(t, onePeer.closed || twoPeer.closed)
		require.True(t, threePeer.closed)
		require.ErrorIs(t, three.work(forProbes), net.ErrClosed, "what has been closed is not worked on")
		_, err := arrivingBody{io.NopCloser(strings.NewReader("")), three, forProbes}.Read(make([]byte, 1))
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

// While nobody is busy, each connection has a moment to send its request, however many come.
func TestANewConnectionHasItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newGuardBench(1, 1)
		b.connectionGuard.now = time.Now
		_, first := b.arrive("192.0.2.1")
		began := time.Now()
		time.Sleep(time.Millisecond) // of the bubble's clock
		_, second := b.arrive("192.0.2.2")
		require.True(t, first.closed)
		require.False(t, second.closed)
		require.Equal(t, connectionGrace, time.Since(began))
	})
}

func TestAProxyStandsForManyClients(t *testing.T) {
	t.Parallel()
	const proxy = "10.0.0.1"
	b := newGuardBench(8, 2, netip.MustParsePrefix("10.0.0.0/8"))
	busy := netip.MustParseAddr("203.0.113.9")
	var flood []*peer
	c, quiet := b.arrive(proxy)
	c.carry(netip.MustParseAddr("203.0.113.1"))
	for range 4 {
		c, p := b.arrive(proxy)
		c.carry(busy)
		flood = append(flood, p)
	}
	_, idle := b.arrive(proxy)
	_, direct := b.arrive("192.0.2.1")
	b.arrive(proxy)
	b.arrive(proxy)
	require.True(t, flood[0].closed, "the client behind it that has most")
	require.False(t, quiet.closed || idle.closed || direct.closed)

	c.rest()
	require.Empty(t, b.clients[netip.MustParsePrefix("203.0.113.1/32")], "between two requests it is nobody's")
	c.carry(netip.MustParseAddr(proxy))
	require.False(t, c.client.IsValid(), "a proxy is no client")
}

func TestKnownSendersAreClosedLast(t *testing.T) {
	t.Parallel()
	b := newGuardBench(3, 1)
	b.know(netip.MustParsePrefix("192.0.2.1/32"))
	_, known := b.arrive("192.0.2.1")
	_, also := b.arrive("192.0.2.1")
	_, other := b.arrive("192.0.2.2")
	b.arrive("192.0.2.3")
	require.True(t, other.closed)
	require.False(t, known.closed || also.closed)
	for i := range 3 * maxKnown {
		b.know(limitKey(numberedAddress(i)))
	}
	require.LessOrEqual(t, len(b.known), maxKnown)
}

// An address has a quarter of the connections at work, all of them leave an eighth of the connections to deliveries, and
// these an eighth to probes.
func TestWhatIsWorkedOnIsBounded(t *testing.T) {
	t.Parallel()
	b := newGuardBench(16, 4)
	enter := func(of share, address string, number int) (got []*connection, refused error) {
		for range number {
			c, _ := b.arrive(address)
			if err := c.work(of); err != nil {
				refused = err
				continue
			}
			got = append(got, c)
		}
		return got, refused
	}
	got, refused := enter(forCallers, "192.0.2.1", 7)
	require.Len(t, got, 4)
	require.Equal(t, http.StatusTooManyRequests, problemOf(refused).Status)
	require.Equal(t, "1", problemOf(refused).header.Get("Retry-After"))
	_, err := got[0].Write(nil)
	require.NoError(t, err)
	c, _ := b.arrive("192.0.2.1")
	require.NoError(t, c.work(forCallers), "one has been answered")

	for _, address := range []string{"192.0.2.2", "192.0.2.3"} {
		_, refused = enter(forCallers, address, 4)
		require.NoError(t, refused)
	}
	_, refused = enter(forCallers, "192.0.2.4", 1)
	require.Equal(t, http.StatusServiceUnavailable, problemOf(refused).Status, "twelve of sixteen are at work")
	delivered, refused := enter(forDeliveries, "192.0.2.5", 4)
	require.Len(t, delivered, 2)
	require.ErrorIs(t, refused, bodies.ErrNoPlace, "a delivery is overloaded then")
	probes, refused := enter(forProbes, "192.0.2.6", 2)
	require.NoError(t, refused)
	require.Len(t, probes, 2)

	b = newGuardBench(16, 4)
	b.know(netip.MustParsePrefix("192.0.2.1/32"))
	got, _ = enter(forCallers, "192.0.2.1", 16)
	require.Len(t, got, 12, "a known address may be a proxy that nobody has named")
}

// A flood of callers who send one request after the other leaves room for who is new.
func TestBetweenTwoRequestsThereIsNoGrace(t *testing.T) {
	t.Parallel()
	b := newGuardBench(2, 2)
	b.arrive("192.0.2.1")
	answered, answeredPeer := b.arrive("192.0.2.2")
	_, honest := b.arrive("192.0.2.3")
	require.False(t, answeredPeer.closed)
	answered.rest()
	p := &peer{address: "192.0.2.4"}
	b.admit(p) // at the same moment
	require.True(t, answeredPeer.closed)
	require.False(t, honest.closed || p.closed)
}

func TestClosedConnectionsAreSaidOnceAMinute(t *testing.T) {
	t.Parallel()
	b := newGuardBench(1, 1)
	for range 100 { // a second each
		b.arrive("192.0.2.1")
	}
	lines := strings.Split(strings.TrimSpace(b.log.String()), "\n")
	require.Len(t, lines, 2)
	require.Contains(t, lines[1], `"closed":60`)
	require.Contains(t, lines[1], `"client":"192.0.2.1/32"`)
}

func TestHeaderLinesAreBounded(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		text string
		many bool
	}{
		"usual":          {"GET / HTTP/1.1\r\nA: b\r\n\r\n", false},
		"at the limit":   {"GET / HTTP/1.1\r\n" + strings.Repeat("a:\r\n", maxHeaderLines-1) + "\r\n", false},
		"over the limit": {"GET / HTTP/1.1\r\n" + strings.Repeat("a:\r\n", maxHeaderLines), true},
		"line feeds":     {"GET / HTTP/1.1\n" + strings.Repeat("a:\n", maxHeaderLines), true},
		"a long body":    {"POST / HTTP/1.1\r\n\r\n" + strings.Repeat("\r\na\r\n", 1000), false},
	} {
		for _, size := range []int{1, 7, 4096} {
			var h headerLines
			many := false
			for rest := row.text; rest != "" && !many; {
				n := min(size, len(rest))
				many = h.tooMany([]byte(rest[:n]))
				rest = rest[n:]
			}
			require.Equal(t, row.many, many, "%s, %d bytes at a time", name, size)
		}
	}
}

// A server whose connections are all taken by callers who send nothing more answers the next request.
func TestAFullServerAnswers(t *testing.T) {
	t.Parallel()
	guard := newConnectionGuard(4, 2, nil, time.Now, slog.New(slog.DiscardHandler))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	arrived := make(chan struct{}, 100)
	server := http.Server{MaxHeaderBytes: maxHeader, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = withArrivingBody(forCallers, r)
		arrived <- struct{}{}
		if _, err := io.Copy(w, r.Body); err != nil {
			panic(http.ErrAbortHandler)
		}
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(guard.serve(&server, listener)) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-served, http.ErrServerClosed)
		open, working, _ := guard.figures()
		require.Zero(t, working)
		require.Zero(t, open, "what is closed is forgotten")
	})
	var stalled []net.Conn
	for range 6 {
		conn, err := net.Dial("tcp", listener.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nsome")
		require.NoError(t, err)
		<-arrived
		stalled = append(stalled, conn)
	}
	for range 3 {
		answer, err := http.Post("http://"+listener.Addr().String(), "text/plain", strings.NewReader("hello"))
		require.NoError(t, err)
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, "hello", string(text))
	}
	_, err = stalled[0].Read(make([]byte, 1))
	require.Error(t, err, "the one that waited longest was closed")
	open, _, closed := guard.figures()
	require.LessOrEqual(t, open, 4)
	require.GreaterOrEqual(t, closed, uint64(2))

	t.Run("a header of many lines", func(t *testing.T) {
		conn, err := net.Dial("tcp", listener.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n"+strings.Repeat("a:\r\n", maxHeaderLines+1))
		require.NoError(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.Equal(t, 400, answer.StatusCode)
	})
}
