package dbproxy

import (
	"errors"
	"net"
	"sync"
	"time"
)

// Proxy stands between a target and its database. It can cut, freeze or slow down the traffic, and cut at a given message. It
// knows no protocol: a message is what the target writes until the database answers. All methods are safe for concurrent use.
type Proxy struct {
	listener net.Listener
	upstream func() (net.Conn, error) // connects to the database

	mu       sync.Mutex
	changed  *sync.Cond
	mode     mode
	conns    map[net.Conn]bool
	messages int            // answered since the count was set to zero
	strike   strike         // what happens at which message
	tripped  chan struct{}  // closed when the strike has happened
	delay    time.Duration  // of each answer
	struck   map[*bool]bool // connections that a delay has struck, whose messages are not counted
	running  sync.WaitGroup
}

type mode int

const (
	open   mode = iota
	cut         // connections are reset, new ones as well
	frozen      // connections stay, nothing passes
	closed
)

// dialTime is for a connection to the database, which is near.
const dialTime = 10 * time.Second

// NewProxy listens on an address (port 0 takes a free one) and forwards to upstream.
func NewProxy(listen, upstream string) (*Proxy, error) {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, err
	}
	return ProxyOn(listener, func() (net.Conn, error) { return net.DialTimeout("tcp", upstream, dialTime) }), nil
}

func ProxyOn(listener net.Listener, upstream func() (net.Conn, error)) *Proxy {
	p := &Proxy{listener: listener, upstream: upstream, conns: map[net.Conn]bool{}, struck: map[*bool]bool{}}
	p.changed = sync.NewCond(&p.mu)
	p.running.Go(p.accept)
	return p
}

// Addr returns the address at which the proxy listens.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Cut resets every connection, also every new one.
func (p *Proxy) Cut() { p.setMode(cut) }

// Freeze keeps every connection open and forwards nothing; new connections are accepted and hang.
func (p *Proxy) Freeze() { p.setMode(frozen) }

// Heal forwards again, also what waited in a frozen connection.
func (p *Proxy) Heal() { p.setMode(open) }

// Close closes the proxy and its connections, and returns when none of its goroutines runs.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.setMode(closed)
	p.running.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil // closed before
	}
	return err
}

func (p *Proxy) setMode(to mode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.setModeLocked(to)
}

// setModeLocked is setMode for a caller that holds the lock.
func (p *Proxy) setModeLocked(to mode) {
	if p.mode == closed {
		return
	}
	p.mode = to
	if to == cut || to == closed {
		for conn := range p.conns {
			Reset(conn)
		}
		clear(p.conns)
	}
	p.changed.Broadcast()
}

// Reset closes a connection with a TCP reset, without a goodbye.
func Reset(conn net.Conn) {
	if lingers, ok := conn.(interface{ SetLinger(seconds int) error }); ok { // TCP connections do
		_ = lingers.SetLinger(0)
	}
	_ = conn.Close()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.running.Go(func() { p.serve(client) })
	}
}

// serve forwards one connection in both directions until either end closes, or the proxy ends it.
func (p *Proxy) serve(client net.Conn) {
	if !p.track(client) {
		return
	}
	defer p.drop(client)
	if !p.waitWhileFrozen() { // a frozen proxy accepts, and does not connect
		return
	}
	upstream, err := p.upstream()
	if err != nil || !p.track(upstream) {
		return
	}
	defer p.drop(upstream)
	var asked bool // a message was asked and is not answered yet
	back := make(chan struct{})
	go func() {
		defer close(back)
		p.pump(client, upstream, func() { p.noteAnswer(&asked) })
		_ = client.Close()
	}()
	p.pump(upstream, client, func() { p.noteRequest(&asked) })
	_ = upstream.Close()
	<-back
}

// pump copies while the proxy is open, and holds what it has read while the proxy is frozen. It calls note after each read, before
// it writes.
func (p *Proxy) pump(to, from net.Conn, note func()) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if note(); !p.waitWhileFrozen() {
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// waitWhileFrozen waits while the proxy is frozen, and reports whether it is open.
func (p *Proxy) waitWhileFrozen() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.mode == frozen {
		p.changed.Wait()
	}
	return p.mode == open
}

// track records a connection, so that a cut resets it. If the proxy is cut already, it resets the connection now.
func (p *Proxy) track(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mode == cut || p.mode == closed {
		Reset(conn)
		return false
	}
	p.conns[conn] = true
	return true
}

func (p *Proxy) drop(conn net.Conn) {
	_ = conn.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
}
