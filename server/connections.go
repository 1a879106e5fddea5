package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxConnections bounds the memory that callers can have at the same time: a connection takes at most some
	// 100 KiB, of which 64 KiB are for a body (docs/attacks.md has what floods come to).
	maxConnections = 512
	// fairConnections is what one address can have without being called busy.
	fairConnections = maxConnections / 16
	// connectionGrace is what a connection has in any case to send its request, unless its address is busy.
	connectionGrace = 250 * time.Millisecond
	// maxHeaderLines bounds the lines of a request's header: each becomes an entry of a map, so that a few bytes
	// of many short lines would take many times their size.
	maxHeaderLines = 128
	// maxKnown bounds the addresses that are remembered for their verified deliveries; Stripe has some dozen.
	maxKnown = 256
	// connectionsSay is how often the log tells that connections are closed.
	connectionsSay = time.Minute
)

// connectionGuard bounds the number of connections. When one more comes, one that waits for its client is closed: of
// the address that has the most beyond its fair share, and among equals the one that has waited longest. So a flood
// from one address takes its own connections away; one from many addresses has them closed before their time-outs;
// and a caller who sends his request as fast as he can is never the one who has waited longest. Where nobody is busy
// and nobody has waited for long, the new connection waits for its turn. Addresses that have sent a verified delivery
// come last of all. A request that is being worked on is never cut off. Safe for concurrent use.
type connectionGuard struct {
	most, fair int
	trusted    []netip.Prefix
	log        *slog.Logger
	now        func() time.Time
	began      time.Time

	mu     sync.Mutex
	open   map[*connection]struct{}
	counts map[netip.Prefix]int
	known  map[netip.Prefix]bool
	closed uint64
	unsaid uint64 // closed since the log told of it
	said   time.Time
}

func newConnectionGuard(most, fair int, trusted []netip.Prefix, now func() time.Time, log *slog.Logger) *connectionGuard {
	return &connectionGuard{most: most, fair: fair, trusted: trusted, log: log, now: now, began: now(),
		open: map[*connection]struct{}{}, counts: map[netip.Prefix]int{}, known: map[netip.Prefix]bool{}}
}

// connection is one of a guard's.
type connection struct {
	net.Conn
	guard *connectionGuard
	proxy bool
	// client is whose it is. A trusted proxy's connections stand for many clients: such a one belongs to the
	// client whose request it carries, and to nobody in between. Guarded by guard.mu.
	client netip.Prefix
	// waiting is since when it waits for its client, to send or to take something; or one of these two.
	waiting atomic.Int64
	idle    atomic.Bool // it is between two requests
	header  headerLines // of the request that it sends
}

const (
	worked int64 = 0  // a request is being worked on
	shut   int64 = -1 // the guard has closed it
)

// guarded is a listener whose connections are bounded.
type guarded struct {
	net.Listener
	guard *connectionGuard
}

func (l guarded) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.guard.admit(conn), nil
}

// serve makes a server use the guard, and answers the listener to serve.
func (g *connectionGuard) serve(s *http.Server, l net.Listener) net.Listener {
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, c)
	}
	s.ConnState = func(c net.Conn, state http.ConnState) {
		if c, ok := c.(*connection); ok && state == http.StateIdle {
			c.rest()
		}
	}
	s.Handler = g.watch(s.Handler)
	return guarded{l, g}
}

type connectionKey struct{}

// watch tells a request's connection when the request has arrived in full, after which it is not closed.
func (g *connectionGuard) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connectionKey{}).(*connection); ok {
			if c.proxy {
				c.carry(clientAddress(r, g.trusted))
			}
			c.idle.Store(false)
			if r.ContentLength != 0 {
				r = r.WithContext(r.Context()) // net/http looks at its own request's body when this one is answered
				r.Body = arriving{r.Body, c}
			} else if !c.work() {
				panic(http.ErrAbortHandler)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// arriving is a request's body.
type arriving struct {
	io.ReadCloser
	on *connection
}

func (b arriving) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF && !b.on.work() {
		return n, net.ErrClosed
	}
	return n, err
}

// admit takes a new connection in, and closes one if there are too many. That may be the new one itself.
func (g *connectionGuard) admit(conn net.Conn) net.Conn {
	c := &connection{Conn: conn, guard: g}
	if address, ok := parseAddress(conn.RemoteAddr().String()); ok {
		if c.proxy = inAny(g.trusted, address); !c.proxy {
			c.client = limitKey(address)
		}
	}
	c.waiting.Store(g.time())
	g.mu.Lock()
	g.open[c] = struct{}{}
	g.count(c.client, 1)
	g.mu.Unlock()
	for {
		victim, early := g.choose()
		if victim != nil {
			_ = victim.Conn.Close()
			g.say(victim)
		}
		if early == 0 {
			return c
		}
		time.Sleep(early)
	}
}

// choose marks the connection to close, and forgets it, if there are too many. There is always one: the newest
// waits, too. Early is how long it is too early to close any.
func (g *connectionGuard) choose() (victim *connection, early time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.open) > g.most {
		var longest int64
		most := -2
		for c := range g.open {
			since, beyond := c.waiting.Load(), 0
			if since <= worked {
				continue
			}
			switch {
			case g.known[c.client]:
				beyond = -1
			case c.client.IsValid():
				beyond = max(0, g.counts[c.client]-g.fair)
			}
			if beyond > most || beyond == most && since < longest {
				victim, longest, most = c, since, beyond
			}
		}
		if early = connectionGrace - time.Duration(g.time()-longest); most <= 0 && early > 0 {
			return nil, early
		}
		if victim.waiting.CompareAndSwap(longest, shut) { // else its request arrived just now
			g.forget(victim)
			return victim, 0
		}
		victim = nil
	}
	return nil, 0
}

