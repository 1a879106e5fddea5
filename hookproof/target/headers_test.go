package target

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
)

func TestHeadersThatCannotBeSent(t *testing.T) {
	t.Parallel()
	for name, why := range map[string]string{"stripe-signature": "itself, as Stripe does", "X Y": "is no header", "X-Y": ""} {
		err := (&Target{URL: "http://127.0.0.1:1/", Secret: "whsec_x", Headers: map[string]string{name: "1"}}).Check()
		if why == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, why)
	}
	err := (&Target{URL: "http://127.0.0.1:1/", Secret: "whsec_x", Headers: map[string]string{"X-Y": "1\r\nX-Z: 2"}}).Check()
	require.ErrorContains(t, err, "is no header")
	err = (&Target{URL: "http://127.0.0.1:1/", Secret: "whsec_x", APIVersion: "v3"}).Check()
	require.ErrorContains(t, err, `"v3" is no API version of Stripe's`)
}

// A hook that asks the same app says what deliveries say; one that asks another does not.
func TestHooksOfTheSameHostHaveTheHeaders(t *testing.T) {
	t.Parallel()
	headers := map[string]string{"X-Forwarded-Proto": "https", "Host": "shop.example"}
	for url, want := range map[string]map[string]string{
		"http://127.0.0.1:3000/orders":    {"X-Forwarded-Proto": "https", "host": "own"},
		"http://127.0.0.1:3000/o/{{id}}":  {"X-Forwarded-Proto": "https", "host": "own"},
		"http://127.0.0.1:4000/orders":    {"host": "own"},
		"http://stripe.example:3000/hook": {"host": "own"},
	} {
		request := &HookRequest{URL: url, Headers: map[string]string{"host": "own"}}
		addDeliveryHeaders(request, "http://127.0.0.1:3000/hook", headers)
		require.Equal(t, want, request.Headers, url)
	}
	require.Len(t, headers, 2)
	target, err := parsed(t, `, "apiVersion": "2024-06-20", "headers": {"X-Forwarded-Proto": "https"}`)
	require.NoError(t, err)
	require.Equal(t, "2024-06-20", target.APIVersion)
	require.Equal(t, map[string]string{"X-Forwarded-Proto": "https"}, target.Headers)
}

// Some apps answer to their own name alone.
func TestTheHostIsSent(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Host + " " + r.Header.Get("X-Tenant")
		_, _ = w.Write([]byte(`{"sessionId": "cs_1"}`))
	}))
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "target.json")
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(`{"url": "URL/hook", "secret": "whsec_x", "headers": {"host": "shop.example", "X-Tenant": "{{env.TENANT}}"},
		"subject": {"http": {"url": "URL/orders", "method": "POST"}}, "state": {"command": ["true"]}}`, "URL", server.URL)), 0o600))
	target, err := Load(path, func(string) string { return "acme" })
	require.NoError(t, err)
	require.Equal(t, 200, target.Deliver(t.Context(), event.Raw("{}"), "genuine").Status)
	_, err = target.Subject(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"shop.example acme", "shop.example acme"}, []string{<-seen, <-seen})
}
