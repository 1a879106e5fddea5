package store

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

// patientDialer opens connections whose reads end after a time of silence. lib/pq reads only while it
// waits for an answer, so an idle connection is not touched by the limit; a context's deadline does not
// free a read from a frozen server.
type patientDialer struct{ silence time.Duration }

func (d patientDialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

func (d patientDialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

func (d patientDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{KeepAlive: 15 * time.Second}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return patientConn{conn, d.silence, new(atomic.Pointer[time.Time])}, nil
}

type patientConn struct {
	net.Conn
	silence time.Duration
	end     *atomic.Pointer[time.Time] // the caller's own deadline, which may be sooner
}

func (c patientConn) Read(b []byte) (int, error) {
	deadline := time.Now().Add(c.silence)
	if end := c.end.Load(); end != nil && !end.IsZero() && end.Before(deadline) {
		deadline = *end
	}
	if err := c.Conn.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// SetDeadline is how lib/pq bounds a connection attempt.
func (c patientConn) SetDeadline(t time.Time) error {
	c.end.Store(&t)
	return c.Conn.SetDeadline(t)
}
