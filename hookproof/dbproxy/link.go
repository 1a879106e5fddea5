package dbproxy

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// Link is a network line between a target and its database that can be made bad. It stands behind a Proxy. All methods are safe
// for concurrent use.
type Link struct {
	proxy *Proxy

	mu      sync.Mutex
	how     string        // "" is a good line
	changed chan struct{} // closed when how changes
}

// halfOpen is the trouble in which answers are lost.
const halfOpen = "half-open"

// troubles are the ways in which a link can be bad: how many bytes of an answer go on at once, and how long after they have come, or
// after those before them. All affect the database's answers.
var troubles = map[string]func(bytes int) (now int, wait time.Duration){
	"latency": func(bytes int) (int, time.Duration) {
		return bytes, 150*time.Millisecond + rand.N(100*time.Millisecond)
	},
	"bandwidth": func(bytes int) (int, time.Duration) {
		now := min(bytes, 100)
		return now, time.Duration(now) * time.Millisecond
	},
	halfOpen: nil,
}

// NewLink listens on a free port of this machine and forwards to upstream.
func NewLink(upstream string) (*Link, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("a link to %s: %w", upstream, err)
	}
	return LinkOn(listener, func() (net.Conn, error) { return net.DialTimeout("tcp", upstream, dialTime) }), nil
}

func LinkOn(listener net.Listener, upstream func() (net.Conn, error)) *Link {
	l := &Link{changed: make(chan struct{})}
	l.proxy = ProxyOn(listener, func() (net.Conn, error) {
		conn, err := upstream()
		if err != nil {
			return nil, err
		}
		return newLine(l, conn), nil
	})
	return l
}

// Addr returns the address at which the link listens.
func (l *Link) Addr() string { return l.proxy.Addr() }

// Trouble makes the link bad: latency (150 to 250 ms an answer), bandwidth (1000 bytes a second) or half-open (what the target writes
// arrives, and nothing comes back).
func (l *Link) Trouble(how string) error {
	if _, known := troubles[how]; !known {
		return fmt.Errorf("a link cannot be %q; it can be %s", how, strings.Join(slices.Sorted(maps.Keys(troubles)), ", "))
	}
	l.set(how)
	return nil
}

// Heal makes the link good again. A connection that was half open ends, since it may have lost an answer.
func (l *Link) Heal() { l.set("") }

// Close closes the link and its connections.
func (l *Link) Close() { _ = l.proxy.Close() }

func (l *Link) set(how string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.how = how
	close(l.changed)
	l.changed = make(chan struct{})
}

// state returns how the link is, and what is closed when that changes.
func (l *Link) state() (how string, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.how, l.changed
}

// piece is what one read of the database's answers gave.
type piece struct {
	data []byte
	came time.Time
}

// line is a connection to the database whose answers come as the link lets them. They are read before they are asked for, so
// that each of two answers on their way is late, and not the second one twice.
type line struct {
	net.Conn
	link   *Link
	pieces chan piece
	close  func() error
	gone   chan struct{} // closed with the line

	rest piece // what has come and is not read
	lost bool  // the line was half open
}

func newLine(link *Link, conn net.Conn) *line {
	c := &line{Conn: conn, link: link, pieces: make(chan piece, 32), gone: make(chan struct{})}
	c.close = sync.OnceValue(func() error {
		close(c.gone)
		return conn.Close()
	})
	go c.fill()
	return c
}

// fill reads until the connection ends.
func (c *line) fill() {
	defer close(c.pieces)
	for {
		data := make([]byte, 32<<10)
		n, err := c.Conn.Read(data)
		if n > 0 {
			select {
			case c.pieces <- piece{data[:n], time.Now()}:
			case <-c.gone:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// Read returns what the link lets through. It has one caller at a time.
func (c *line) Read(to []byte) (int, error) {
	for {
		how, changed := c.link.state()
		switch {
		case how == halfOpen:
			c.rest.data, c.lost = nil, true
		case c.lost:
			return 0, io.EOF
		}
		if len(c.rest.data) == 0 {
			var more bool
			select {
			case c.rest, more = <-c.pieces:
				if !more {
					return 0, io.EOF
				}
			case <-changed:
			}
			continue
		}
		now := len(c.rest.data)
		if how != "" {
			var wait time.Duration
			now, wait = troubles[how](now)
			timer := time.NewTimer(time.Until(c.rest.came.Add(wait)))
			select {
			case <-timer.C:
			case <-changed:
				timer.Stop()
				continue
			}
		}
		n := copy(to, c.rest.data[:now])
		c.rest.data = c.rest.data[n:]
		if how == "bandwidth" {
			c.rest.came = time.Now()
		}
		return n, nil
	}
}

func (c *line) Close() error { return c.close() }
