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
	"sync/atomic"
	"time"
)

// Link is a network line between a target and its database that can be made bad. It stands behind a Proxy. All methods are safe for
// concurrent use.
type Link struct {
	door *Proxy

	mu      sync.Mutex
	trouble trouble
	changed chan struct{} // closed when the trouble is another
}

// trouble is what the line does to the database's answers. Its zero value is a good line.
type trouble struct {
	latency, jitter time.Duration // of each answer
	rate            int           // bytes a second; 0 is no limit
	lost            bool          // no answer arrives
}

var troubles = map[string]trouble{
	"latency":   {latency: 200 * time.Millisecond, jitter: 50 * time.Millisecond},
	"bandwidth": {rate: 1 << 10},
	"half-open": {lost: true},
}

// piece is how many bytes come at once over a slow line.
const piece = 100

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
	l.door = ProxyOn(listener, func() (net.Conn, error) {
		conn, err := upstream()
		if err != nil {
			return nil, err
		}
		return &line{Conn: conn, link: l, gone: make(chan struct{})}, nil
	})
	return l
}

// Addr returns the address at which the link listens.
func (l *Link) Addr() string { return l.door.Addr() }

// Trouble makes the link bad: latency (200 ms an answer), bandwidth (1 KiB a second) or half-open (what the target writes arrives,
// and nothing comes back).
func (l *Link) Trouble(how string) error {
	bad, known := troubles[how]
	if !known {
		return fmt.Errorf("a link cannot be %q; it can be %s", how, strings.Join(slices.Sorted(maps.Keys(troubles)), ", "))
	}
	l.become(bad)
	return nil
}

// Heal makes the link good again. What is on its way arrives at once. A connection that has lost an answer ends, since its client
// would take the next one for it.
func (l *Link) Heal() { l.become(trouble{}) }

// Close closes the link and its connections.
func (l *Link) Close() { _ = l.door.Close() }

func (l *Link) become(t trouble) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trouble = t
	close(l.changed)
	l.changed = make(chan struct{})
}

// now returns the trouble, and what is closed when it is another.
func (l *Link) now() (trouble, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.trouble, l.changed
}

// line is a connection to the database over a link.
type line struct {
	net.Conn
	link  *Link
	asked atomic.Bool // something was written, and nothing has come back yet
	held  []byte      // has come, and was not read yet
	gone  chan struct{}
	once  sync.Once
}

// Read reads an answer as the link lets it arrive.
func (l *line) Read(p []byte) (int, error) {
	first := false
	if len(l.held) == 0 {
		n, err := l.Conn.Read(p)
		if n == 0 {
			return 0, err
		}
		l.held, first = slices.Clone(p[:n]), l.asked.Swap(false)
	}
	n := len(l.held)
	switch bad, changed := l.link.now(); {
	case bad.lost:
		select {
		case <-changed:
		case <-l.gone:
		}
		return 0, io.EOF
	case bad.rate > 0:
		n = min(n, piece)
		l.wait(time.Duration(n)*time.Second/time.Duration(bad.rate), changed)
	case bad.latency > 0 && first:
		l.wait(bad.latency-bad.jitter+rand.N(2*bad.jitter), changed)
	}
	n = copy(p, l.held[:n])
	l.held = l.held[n:]
	return n, nil
}

// wait waits, but not for a link that is another now, nor for a client that has gone.
func (l *line) wait(d time.Duration, changed <-chan struct{}) {
	select {
	case <-time.After(d):
	case <-changed:
	case <-l.gone:
	}
}

func (l *line) Write(p []byte) (int, error) {
	l.asked.Store(true)
	return l.Conn.Write(p)
}

func (l *line) Close() error {
	l.once.Do(func() { close(l.gone) })
	return l.Conn.Close()
}
