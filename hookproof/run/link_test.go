package run

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/dbproxy"
	"example.com/hookproof/hookproof/internal/memnet"
)

// serveMemory listens on the network in memory until the test ends, and has every connection talked to.
func serveMemory(t *testing.T, talk func(net.Conn)) (address string) {
	t.Helper()
	listener, err := memnet.InMemory.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go talk(conn)
		}
	}()
	return listener.Addr().String()
}

// openProxy opens a proxy in memory until the test ends.
func openProxy(t *testing.T, upstream func() (net.Conn, error)) *dbproxy.Proxy {
	t.Helper()
	listener, err := memnet.InMemory.Listen("127.0.0.1:0")
	require.NoError(t, err)
	proxy := dbproxy.ProxyOn(listener, upstream)
	t.Cleanup(func() { require.NoError(t, proxy.Close()) })
	return proxy
}

// openLink opens a link in memory until the test ends.
func openLink(t *testing.T, upstream func() (net.Conn, error)) *dbproxy.Link {
	t.Helper()
	listener, err := memnet.InMemory.Listen("127.0.0.1:0")
	require.NoError(t, err)
	link := dbproxy.LinkOn(listener, upstream)
	t.Cleanup(link.Close)
	return link
}
