package run

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
)

// behindTLS redirects what did not come by TLS, as far as it was told.
func behindTLS(s *stall) {
	s.answer = func(_ int, w http.ResponseWriter, r *http.Request, _ []byte) bool {
		if r.Header.Get("X-Forwarded-Proto") == "https" {
			return false
		}
		http.Redirect(w, r, "https://"+r.Host+r.URL.Path, http.StatusMovedPermanently)
		return true
	}
}

// An app behind TLS is right to redirect what came without it.
func TestAnAppBehindTLS(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, behindTLS).target()
		only := Options{Only: []string{"authenticity/genuine", "ack-policy/no-redirect"}}
		_, err := Judge(t.Context(), target, only)
		var unusable *Unusable
		require.ErrorAs(t, err, &unusable)
		require.ErrorContains(t, err, "into a target file, which else needs only url and secret, and run with --target")
		target.File = "shop.json"
		_, err = Judge(t.Context(), target, only)
		require.EqualError(t, err, `the target answers 301, a redirect, to everything, to Location: "`+strings.Replace(target.URL, "http:", "https:", 1)+
			`", but not where X-Forwarded-Proto says that the delivery came by TLS; put "headers": {"X-Forwarded-Proto": "https"} into shop.json`)
		target.Headers = map[string]string{"x-forwarded-proto": "https"}
		r, err := Judge(t.Context(), target, only)
		require.NoError(t, err)
		requireNone(t, r, result.Fail, result.NotRun)
	})
}

// One that redirects all the same has that fault, and the place is told.
func TestARedirectIsQuoted(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		r, err := Judge(t.Context(), openStall(t, func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, r *http.Request, _ []byte) bool {
				http.Redirect(w, r, "https://shop.example/hook/", http.StatusPermanentRedirect)
				return true
			}
		}).target(), Options{Only: []string{"ack-policy/no-redirect"}})
		require.NoError(t, err)
		f := findingOf(t, r, "ack-policy/no-redirect")
		require.Equal(t, result.Fail, f.Verdict)
		require.Contains(t, f.Why, `the target answers 308, a redirect, to everything, to Location: "https://shop.example/hook/"; give the URL`)
	})
}
