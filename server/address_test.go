package server

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClientAddress(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, tc := range map[string]struct {
		remote    string
		forwarded []string
		want      string
	}{
		"no header":                      {"203.0.113.9:1", nil, "203.0.113.9"},
		"peer not trusted":               {"203.0.113.9:1", []string{"198.51.100.1"}, "203.0.113.9"},
		"peer trusted, no header":        {"10.0.0.1:1", nil, "10.0.0.1"},
		"one proxy":                      {"10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		"forged entry on the left":       {"10.0.0.1:1", []string{"192.0.2.66, 198.51.100.1"}, "198.51.100.1"},
		"forged trusted on the left":     {"10.0.0.1:1", []string{"192.0.2.66, 10.9.9.9, 198.51.100.1"}, "198.51.100.1"},
		"two proxies":                    {"10.0.0.1:1", []string{"198.51.100.1,10.0.0.2"}, "198.51.100.1"},
		"lines are one list":             {"10.0.0.1:1", []string{"192.0.2.66", "198.51.100.1", "10.0.0.2"}, "198.51.100.1"},
		"all trusted":                    {"10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		"malformed next to the proxy":    {"10.0.0.1:1", []string{"198.51.100.1, unknown"}, "10.0.0.1"},
		"malformed behind two":           {"10.0.0.1:1", []string{"198.51.100.1, _x, 10.0.0.2"}, "10.0.0.2"},
		"malformed behind the client":    {"10.0.0.1:1", []string{"<script>, 198.51.100.1"}, "198.51.100.1"},
		"empty entry":                    {"10.0.0.1:1", []string{"198.51.100.1,"}, "10.0.0.1"},
		"entry with port":                {"10.0.0.1:1", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		"bracketed":                      {"10.0.0.1:1", []string{"[2001:db8::1]"}, "2001:db8::1"},
		"bracketed with port":            {"10.0.0.1:1", []string{"[2001:db8::1]:443"}, "2001:db8::1"},
		"bracketed IPv4 is no address":   {"10.0.0.1:1", []string{"[198.51.100.1]"}, "10.0.0.1"},
		"mapped peer":                    {"[::ffff:10.0.0.1]:1", []string{"198.51.100.1"}, "198.51.100.1"},
		"mapped entry":                   {"10.0.0.1:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		"mapped proxy in the list":       {"10.0.0.1:1", []string{"198.51.100.1, ::ffff:10.0.0.2"}, "198.51.100.1"},
		"IPv6 proxy, zone dropped":       {"[fd00::1%eth0]:1", []string{"2001:db8::2"}, "2001:db8::2"},
		"IPv6 peer not trusted":          {"[2001:db8::7]:1", []string{"198.51.100.1"}, "2001:db8::7"},
		"no IP address (a UNIX socket)":  {"@", []string{"198.51.100.1"}, "invalid IP"},
		"numbers that are not addresses": {"10.0.0.1:1", []string{"198.51.100.1, 010.0.0.2"}, "10.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = tc.remote
			for _, line := range tc.forwarded {
				r.Header.Add("X-Forwarded-For", line)
			}
			require.Equal(t, tc.want, clientAddress(r, trusted).String())
			if len(tc.forwarded) > 0 {
				peer, _ := parseAddress(tc.remote)
				require.Equal(t, peer, clientAddress(r, nil), "nobody is trusted")
			}
		})
	}
}

// Behind a proxy that is not named everybody is one address. The log names it once, not with every request, and the
// first 16 such peers: a scanner that sends the header before the proxy does not use the warning up.
func TestAForwardedHeaderOfAStranger(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := &Server{log: slog.New(slog.NewJSONHandler(&log, nil)),
		config: Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	ask := func(remote string, forwarded ...string) string {
		r := httptest.NewRequest(http.MethodPost, "/auth/login", nil)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = remote, forwarded
		if forwarded == nil {
			delete(r.Header, "X-Forwarded-For")
		}
		return s.clientAddress(r).String()
	}
	require.Equal(t, "198.51.100.1", ask("10.0.0.1:1", "198.51.100.1"))
	require.Equal(t, "192.0.2.7", ask("192.0.2.7:1"))
	require.Equal(t, "invalid IP", ask("@", "198.51.100.1"))
	require.Empty(t, log.String(), "a trusted proxy, no header, and a peer that could not be named")

	require.Equal(t, "192.0.2.7", ask("192.0.2.7:1", "198.51.100.1"))
	require.Equal(t, "192.0.2.7", ask("192.0.2.7:2", "198.51.100.1"))
	require.Equal(t, 1, strings.Count(log.String(), "\n"), log.String())
	for _, text := range []string{`"level":"WARN"`, "TRUSTED_PROXIES", `"peer":"192.0.2.7"`} {
		require.Contains(t, log.String(), text)
	}
	for range 2 {
		for peer := range 2 * maxUntrustedProxies {
			ask(fmt.Sprintf("[2001:db8:0:%x::1]:1", peer), "198.51.100.1")
			ask(fmt.Sprintf("[2001:db8:0:%x::2]:1", peer), "198.51.100.1") // of the same household
		}
	}
	require.Equal(t, maxUntrustedProxies, strings.Count(log.String(), "\n"), log.String())
	require.Contains(t, log.String(), `"peer":"2001:db8:0:e::1"`)
	require.NotContains(t, log.String(), "::2")
	require.NotContains(t, log.String(), "198.51.100.1", "what the stranger wrote is not repeated")
}

func TestLimitKey(t *testing.T) {
	t.Parallel()
	key := func(text string) netip.Prefix {
		address, ok := parseAddress(text)
		require.True(t, ok, text)
		return limitKey(address)
	}
	require.Equal(t, key("192.0.2.1"), key("[::ffff:192.0.2.1]:9"))
	require.NotEqual(t, key("192.0.2.1"), key("192.0.2.2"))
	require.Equal(t, key("2001:db8:0:1::1"), key("2001:db8:0:1:ffff:ffff:ffff:ffff"))
	require.NotEqual(t, key("2001:db8:0:1::1"), key("2001:db8:0:2::1"))
	require.Equal(t, netip.Prefix{}, limitKey(netip.Addr{}))
}
