package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// standin answers in Stripe's place where the answer depends on what happened before, which the
// official stripe-mock cannot do: it has no memory. It knows sessions and refunds, and nothing else.
type standin struct {
	URL string

	mu       sync.Mutex
	sessions map[string]*standinSession
	byKey    map[string]string // Idempotency-Key to session id
	refunds  map[string]url.Values
	away     bool
	calls    []string
	events   []string // bodies, newest first
}

type standinSession struct {
	status string // open, complete, expired
	form   url.Values
}

func newStandin(t *testing.T) *standin {
	t.Helper()
	s := &standin{sessions: map[string]*standinSession{}, byKey: map[string]string{}, refunds: map[string]url.Values{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// complete is a customer who pays.
func (s *standin) complete(t *testing.T, session string) {
	t.Helper()
	s.turn(t, session, "complete")
}

// turn gives a session another status: complete, or expired by itself.
func (s *standin) turn(t *testing.T, session, status string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Contains(t, s.sessions, session)
	s.sessions[session].status = status
}

// leave makes every call fail with a 503 until it is called with false.
func (s *standin) leave(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

func (s *standin) status(session string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.sessions[session]; known != nil {
		return known.status
	}
	return ""
}

// seen lists the calls so far, as "POST /v1/refunds".
func (s *standin) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.calls...)
}

// refunded lists what was refunded, by Idempotency-Key.
func (s *standin) refunded() map[string]url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]url.Values{}
	for key, form := range s.refunds {
		all[key] = form
	}
	return all
}

func (s *standin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, r.Method+" "+r.URL.Path)
	if s.away {
		refuse(w, http.StatusServiceUnavailable, "api_error", "Stripe is away.")
		return
	}
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request_error", "unreadable form")
		return
	}
	rest, isSession := strings.CutPrefix(r.URL.Path, "/v1/checkout/sessions")
	key := r.Header.Get("Idempotency-Key")
	switch {
	case isSession && rest == "" && r.Method == http.MethodPost:
		id, known := s.byKey[key]
		if !known || key == "" {
			id = fmt.Sprintf("cs_test_standin%d", len(s.sessions)+1)
			s.sessions[id] = &standinSession{status: "open", form: r.PostForm}
			s.byKey[key] = id
		}
		s.writeSession(w, id)
	case isSession && s.sessions[strings.TrimPrefix(rest, "/")] != nil && r.Method == http.MethodGet:
		s.writeSession(w, strings.TrimPrefix(rest, "/"))
	case isSession && strings.HasSuffix(rest, "/expire") && r.Method == http.MethodPost:
		id := strings.TrimSuffix(strings.TrimPrefix(rest, "/"), "/expire")
		session := s.sessions[id]
		switch {
		case session == nil:
			refuse(w, http.StatusNotFound, "invalid_request_error", "No such checkout session")
		case session.status != "open":
			refuse(w, http.StatusBadRequest, "invalid_request_error", "Only Checkout Sessions with a status in [\"open\"] can be expired.")
		default:
			session.status = "expired"
			s.writeSession(w, id)
		}
	case r.URL.Path == "/v1/events" && r.Method == http.MethodGet:
		s.listEvents(w, r.Form)
	case r.URL.Path == "/v1/refunds" && r.Method == http.MethodPost:
		s.refunds[key] = r.PostForm
		_ = json.NewEncoder(w).Encode(map[string]any{"id": "re_standin", "object": "refund", "status": "succeeded"})
	default:
		refuse(w, http.StatusNotFound, "invalid_request_error", "The stand-in does not know this.")
	}
}

// listEvents answers pages of two, so that there is more than one.
func (s *standin) listEvents(w http.ResponseWriter, form url.Values) {
	rest := s.events
	if after := form.Get("starting_after"); after != "" {
		for i, event := range s.events {
			if strings.Contains(event, `"id":"`+after+`"`) {
				rest = s.events[i+1:]
			}
		}
	}
	page := rest[:min(2, len(rest))]
	_, _ = fmt.Fprintf(w, `{"object":"list","url":"/v1/events","has_more":%t,"data":[%s]}`, len(rest) > len(page), strings.Join(page, ","))
}

func (s *standin) writeSession(w http.ResponseWriter, id string) {
	_ = json.NewEncoder(w).Encode(map[string]any{
		"id": id, "object": "checkout.session", "status": s.sessions[id].status,
		"url": "https://checkout.stripe.com/c/pay/" + id, "expires_at": time.Now().Add(31 * time.Minute).Unix(),
	})
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"type": kind, "message": message}})
}
