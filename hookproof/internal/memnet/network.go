package memnet

import (
	"context"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"example.com/hookproof/hookproof/dbproxy"
)

// InMemory is a network in memory. All tests share it, at addresses of their own.
var InMemory = &network{listeners: map[string]*listener{}}

// network connects who dials an address with who listens there. net.Pipe would not do: a write waits there until it is read.
type network struct {
	mu        sync.Mutex
	listeners map[string]*listener
	port      int // that was given last
}

// Listen listens at an address of this machine; port 0 takes one that nobody has.
func (n *network) Listen(address string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for given := address; address == given && strings.HasSuffix(given, ":0") || n.listeners[address] != nil && address != given; {
		n.port = max(n.port%65535, 1023) + 1
		address = net.JoinHostPort("127.0.0.1", strconv.Itoa(n.port))
	}
	if n.listeners[address] != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}
	}
	l := &listener{network: n, address: address, came: make(chan *conn, 1<<10), done: make(chan struct{})}
	n.listeners[address] = l
	return l, nil
}

// Dial connects to who listens at an address, as a dialer of package net does.
func (n *network) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.listeners[address]
	if l == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	there, back := newDirection(), newDirection()
	l.came <- &conn{in: there, out: back}
	return &conn{in: back, out: there}, nil
}

// Dialing is dial for one address.
func (n *network) Dialing(address string) func() (net.Conn, error) {
	return func() (net.Conn, error) { return n.Dial(context.Background(), "tcp", address) }
}

// listener is one of a network's.
type listener struct {
	network *network
	address string
	came    chan *conn // not yet accepted
	done    chan struct{}
	once    sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case <-l.done:
		return nil, net.ErrClosed
	case c := <-l.came:
		return c, nil
	}
}

// Close frees the address, and resets what was not accepted.
func (l *listener) Close() error {
	err := net.ErrClosed
	l.once.Do(func() {
		l.network.mu.Lock()
		delete(l.network.listeners, l.address)
		l.network.mu.Unlock()
		close(l.done)
		for len(l.came) > 0 {
			dbproxy.Reset(<-l.came)
		}
		err = nil
	})
	return err
}

func (l *listener) Addr() net.Addr { return address(l.address) }

type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

// conn is one end of a connection. A write never waits: there is room for all that is written.
type conn struct{ in, out *direction }

func (c *conn) Read(to []byte) (int, error)   { return c.in.read(to) }
func (c *conn) Write(raw []byte) (int, error) { return c.out.write(raw) }

func (c *conn) Close() error {
	c.in.change(func(d *direction) { d.readerClosed = true })
	c.out.change(func(d *direction) { d.writerClosed = true })
	return nil
}

// SetLinger resets the connection for the other end, as TCP does at Close when it is told not to linger.
func (c *conn) SetLinger(int) error {
	c.out.change(func(d *direction) { d.reset, d.unread = true, nil })
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return address("127.0.0.1:0") }
func (c *conn) RemoteAddr() net.Addr { return address("127.0.0.1:0") }

func (c *conn) SetDeadline(at time.Time) error     { return c.SetReadDeadline(at) }
func (c *conn) SetWriteDeadline(time.Time) error   { return nil }
func (c *conn) SetReadDeadline(at time.Time) error { c.in.setDeadline(at); return nil }

// direction is one direction of a connection.
type direction struct {
	mu           sync.Mutex
	changed      *sync.Cond
	unread       []byte
	writerClosed bool
	readerClosed bool
	reset        bool
	expired      bool        // the reader's deadline has passed
	deadline     *time.Timer // nil where there is none to come
}

func newDirection() *direction {
	d := &direction{}
	d.changed = sync.NewCond(&d.mu)
	return d
}

func (d *direction) change(how func(*direction)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	how(d)
	d.changed.Broadcast()
}

func (d *direction) setDeadline(at time.Time) {
	d.change(func(d *direction) {
		if d.deadline != nil {
			d.deadline.Stop()
		}
		left := time.Until(at)
		d.deadline, d.expired = nil, !at.IsZero() && left <= 0
		if left > 0 {
			var timer *time.Timer
			timer = time.AfterFunc(left, func() { d.change(func(d *direction) { d.expired = d.expired || d.deadline == timer }) })
			d.deadline = timer
		}
	})
}

func (d *direction) read(to []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		switch {
		case d.readerClosed:
			return 0, net.ErrClosed
		case d.expired:
			return 0, os.ErrDeadlineExceeded
		case d.reset:
			return 0, syscall.ECONNRESET
		case len(d.unread) > 0 || len(to) == 0:
			n := copy(to, d.unread)
			d.unread = d.unread[n:]
			return n, nil
		case d.writerClosed:
			return 0, io.EOF
		}
		d.changed.Wait()
	}
}

func (d *direction) write(raw []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.writerClosed:
		return 0, net.ErrClosed
	case d.readerClosed:
		return 0, syscall.EPIPE
	}
	d.unread = append(d.unread, raw...)
	d.changed.Broadcast()
	return len(raw), nil
}
