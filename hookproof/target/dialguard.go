package target

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
)

// foreignError is the error for an address that must not be attacked.
type foreignError struct{ host string }

func (e *foreignError) Error() string {
	return fmt.Sprintf("the target %s is neither on this machine nor in a private network; hookproof forges and floods, so it refuses; if the host is yours, --allow-host %s", e.host, e.host)
}

// remoteError is the error for an address that is not of this machine, where no other may be attacked.
type remoteError struct{ host string }

func (e *remoteError) Error() string {
	return fmt.Sprintf("the target %s is not on this machine, and only loopback targets such as http://127.0.0.1:3000 are taken here", e.host)
}

// mayReach reports whether an address is on this machine, or in a private network if those are taken.
func (t *Target) mayReach(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsLoopback() || a.IsPrivate() && !t.OnlyLoopback || a.IsUnspecified() // 0.0.0.0 is where servers listen; dialling it reaches this machine
}

// refusal is the error for a host that must not be attacked.
func (t *Target) refusal(host string) error {
	if t.OnlyLoopback {
		return &remoteError{host}
	}
	return &foreignError{host}
}

// allows reports whether AllowHosts names the host.
func (t *Target) allows(host string) bool {
	return slices.ContainsFunc(t.AllowHosts, func(allowed string) bool { return strings.EqualFold(allowed, host) })
}

// checkHost refuses a host if any of its addresses must not be attacked.
func (t *Target) checkHost(host string) error {
	if t.allows(host) {
		return nil
	}
	addresses := []string{host}
	if _, err := netip.ParseAddr(host); err != nil {
		if addresses, err = t.Resolver.LookupHost(context.Background(), host); err != nil {
			return fmt.Errorf("the target's host %s has no address", host)
		}
	}
	for _, text := range addresses {
		if address, err := netip.ParseAddr(text); err != nil || !t.mayReach(address) {
			return t.refusal(host)
		}
	}
	return nil
}

// dial connects to one of the target's hosts. A name may resolve to another address than when Check resolved it. So dial checks
// the address to which it is about to connect.
func (t *Target) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if t.Dialer != nil {
		return t.Dialer(ctx, network, address)
	}
	dialer := net.Dialer{Resolver: t.Resolver}
	if host, _, err := net.SplitHostPort(address); err != nil || !t.allows(host) {
		dialer.Control = func(_, resolved string, _ syscall.RawConn) error {
			if to, err := netip.ParseAddrPort(resolved); err != nil || !t.mayReach(to.Addr()) {
				return t.refusal(host)
			}
			return nil
		}
	}
	return dialer.DialContext(ctx, network, address)
}

// Transport connects to the target, only at addresses that may be attacked. It uses no proxy of the environment, and HTTP/1.1, so
// that concurrent deliveries have separate connections.
func (t *Target) Transport() *http.Transport {
	return &http.Transport{DialContext: t.dial, MaxIdleConnsPerHost: 128, DisableCompression: true}
}

// connect opens a connection to the target.
func (t *Target) connect(ctx context.Context) (net.Conn, error) {
	u, err := url.Parse(t.URL)
	if err != nil {
		return nil, err
	}
	return t.dial(ctx, "tcp", Address(u))
}

// Address returns where the host of a URL listens, as host:port.
func Address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// Listens reports whether the target accepts connections.
func (t *Target) Listens() bool {
	ctx, cancel := context.WithTimeout(context.Background(), t.Timings.OrDefault().Connect)
	defer cancel()
	conn, err := t.connect(ctx)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// Reach returns in a sentence why deliveries cannot reach the target, and what to do; nil if they can.
func (t *Target) Reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.Timings.OrDefault().Connect)
	defer cancel()
	conn, err := t.connect(ctx)
	var foreign *foreignError
	var remote *remoteError
	switch {
	case errors.As(err, &foreign):
		return foreign
	case errors.As(err, &remote):
		return remote
	case err != nil:
		return fmt.Errorf("nothing listens at %s; is the target running?", t.URL)
	}
	defer func() { _ = conn.Close() }()
	if u, err := url.Parse(t.URL); err != nil || u.Scheme != "https" {
		return err
	}
	err = handshake(ctx, conn, t.URL)
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &untrusted):
		return fmt.Errorf("the certificate of %s is not trusted (%w); trust its authority (on Linux by SSL_CERT_FILE), or test by http", t.URL, untrusted.Err)
	case err != nil:
		return fmt.Errorf("what listens at %s does not speak TLS; write http:// if it is plain HTTP", t.URL)
	}
	return nil
}

// SpeaksTLS reports whether an https server listens at an http URL.
func (t *Target) SpeaksTLS(ctx context.Context) bool {
	if !strings.HasPrefix(t.URL, "http:") {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, t.Timings.OrDefault().Connect)
	defer cancel()
	conn, err := t.connect(ctx)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	var untrusted *tls.CertificateVerificationError // an untrusted certificate is TLS as well
	err = handshake(ctx, conn, t.URL)
	return err == nil || errors.As(err, &untrusted)
}

func handshake(ctx context.Context, conn net.Conn, target string) error {
	u, err := url.Parse(target)
	if err != nil {
		return err
	}
	return tls.Client(conn, &tls.Config{ServerName: u.Hostname()}).HandshakeContext(ctx)
}
