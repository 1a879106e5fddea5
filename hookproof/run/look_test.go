package run

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/target"
)

// lookedAt is a shop for a first look: what differs between any two of its orders is what a target file must ignore.
type lookedAt struct {
	mu     sync.Mutex
	orders map[string]map[string]any
	blind  bool // it acknowledges a payment and does nothing
}

func (s *lookedAt) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := endpointtest.Body(r)
	if !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var e struct {
		Type string
		Data struct {
			Object struct {
				Reference string `json:"client_reference_id"`
			}
		}
	}
	_ = endpointtest.Unmarshal(body, &e)
	s.mu.Lock()
	defer s.mu.Unlock()
	if order := s.orders[e.Data.Object.Reference]; order != nil && e.Type == "checkout.session.completed" && !s.blind {
		order["status"] = "paid"
		order["licence"] = "licence-" + event.Random()
	}
}

// target is the shop with its hooks.
func (s *lookedAt) target(t *testing.T) *target.Target {
	t.Helper()
	s.orders = map[string]map[string]any{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return &target.Target{
		URL: server.URL, Secret: endpointtest.Secret, Timings: target.Timings{FirstShown: 300 * time.Millisecond},
		Subject: func(context.Context) (event.Subject, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			id := fmt.Sprintf("order-%s", event.Random())
			s.orders[id] = map[string]any{"status": "open", "number": len(s.orders)}
			return event.Subject{"clientReferenceId": id}, nil
		},
		State: func(_ context.Context, of event.Subject) (any, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			raw, err := json.Marshal(s.orders[of.Text("clientReferenceId")])
			return json.RawMessage(raw), err
		},
	}
}

// A run that has all that a look proposes goes on; without one of it, it ends at its beginning.
func TestALookFindsAllThatARunNeeds(t *testing.T) {
	t.Parallel()
	endpoint := new(lookedAt).target(t)
	found, err := Look(t.Context(), endpoint)
	require.NoError(t, err)
	require.Empty(t, found.Unseen)
	require.Len(t, found.Remedies, 2)
	require.Equal(t, []string{"/number"}, found.Remedies[0].Ignore)
	require.Contains(t, found.Remedies[0].Why, "two fresh subjects differ at /number")
	require.Equal(t, []string{"/licence"}, found.Remedies[1].Ignore)
	require.Contains(t, found.Remedies[1].Why, "two subjects that were paid differ at /licence")
	require.Contains(t, found.Shown, `/status is "paid" instead of "open"`)
	require.Equal(t, []string{"charge.dispute.created", "charge.refunded"}, found.Unhandled)
	require.Nil(t, endpoint.Ignore, "a look changes no target")

	endpoint.Ignore, endpoint.Unhandled = []string{"/number", "/licence"}, found.Unhandled
	r, err := Judge(t.Context(), endpoint, Options{Only: []string{"idempotence/redelivered"}})
	require.NoError(t, err)
	require.Len(t, r.Findings, 1)
	endpoint.Ignore = endpoint.Ignore[:1]
	_, err = Judge(t.Context(), endpoint, Options{Only: []string{"idempotence/redelivered"}})
	require.ErrorContains(t, err, `add to the target file's ignore: ["/licence"]`)
}

func TestALookTellsThatAPaymentShowsNothing(t *testing.T) {
	t.Parallel()
	found, err := Look(t.Context(), (&lookedAt{blind: true}).target(t))
	require.NoError(t, err)
	require.Contains(t, found.Unseen, "its state is the same as before")
	require.Empty(t, found.Shown)
}

func TestALookSaysWhatAnAnswerMeans(t *testing.T) {
	t.Parallel()
	for want, answer := range map[string]http.HandlerFunc{
		"the target answers 404 to a POST":                                    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
		"every genuine delivery was refused (400): the secret is not the one": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) },
		"a redirect, to everything":                                           func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other", http.StatusFound) },
		"the target answers 500 to a genuine delivery":                        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
	} {
		server := httptest.NewServer(answer)
		t.Cleanup(server.Close)
		_, err := Look(t.Context(), &target.Target{URL: server.URL, Secret: "whsec_x"})
		require.ErrorContains(t, err, want)
	}
}

// An endpoint behind TLS and one of another API version are looked at with what they need.
func TestALookTriesARemedy(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := endpointtest.Body(r)
		var e struct {
			Version string `json:"api_version"`
		}
		switch _ = endpointtest.Unmarshal(body, &e); {
		case r.Header.Get("X-Forwarded-Proto") != "https":
			http.Redirect(w, r, "https://"+r.Host+r.URL.Path, http.StatusMovedPermanently)
		case e.Version != "2024-06-20":
			http.Error(w, "expected API version 2024-06-20", http.StatusBadRequest)
		}
	}))
	t.Cleanup(server.Close)
	found, err := Look(t.Context(), &target.Target{URL: server.URL, Secret: "whsec_x"})
	require.NoError(t, err)
	require.Len(t, found.Remedies, 2)
	require.Equal(t, map[string]string{"X-Forwarded-Proto": "https"}, found.Remedies[0].Headers)
	require.Equal(t, "2024-06-20", found.Remedies[1].APIVersion)
}
