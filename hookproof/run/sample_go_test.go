package run

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"

	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// An endpoint as Stripe's documentation for Go shows it breaches what the page in docs/url.md says that it does, and
// nothing else.
func TestAnEndpointLikeStripesSampleForGo(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		server := memnet.OpenDoor(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, 65536)
			payload, err := io.ReadAll(r.Body)
			if err != nil {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			event, err := webhook.ConstructEvent(payload, r.Header.Get("Stripe-Signature"), endpointtest.Secret)
			if err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			var session stripe.CheckoutSession
			if event.Type == "checkout.session.completed" && json.Unmarshal(event.Data.Raw, &session) != nil {
				w.WriteHeader(http.StatusBadRequest)
			}
		}))
		for version, profiles := range map[string]map[string][]string{
			"2023-10-16": {"strict": {"authenticity/future", "authenticity/large-body"}, "stripe": nil},
			"":           {"strict": {"authenticity/future", "authenticity/large-body", "authenticity/api-versions"}, "stripe": nil},
		} {
			for profile, fail := range profiles {
				r, err := Judge(t.Context(), &target.Target{URL: server.URL(), Dialer: memnet.InMemory.Dial, Secret: endpointtest.Secret, APIVersion: version}, Options{Only: []string{"authenticity", "ack-policy"}, Profile: profile})
				require.NoError(t, err)
				var failed []string
				for _, f := range r.Findings {
					if f.Check == otherShapes && version == "" && profile == "strict" {
						require.Equal(t, "authenticity/api-versions", f.Because, f.Why)
						continue
					}
					if f.Check == otherShapes && version != "" {
						require.Equal(t, result.Pass, f.Verdict, f.Why)
						require.Contains(t, f.Infos[0], "the endpoint accepts events of only one API version")
					}
					if f.Verdict == result.Fail {
						failed = append(failed, f.Check)
					}
				}
				require.Equal(t, fail, failed, "%s, apiVersion %q", profile, version)
			}
		}
	})
}
