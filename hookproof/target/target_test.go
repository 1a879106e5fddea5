package target

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
)

func TestOnlyOwnTargetsMayBeAttacked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, url, secret string
		allowed           []string
		refusal           string // "" is none
	}{
		{"this machine", "http://127.0.0.1:3000/x", "whsec_x", nil, ""},
		{"this machine, as servers write it", "http://0.0.0.0:3000/x", "whsec_x", nil, ""},
		{"this machine, IPv6", "http://[::1]:3000/x", "whsec_x", nil, ""},
		{"a private network", "https://10.1.2.3/x", "whsec_x", nil, ""},
		{"anybody's", "http://192.0.2.1/x", "whsec_x", nil, "--allow-host 192.0.2.1"},
		{"anybody's, listed", "http://192.0.2.1:80/x", "whsec_x", []string{"192.0.2.1"}, ""},
		{"a name that is listed, in other letters", "https://Staging.example.com/x", "whsec_x", []string{"staging.example.com"}, ""},
		{"another is listed", "http://192.0.2.1/x", "whsec_x", []string{"192.0.2.2"}, "neither on this machine"},
		{"a live key", "http://127.0.0.1/x", "sk_live_1", nil, "live API key"},
		{"a restricted live key", "http://127.0.0.1/x", "rk_live_1", nil, "live API key"},
		{"a live key to a listed host", "http://192.0.2.1/x", "sk_live_1", []string{"192.0.2.1"}, "live API key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			target := Target{URL: c.url, Secret: c.secret, AllowHosts: c.allowed}
			err := target.Check()
			if c.refusal == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.refusal)
		})
	}
}

// names is a resolver of which each look-up of any name gives the next address, and the last one again and again.
func names(t *testing.T, addresses ...string) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		for asked := 0; ; {
			query := make([]byte, 512)
			n, from, err := server.ReadFrom(query)
			if err != nil {
				return
			}
			end := 12 + bytes.IndexByte(query[12:n], 0) + 5 // of the question: a name, its type and class
			answer := append(query[:2:2], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0)
			answer = append(answer, query[12:end]...)
			if query[end-3] == 1 { // an A record is asked for
				address := netip.MustParseAddr(addresses[min(asked, len(addresses)-1)]).As4()
				answer[7] = 1
				answer = append(append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4), address[:]...)
				asked++
			}
			_, _ = server.WriteTo(answer, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// A name that stands for this machine when it is checked, and for another when it is dialled, is not attacked.
func TestTheAddressThatIsDialledIsTheOneThatIsJudged(t *testing.T) {
	t.Parallel()
	endpoint := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(endpoint.Close)
	url := strings.Replace(endpoint.URL, "127.0.0.1", "shop.test.", 1)
	honest := &Target{URL: url, Secret: "whsec_x", Resolver: names(t, "127.0.0.1")}
	require.NoError(t, honest.Check())
	require.Equal(t, http.StatusOK, honest.Deliver(t.Context(), event.Raw("{}"), "genuine").Status)

	rebound := &Target{URL: url, Secret: "whsec_x", Resolver: names(t, "127.0.0.1", "192.0.2.1"), Timings: Timings{Answer: time.Second}}
	require.NoError(t, rebound.Check())
	d := rebound.Deliver(t.Context(), event.Raw("{}"), "genuine")
	require.ErrorContains(t, d.Err, "--allow-host shop.test.")

	allowed := &Target{URL: url, Secret: "whsec_x", AllowHosts: []string{"Shop.test."}, Resolver: names(t, "192.0.2.1"), Timings: Timings{Answer: 100 * time.Millisecond}}
	require.NoError(t, allowed.Check())
	d = allowed.Deliver(t.Context(), event.Raw("{}"), "genuine")
	require.Error(t, d.Err, "nobody is there")
	require.NotContains(t, d.Err.Error(), "refuses")
}

// Neither a proxy of the environment nor a redirect leads deliveries to somebody else.
func TestDeliveriesGoToNobodyElse(t *testing.T) {
	t.Parallel()
	var strayed atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Add(1) }))
	t.Cleanup(other.Close)
	endpoint := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	t.Cleanup(endpoint.Close)
	target := &Target{URL: endpoint.URL, Secret: "whsec_x"}
	require.Nil(t, target.Transport().Proxy)
	require.Equal(t, http.StatusTemporaryRedirect, target.Deliver(t.Context(), event.Raw("{}"), "genuine").Status)
	require.Zero(t, strayed.Load())
}
