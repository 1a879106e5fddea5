package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
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
	numbered int // sessions so far
	away     bool
	failing  int // calls to make a session that are still to be answered 500
	unable   int // calls to end a session that are still to be answered 500
	busy     int // calls to make a session that are still to find another one with their key at work
	calls    []string
	before   func(call string) // called with "POST /v1/refunds" before and after a call is carried out, if not nil
	after    func(call string)
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

// around has f called before, or after, each call is carried out; its answer waits for it.
func (s *standin) around(before, after func(call string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = before, after
}

// holdOnce keeps the answer to the first such call waiting until open is called, or the test ends: the server's end waits for the
// answer, and the stand-in's for the call. asked is closed when the call has come, and been carried out if after.
func (s *standin) holdOnce(t *testing.T, held string, after bool) (asked <-chan struct{}, open func()) {
	t.Helper()
	came, gate := make(chan struct{}), make(chan struct{})
	open = sync.OnceFunc(func() { close(gate) })
	t.Cleanup(open)
	var once sync.Once
	hold := func(call string) {
		if call == held {
			once.Do(func() { close(came); <-gate })
		}
	}
	if after {
		s.around(nil, hold)
	} else {
		s.around(hold, nil)
	}
	return came, open
}

// open lists the sessions that can still be paid.
func (s *standin) open() (open []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, session := range s.sessions {
		if session.status == "open" {
			open = append(open, id)
		}
	}
	return open
}

// form is what a session was made with.
func (s *standin) form(session string) url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[session].form
}

// made is how many sessions there have been.
func (s *standin) made() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.numbered
}

// add makes an open session that nobody has asked for.
func (s *standin) add(session string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[session] = &standinSession{status: "open", form: url.Values{}}
}

// forget loses every session, as a mock that is started anew.
func (s *standin) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sessions)
}

func (s *standin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	before, after := s.before, s.after
	s.mu.Unlock()
	call := r.Method + " " + r.URL.Path
	if before != nil {
		before(call)
	}
	answer := httptest.NewRecorder()
	s.carryOut(answer, r)
	if after != nil {
		after(call)
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

func (s *standin) carryOut(w http.ResponseWriter, r *http.Request) {
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
	case isSession && rest == "" && r.Method == http.MethodPost && s.failing > 0:
		s.failing--
		refuse(w, http.StatusInternalServerError, "api_error", "Something went wrong.")
	case isSession && rest == "" && r.Method == http.MethodPost && s.busy > 0:
		s.busy--
		refuse(w, http.StatusConflict, "idempotency_error", "There is currently another in-progress request using this Idempotent Key.")
	case isSession && rest == "" && r.Method == http.MethodPost:
		id, known := s.byKey[key]
		if expires, _ := strconv.ParseInt(r.PostForm.Get("expires_at"), 10, 64); !known && time.Until(time.Unix(expires, 0)) < 30*time.Minute {
			refuse(w, http.StatusBadRequest, "invalid_request_error", "expires_at must be 30 minutes ahead")
			return
		}
		if !known || key == "" {
			s.numbered++
			id = fmt.Sprintf("cs_test_standin%d", s.numbered)
			s.sessions[id] = &standinSession{status: "open", form: r.PostForm}
			s.byKey[key] = id
		}
		s.writeSession(w, id)
	case isSession && r.Method == http.MethodGet && s.sessions[strings.TrimPrefix(rest, "/")] == nil:
		missing(w)
	case isSession && r.Method == http.MethodGet:
		s.writeSession(w, strings.TrimPrefix(rest, "/"))
	case isSession && strings.HasSuffix(rest, "/expire") && s.unable > 0:
		s.unable--
		refuse(w, http.StatusInternalServerError, "api_error", "Something went wrong.")
	case isSession && strings.HasSuffix(rest, "/expire") && r.Method == http.MethodPost:
		id := strings.TrimSuffix(strings.TrimPrefix(rest, "/"), "/expire")
		session := s.sessions[id]
		switch {
		case session == nil:
			missing(w)
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

// missing is what Stripe says of an id that it does not know.
func missing(w http.ResponseWriter) {
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte(`{"error":{"type":"invalid_request_error","code":"resource_missing","message":"No such checkout.session"}}`))
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"type": kind, "message": message}})
}
