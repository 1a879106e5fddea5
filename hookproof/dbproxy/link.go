package dbproxy

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Link is a network line between a target and its database that can be made bad. It stands behind a Proxy, and is Shopify's
// toxiproxy in this process. All methods are safe for concurrent use.
type Link struct {
	Proxy *toxiproxy.Proxy

	// door stands before toxiproxy, and reads all that it writes, also for a client that has gone. Without it toxiproxy waits five
	// seconds for each piece of an answer that nobody takes, or for ever, when a toxic is removed: https://github.com/Shopify/toxiproxy/issues/558
	door  *Proxy
	drain sync.WaitGroup
}

// drained is a connection to toxiproxy. Its end is told to toxiproxy, which then ends it, and what still comes until then is read.
type drained struct {
	*net.TCPConn
	close func() error
}

func (l *Link) dial() (net.Conn, error) {
	conn, err := net.DialTimeout("tcp", l.Proxy.Listen, dialTime)
	if err != nil {
		return nil, err
	}
	to := &drained{TCPConn: conn.(*net.TCPConn)}
	to.close = sync.OnceValue(func() error {
		err := to.CloseWrite()
		l.drain.Go(func() {
			_, _ = io.Copy(io.Discard, to.TCPConn)
			_ = to.TCPConn.Close()
		})
		return err
	})
	return to, nil
}

func (d *drained) Close() error { return d.close() }

// toxics are the ways in which a link can be bad, in toxiproxy's form. All affect the database's answers.
var toxics = map[string]string{
	"latency":   `{"name": "latency", "type": "latency", "stream": "downstream", "attributes": {"latency": 200, "jitter": 50}}`,
	"bandwidth": `{"name": "bandwidth", "type": "bandwidth", "stream": "downstream", "attributes": {"rate": 1}}`,
	"half-open": `{"name": "half-open", "type": "timeout", "stream": "downstream", "attributes": {"timeout": 0}}`,
}

// NewLink listens on a free port of this machine and forwards to upstream.
func NewLink(upstream string) (*Link, error) {
	// There are no metrics and no logs. The toxics do not use the logger that they are given, so the global level is set.
	zerolog.SetGlobalLevel(zerolog.Disabled)
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(server, "database", "127.0.0.1:0", upstream)
	if err := server.Collection.Add(proxy, true); err != nil {
		return nil, fmt.Errorf("a link to %s: %w", upstream, err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		proxy.Stop()
		return nil, fmt.Errorf("a link to %s: %w", upstream, err)
	}
	l := &Link{Proxy: proxy}
	l.door = ProxyOn(listener, l.dial)
	return l, nil
}

// Addr returns the address at which the link listens.
func (l *Link) Addr() string { return l.door.Addr() }

// Trouble makes the link bad: latency (200 ms an answer), bandwidth (1 KiB a second) or half-open (what the target writes arrives,
// and nothing comes back).
func (l *Link) Trouble(how string) error {
	toxic, known := toxics[how]
	if !known {
		return fmt.Errorf("a link cannot be %q; it can be %s", how, strings.Join(slices.Sorted(maps.Keys(toxics)), ", "))
	}
	_, err := l.Proxy.Toxics.AddToxicJson(strings.NewReader(toxic))
	return err
}

// Heal makes the link good again.
func (l *Link) Heal() { l.Proxy.Toxics.ResetToxics(context.Background()) }

// Close closes the link and its connections.
func (l *Link) Close() {
	_ = l.door.Close()
	l.Proxy.Stop()
	l.drain.Wait()
}
