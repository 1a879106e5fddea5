package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"example.com/hookproof/bodies"
)

const (
	// maxConnections bounds the memory that callers can have at the same time: a connection takes at most some
	// 100 KiB, of which 64 KiB are for a body (docs/attacks.md has what floods come to).
	maxConnections = 512
	// fairConnections is what one address can have without being called busy.
	fairConnections = maxConnections / 16
	// connectionGrace is what a connection has in any case to send its request, unless its address is busy.
	connectionGrace = 250 * time.Millisecond
	// maxKnown bounds the addresses that are remembered for their verified deliveries; Stripe has some dozen.
	maxKnown = 256
	// connectionsSay is how often the log tells that connections are closed.
	connectionsSay = time.Minute
)

// share says how many requests may be worked on already when one more is to be.
type share int

// The shares, each of which leaves an eighth of the connections to the one before.
const (
	forProbes     share = iota // answered from memory; never refused
	forDeliveries              // and /ready, which asks once for all
	forCallers                 // whatever waits for the database or for Stripe
)

// connectionGuard bounds the number of connections. When one more comes, one that waits for its client is closed: of
// the address that has the most beyond its fair share, and among equals the one that has waited longest. So a flood
// from one address takes its own connections away; one from many addresses has them closed before their time-outs;
// and a caller who sends his request as fast as he can is never the one who has waited longest. Where nobody is busy
// and nobody has waited for long, the new connection waits for its turn. Addresses that have sent a verified delivery
// come last of all.
//
// A connection whose request is being worked on is never closed, so that those must not be all. A request that is to
// be worked on is refused when there are too many at work for its share, or when its address has as many at work as a
// quarter of all connections; an address that has sent a verified delivery, which may be a proxy that nobody has named, has no such bound.
// Safe for concurrent use.
type connectionGuard struct {
	most, fair int
	trusted    []netip.Prefix
	log        *slog.Logger
	now        func() time.Time

	mu      sync.Mutex
	open    map[*connection]struct{}
	working int // connections at work
	clients map[netip.Prefix]tally
	known   map[netip.Prefix]bool
	closed  uint64
	unsaid  uint64 // closed since the log told of it
	said    time.Time
}

// tally is what one client has.
type tally struct{ open, working int }

func newConnectionGuard(most, fair int, trusted []netip.Prefix, now func() time.Time, log *slog.Logger) *connectionGuard {
	return &connectionGuard{most: most, fair: fair, trusted: trusted, log: log, now: now,
		open: map[*connection]struct{}{}, clients: map[netip.Prefix]tally{}, known: map[netip.Prefix]bool{}}
}

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
	next := s.Handler
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c := connectionOf(r); c != nil && c.proxy {
			c.carry(clientAddress(r, g.trusted))
		}
		next.ServeHTTP(w, r)
	})
	return guarded{l, g}
}

type connectionKey struct{}

// connectionOf is a request's connection; nil if no guard has it.
func connectionOf(r *http.Request) *connection {
	c, _ := r.Context().Value(connectionKey{}).(*connection)
	return c
}

// admit takes a new connection in, and closes one if there are too many. That may be the new one itself.
func (g *connectionGuard) admit(conn net.Conn) net.Conn {
	c := &connection{Conn: conn, guard: g, since: g.now()}
	if address, ok := parseAddress(conn.RemoteAddr().String()); ok {
		if c.proxy = inAny(g.trusted, address); !c.proxy {
			c.client = limitKey(address)
		}
	}
	g.mu.Lock()
	g.open[c] = struct{}{}
	g.count(c.client, 1, 0)
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

// choose forgets the connection to close, if there are too many. Early is how long it is too early to close any.
func (g *connectionGuard) choose() (victim *connection, early time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.open) <= g.most {
		return nil, 0
	}
	now, highest := g.now(), 0
	for c := range g.open { // one of them waits in any case: the newest
		if c.state == atWork {
			continue
		}
		rank, grace := g.rank(c), time.Duration(0)
		if rank <= 0 && c.state == expected {
			grace = max(0, connectionGrace-now.Sub(c.since))
		}
		if victim == nil || rank > highest ||
			rank == highest && (grace < early || grace == early && c.since.Before(victim.since)) {
			victim, highest, early = c, rank, grace
		}
	}
	if early > 0 {
		return nil, early
	}
	g.forget(victim)
	return victim, 0
}

// rank is the higher, the sooner a connection is closed: how many more its client has than is fair.
func (g *connectionGuard) rank(c *connection) int {
	if g.known[c.client] {
		return -1
	}
	return max(0, g.clients[c.client].open-g.fair)
}

// enter says that a request has arrived in full and is worked on from now on; or why not.
func (g *connectionGuard) enter(c *connection, of share) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case c.state == shut:
		return net.ErrClosed
	case c.state == atWork:
		return nil
	case of != forProbes && g.working >= g.most-int(of)*g.most/8:
		return errAllAtWork
	case of == forCallers && !g.known[c.client] && g.clients[c.client].working >= max(g.fair, g.most/4):
		return tooMany(time.Second)
	}
	c.state = atWork
	g.working++
	g.count(c.client, 0, 1)
	return nil
}

// errAllAtWork is also what a webhook is refused with for want of room, so that Stripe comes again.
var errAllAtWork = errors.Join(unavailable("too many requests at once; try again in a few seconds"), bodies.ErrNoPlace)

// leave says that a connection's client is waited for from now on, if a request has been worked on until now.
func (g *connectionGuard) leave(c *connection) {
	if c.state == atWork {
		c.state, c.since = expected, g.now()
		g.working--
		g.count(c.client, 0, -1)
	}
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

func (g *connectionGuard) count(client netip.Prefix, open, working int) {
	if !client.IsValid() {
		return
	}
	t := g.clients[client]
	t.open += open
	t.working += working
	if g.clients[client] = t; t == (tally{}) {
		delete(g.clients, client)
	}
}

func (g *connectionGuard) forget(c *connection) {
	if c.state == shut {
		return
	}
	g.leave(c)
	c.state = shut
	delete(g.open, c)
	g.count(c.client, -1, 0)
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

// figures are how many connections there are, how many of them are at work, and how many were closed for others.
func (g *connectionGuard) figures() (open, working int, closed uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.open), g.working, g.closed
}
