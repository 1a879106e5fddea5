package dbproxy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Link is a network line between a target and its database that can be made bad. It stands behind a Proxy, and is Shopify's
// toxiproxy in this process. All methods are safe for concurrent use.
type Link struct {
	Proxy *toxiproxy.Proxy
}

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
	return &Link{proxy}, nil
}

// Addr returns the address at which the link listens.
func (l *Link) Addr() string { return l.Proxy.Listen }

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
func (l *Link) Close() { l.Proxy.Stop() }
