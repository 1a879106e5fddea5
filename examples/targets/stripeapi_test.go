package targets

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/lib/pq"
	"github.com/stretchr/testify/require"
)

// stripeAPI is as much of Stripe's API as one endpoint asks for.
type stripeAPI struct {
	url string

	mu            sync.Mutex
	subscriptions map[string]told // the latest told of each
	gifts         map[string]int  // by customer
	keys          map[string]bool
	failing       func(http.ResponseWriter, *http.Request) bool
	ended         chan struct{}
}

func newStripeAPI(t *testing.T) *stripeAPI {
	a := &stripeAPI{subscriptions: map[string]told{}, gifts: map[string]int{}, keys: map[string]bool{}, ended: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/subscriptions/{id}", a.subscription)
	mux.HandleFunc("POST /v1/customers/{id}/balance_transactions", a.gift)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		failing := a.failing
		a.mu.Unlock()
		if failing == nil || !failing(w, r) {
			mux.ServeHTTP(w, r)
		}
	}))
	a.url = server.URL
	t.Cleanup(func() {
		close(a.ended)
		server.Close()
	})
	return a
}

// reach lets the API know what was true when an event happened, unless it knows more.
func (a *stripeAPI) reach(e told) {
	if e.subscription == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	id := e.subscription["id"].(string)
	if known, ok := a.subscriptions[id]; !ok || known.created <= e.created {
		a.subscriptions[id] = e
	}
}

// fail makes every answer another one, or none, until it is called with nil.
func (a *stripeAPI) fail(with func(http.ResponseWriter, *http.Request) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failing = with
}

func (a *stripeAPI) subscription(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e, ok := a.subscriptions[r.PathValue("id")]
	if !ok {
		stripeError(w, http.StatusNotFound, "resource_missing")
		return
	}
	_ = json.NewEncoder(w).Encode(e.subscription)
}

func (a *stripeAPI) gift(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if key := r.Header.Get("Idempotency-Key"); key == "" || !a.keys[key] {
		a.keys[key] = true
		a.gifts[r.PathValue("id")]++
	}
	_ = json.NewEncoder(w).Encode(object{"id": "cbtxn_1", "object": "customer_balance_transaction"})
}

// forgetKeys is what Stripe does after a day.
func (a *stripeAPI) forgetKeys() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.keys)
}

func stripeError(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(object{"error": object{"type": "invalid_request_error", "code": code, "message": code}})
}

// apiFails in each way in which it can, and Stripe has to come again.
func apiFails(r *subscriptions) {
	if r.api == nil {
		r.t.Skip("it does not ask")
	}
	ways := map[string]func(http.ResponseWriter, *http.Request) bool{
		"500":     func(w http.ResponseWriter, _ *http.Request) bool { stripeError(w, 500, "api_error"); return true },
		"429":     func(w http.ResponseWriter, _ *http.Request) bool { stripeError(w, 429, "rate_limit"); return true },
		"401":     func(w http.ResponseWriter, _ *http.Request) bool { stripeError(w, 401, "unauthorized"); return true },
		"garbage": func(w http.ResponseWriter, _ *http.Request) bool { _, _ = w.Write([]byte("<html>")); return true },
		"silence": func(_ http.ResponseWriter, request *http.Request) bool {
			select {
			case <-request.Context().Done():
			case <-r.api.ended:
			}
			return true
		},
	}
	for name, way := range ways {
		user, customer := r.user()
		s := subscribe(oldShape, user, customer, pricePro, 0)
		events := s.bought()
		r.api.reach(events[4])
		paid := events[1].event(r.t)
		before := r.standing(user)
		r.api.fail(way)
		d := r.deliver(paid, "genuine")
		r.api.fail(nil)
		require.Equal(r.t, 500, d.Status, "%s: %v", name, d.Err)
		require.Equal(r.t, before, r.standing(user), name)
		r.acknowledged(r.deliver(paid, "genuine"))
		r.require(user, want{true, "pro", 0, s.periodEnd(1)}, name)
	}
}

// crossing holds the API's answer to one delivery until another is on its way. The other must not ask before.
func crossing(r *subscriptions) {
	if r.api == nil {
		r.t.Skip("it does not ask")
	}
	db, err := sql.Open("postgres", r.database(r.upstream))
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, db.Close()) }()
	user, customer := r.user()
	s := subscribe(oldShape, user, customer, pricePro, 0)
	events := s.bought()
	r.api.reach(events[0])
	asked, release := make(chan struct{}), make(chan struct{})
	var gets atomic.Int32
	r.api.fail(func(w http.ResponseWriter, request *http.Request) bool {
		if request.Method != http.MethodGet || gets.Add(1) > 1 {
			return false
		}
		answer := httptest.NewRecorder()
		request.SetPathValue("id", s.id)
		r.api.subscription(answer, request)
		close(asked)
		<-release
		_, _ = w.Write(answer.Body.Bytes())
		return true
	})
	var group sync.WaitGroup
	group.Go(func() { r.deliver(events[0].event(r.t), "genuine") })
	<-asked
	r.api.reach(events[4])
	second := make(chan struct{})
	group.Go(func() {
		defer close(second)
		r.deliver(events[1].event(r.t), "genuine")
	})
	require.Eventually(r.t, func() bool {
		select {
		case <-second: // it asked, and has its answer
			return true
		default:
		}
		var waiting bool
		err := db.QueryRowContext(r.t.Context(), `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)`).Scan(&waiting)
		return err == nil && waiting
	}, recovery, 10*time.Millisecond)
	close(release)
	group.Wait()
	r.api.fail(nil)
	r.require(user, want{true, "pro", 0, s.periodEnd(1)})
}

// oneGift is given, however often the purchase is told, and though the first try's answer is lost.
func oneGift(r *subscriptions) {
	if r.api == nil {
		r.t.Skip("it makes nothing in Stripe")
	}
	user, customer := r.user()
	s := subscribe(newShape, user, customer, pricePro, 0)
	events := s.bought()
	r.api.reach(events[4])
	r.api.fail(func(w http.ResponseWriter, request *http.Request) bool {
		if request.Method == http.MethodPost {
			request.SetPathValue("id", customer)
			r.api.gift(httptest.NewRecorder(), request)
			stripeError(w, 500, "lost")
			return true
		}
		return false
	})
	paid := events[1].event(r.t)
	require.Equal(r.t, 500, r.deliver(paid, "genuine").Status)
	r.api.fail(nil)
	var group sync.WaitGroup
	for _, e := range append(events, events...) {
		delivery := e.event(r.t)
		group.Go(func() { r.deliver(delivery, "genuine") })
	}
	group.Wait()
	r.acknowledged(r.deliver(paid, "genuine"))
	r.api.forgetKeys()
	r.send(r.t, append(events, s.renewed()...)...)
	require.Equal(r.t, 1, r.api.gifts[customer])
}
