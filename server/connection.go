package server

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// maxHeaderLines bounds the lines of a request's header: each becomes an entry of a map, so that a few bytes of many
// short lines would take many times their size.
const maxHeaderLines = 128

// connection is one of a guard's. Its other fields are net/http's goroutine's.
type connection struct {
	net.Conn
	guard  *connectionGuard
	proxy  bool
	header headerLines // of the request that it sends

	// Guarded by guard.mu. A trusted proxy's connections stand for many clients: such a one belongs to the client
	// whose request it carries, and to nobody in between.
	client netip.Prefix
	state  connectionState
	since  time.Time // when it came to wait for its client
}

type connectionState int

const (
	expected connectionState = iota // its client is to send or to take something
	idle                            // it is between two requests
	atWork                          // its request has arrived and is being worked on
	shut                            // it has been closed
)

// arrived lets a handler that reads no body work once its request is there, if the share has room for it.
func arrived(of share, h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if c := connectionOf(r); c != nil {
			if err := c.work(of); err != nil {
				return err
			}
		}
		return h(w, r)
	}
}

// arriving is arrived for a handler that reads its body: the request is there when the body is.
func arriving(of share, h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error { return h(w, withArrivingBody(of, r)) }
}

func withArrivingBody(of share, r *http.Request) *http.Request {
	c := connectionOf(r)
	if c == nil {
		return r
	}
	r = r.WithContext(r.Context()) // net/http looks at its own request's body when this one is answered
	r.Body = arrivingBody{r.Body, c, of}
	return r
}

type arrivingBody struct {
	io.ReadCloser
	on *connection
	of share
}

func (b arrivingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		if refused := b.on.work(b.of); refused != nil {
			return n, refused
		}
	}
	return n, err
}

// work says that a request is worked on from now on; or why not.
func (c *connection) work(of share) error {
	if err := c.guard.enter(c, of); err != nil {
		return err
	}
	// The request has arrived. net/http goes on reading, to notice a client that hangs up, and would take a
	// deadline that passes for that: the request's context would end while it is worked on.
	_ = c.Conn.SetReadDeadline(time.Time{})
	return nil
}

// rest is the state between two requests.
func (c *connection) rest() {
	c.header = headerLines{}
	c.guard.mu.Lock()
	c.guard.leave(c)
	if c.state != shut {
		c.state, c.since = idle, c.guard.now()
	}
	c.guard.mu.Unlock()
	if c.proxy {
		c.carry(netip.Addr{})
	}
}

// carry gives a proxy's connection to the client whose request it carries.
func (c *connection) carry(client netip.Addr) {
	var key netip.Prefix
	if client.IsValid() && !inAny(c.guard.trusted, client) {
		key = limitKey(client)
	}
	c.guard.mu.Lock()
	defer c.guard.mu.Unlock()
	if c.state != shut {
		c.guard.count(c.client, -1, 0)
		c.guard.count(key, 1, 0)
		c.client = key
	}
}

// Read notices the first byte of a further request: from then on its client is waited for anew.
func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.guard.mu.Lock()
		if c.state == idle {
			c.state, c.since = expected, c.guard.now()
		}
		c.guard.mu.Unlock()
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
	c.guard.mu.Lock()
	c.guard.leave(c)
	c.guard.mu.Unlock()
	return c.Conn.Write(p)
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
