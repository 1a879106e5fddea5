package hookproof

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"
)

// An endpoint as Stripe's documentation for Go shows it breaches what the page in docs/hookproof.md says that it does, and
// nothing else.
func TestAnEndpointLikeStripesSampleForGo(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		server := openDoor(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, 65536)
			payload, err := io.ReadAll(r.Body)
			if err != nil {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			event, err := webhook.ConstructEvent(payload, r.Header.Get("Stripe-Signature"), shopSecret)
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
				r, err := Judge(t.Context(), &Target{URL: server.url(), dialer: inMemory.dial, Secret: shopSecret, APIVersion: version}, Options{Only: []string{"authenticity", "ack-policy"}, Profile: profile})
				require.NoError(t, err)
				var failed []string
				for _, f := range r.Findings {
					if f.Verdict == Fail {
						failed = append(failed, f.Check)
					}
				}
				require.Equal(t, fail, failed, "%s, apiVersion %q", profile, version)
			}
		}
	})
}
