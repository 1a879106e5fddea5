package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// clientAddress is the address that a request came from, as far as proxies are trusted. A peer that sends
// X-Forwarded-For without being one of them is named in the log: behind such a proxy everybody shares one address,
// and so its limits.
func (s *Server) clientAddress(r *http.Request) netip.Addr {
	if _, forwarded := r.Header["X-Forwarded-For"]; forwarded {
		if peer, ok := parseAddress(r.RemoteAddr); ok && !inAny(s.config.TrustedProxies, peer) && s.unnamed.add(peer) {
			s.log.Warn("X-Forwarded-For is not believed, since TRUSTED_PROXIES does not name the peer; if the peer is your proxy, "+
				"name it there, or all callers behind it share the limits of one address", "peer", peer.String())
		}
	}
	return clientAddress(r, s.config.TrustedProxies)
}

// maxUntrustedProxies is how many peers that send X-Forwarded-For untrusted are named in the log. Scanners send the
// header, too, and may come before the operator's own proxy.
const maxUntrustedProxies = 16

// untrustedProxies are the peers that the log has named. Safe for concurrent use.
type untrustedProxies struct {
	mu    sync.Mutex
	named map[netip.Prefix]struct{}
}

// add reports whether the log has to name a peer: each is new once, and only the first are.
func (u *untrustedProxies) add(peer netip.Addr) bool {
	key := limitKey(peer)
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, found := u.named[key]; found || len(u.named) == maxUntrustedProxies {
		return false
	}
	if u.named == nil {
		u.named = map[netip.Prefix]struct{}{}
	}
	u.named[key] = struct{}{}
	return true
}

// clientAddress is the address that a request came from. X-Forwarded-For counts only when the peer is
// one of the trusted proxies. It is read from the right, where the nearest proxy wrote. The entry left of a
// trusted address is believed; the first address that is not trusted is the client, which may have written
// anything further left. An entry that is no address ends the search, and the address to its right is the
// client. The zero Addr means that the peer has no IP address (a UNIX socket).
func clientAddress(r *http.Request, trusted []netip.Prefix) netip.Addr {
	peer, ok := parseAddress(r.RemoteAddr)
	if !ok {
		return netip.Addr{}
	}
	client := peer
	// A proxy may add a header line of its own in place of extending the last: together they are one list.
	entries := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, entry := range slices.Backward(entries) {
		if !inAny(trusted, client) {
			return client
		}
		next, ok := parseAddress(strings.TrimSpace(entry))
		if !ok {
			return client
		}
		client = next
	}
	return client
}

func inAny(prefixes []netip.Prefix, address netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(address) })
}

// parseAddress reads an address with or without brackets and port. An IPv4-mapped IPv6 address becomes
// the IPv4 address, and a zone is dropped, so that a client has one key only.
func parseAddress(text string) (netip.Addr, bool) {
	withPort, err := netip.ParseAddrPort(text) // as every request's own address is
	address := withPort.Addr()
	if err != nil {
		address, err = netip.ParseAddr(text)
	}
	if err != nil && strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		address, err = netip.ParseAddr(text[1 : len(text)-1])
		if err == nil && !address.Is6() {
			return netip.Addr{}, false
		}
	}
	return address.Unmap().WithZone(""), err == nil
}

// limitKey is what a rate limit counts by: an IPv4 address itself, of an IPv6 address its /64, since a
// household or a rented machine holds all of one.
func limitKey(address netip.Addr) netip.Prefix {
	bits := 64
	if address.Is4() {
		bits = 32
	}
	key, err := address.Prefix(bits)
	if err != nil { // no address: all such callers share one key
		return netip.Prefix{}
	}
	return key
}