// know remembers an address that has sent a verified delivery: nobody can pretend to be such a one.
func (g *connectionGuard) know(client netip.Prefix) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if client.IsValid() && !g.known[client] {
		if len(g.known) >= maxKnown {
			clear(g.known)
		}
		g.known[client] = true
	}
}

func (g *connectionGuard) count(client netip.Prefix, change int) {
	if !client.IsValid() {
		return
	}
	if g.counts[client] += change; g.counts[client] == 0 {
		delete(g.counts, client)
	}
}

func (g *connectionGuard) forget(c *connection) {
	if _, there := g.open[c]; there {
		delete(g.open, c)
		g.count(c.client, -1)
	}
}

// say logs that connections are closed, a line in connectionsSay at most.
func (g *connectionGuard) say(victim *connection) {
	g.mu.Lock()
	g.closed++
	g.unsaid++
	unsaid, now := g.unsaid, g.now()
	due := g.said.IsZero() || now.Sub(g.said) >= connectionsSay
	if due {
		g.said, g.unsaid = now, 0
	}
	client := "a trusted proxy"
	if victim.client.IsValid() {
		client = victim.client.String()
	}
	g.mu.Unlock()
	if due {
		g.log.Warn("Too many connections: those that wait longest are closed",
			"closed", unsaid, "max", g.most, "client", client)
	}
}

// figures are how many connections there are, and how many were closed for others.
func (g *connectionGuard) figures() (open int, closed uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.open), g.closed
}

// time is now, as connections keep it: never 0.
func (g *connectionGuard) time() int64 { return int64(g.now().Sub(g.began)) + 1 }

// work says that a request is being worked on from now on; false, that its connection has been closed.
func (c *connection) work() bool {
	for {
		since := c.waiting.Load()
		if since == shut {
			return false
		}
		if c.waiting.CompareAndSwap(since, worked) {
			break
		}
	}
	// The request has arrived. net/http goes on reading, to notice a client that hangs up, and would take a
	// deadline that passes for that: the request's context would end while it is worked on.
	_ = c.Conn.SetReadDeadline(time.Time{})
	return true
}

// wait says that the client is waited for, from now on.
func (c *connection) wait() {
	if since := c.waiting.Load(); since != shut {
		c.waiting.CompareAndSwap(since, c.guard.time())
	}
}

// rest is the state between two requests.
func (c *connection) rest() {
	if c.proxy {
		c.carry(netip.Addr{})
	}
	c.header = headerLines{}
	c.idle.Store(true)
	c.wait()
}

// carry gives a proxy's connection to the client whose request it carries.
func (c *connection) carry(client netip.Addr) {
	var key netip.Prefix
	if client.IsValid() && !inAny(c.guard.trusted, client) {
		key = limitKey(client)
	}
	c.guard.mu.Lock()
	defer c.guard.mu.Unlock()
	if _, there := c.guard.open[c]; there {
		c.guard.count(c.client, -1)
		c.guard.count(key, 1)
		c.client = key
	}
}

// Read notices the first byte of a further request: from then on its client is waited for anew.
func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && c.idle.CompareAndSwap(true, false) {
		c.wait()
	}
	if c.header.tooMany(p[:n]) {
		return 0, errHeaderLines
	}
	return n, err
}

// errHeaderLines is answered 400 by net/http, as any header is that cannot be read.
var errHeaderLines = errors.New("the request's header has too many lines")

// headerLines counts the lines of a header as its bytes come.
type headerLines struct {
	lines int
	empty bool // the line that has begun has nothing in it so far
	ended bool
}

func (h *headerLines) tooMany(text []byte) bool {
	for _, b := range text {
		switch {
		case h.ended:
			return false
		case b == '\n':
			h.ended = h.empty
			h.lines++
			h.empty = true
		case b != '\r':
			h.empty = false
		}
	}
	return !h.ended && h.lines > maxHeaderLines
}

// Write waits for the client, who may not take the answer.
func (c *connection) Write(p []byte) (int, error) {
	since := c.guard.time()
	if !c.waiting.CompareAndSwap(worked, since) {
		return c.Conn.Write(p)
	}
	n, err := c.Conn.Write(p)
	c.waiting.CompareAndSwap(since, worked)
	return n, err
}

// CloseWrite lets net/http end an answer before it closes.
func (c *connection) CloseWrite() error {
	if tcp, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return tcp.CloseWrite()
	}
	return nil
}

func (c *connection) Close() error {
	c.guard.mu.Lock()
	c.guard.forget(c)
	c.guard.mu.Unlock()
	return c.Conn.Close()
}
