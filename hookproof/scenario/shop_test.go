package scenario

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"sync"
	"testing"
	"time"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// shop is a small correct endpoint, and the ways in which one can lie. The judge is tested on it.
type shop struct {
	url string

	// lies, all false in a correct shop
	trustsEverybody bool          // takes forgeries
	forgets         bool          // applies every copy
	countsNothing   bool          // its counters stand still
	redirects       bool          // answers 302
	losesLate       bool          // acknowledges events of orders that do not exist yet, and forgets them
	lastOneWins     bool          // a later event overwrites an earlier one
	lag             time.Duration // effects come this long after the ACK
	hangs           chan struct{} // no answer until it is closed

	lock     chan struct{} // is full while a test holds all orders up
	mu       sync.Mutex
	seen     map[string]bool
	orders   map[string]string // session to status
	counters result.Counters
}

func openShop(t *testing.T, lie func(*shop)) *shop {
	t.Helper()
	s := &shop{lock: make(chan struct{}, 1), seen: map[string]bool{}, orders: map[string]string{}}
	if lie != nil {
		lie(s)
	}
	s.url = memnet.OpenDoor(t, s).URL()
	return s
}

// target is the shop with every hook.
func (s *shop) target() *target.Target {
	order := func() event.Subject {
		id := "cs_test_" + event.Random()
		return event.Subject{"sessionId": id, "amount": 4500, "currency": "usd", "metadata.order": id}
	}
	make := func(o event.Subject) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.orders[o.Text("sessionId")] = "open"
	}
	return &target.Target{
		URL: s.url, Dialer: memnet.InMemory.Dial, Secret: endpointtest.Secret, PreviousSecret: endpointtest.Secret,
		Subject: func(context.Context) (event.Subject, error) { o := order(); make(o); return o, nil },
		Announce: func(context.Context) (event.Subject, func(context.Context) error, error) {
			o := order()
			return o, func(context.Context) error { make(o); return nil }, nil
		},
		State: func(_ context.Context, o event.Subject) (any, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return map[string]any{"status": s.orders[o.Text("sessionId")]}, nil
		},
		Counters: func(context.Context) (result.Counters, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.counters, nil
		},
		Hold: func(context.Context, event.Subject) (func() error, error) {
			s.lock <- struct{}{}
			return func() error { <-s.lock; return nil }, nil
		},
	}
}

var shopRank = map[string]int{"open": 0, "expired": 1, "paid": 2, "refunded": 3}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if s.hangs != nil {
		<-s.hangs
	}
	s.lock <- struct{}{}
	<-s.lock
	s.mu.Lock()
	defer s.mu.Unlock()
	status, duplicate := s.take(r.Header.Get("Stripe-Signature"), body)
	if !s.countsNothing {
		s.counters.Received++
		if status >= 400 {
			s.counters.Errors++
		}
		if duplicate {
			s.counters.Duplicates++
		}
	}
	if s.redirects {
		w.Header().Set("Location", "/elsewhere")
		status = http.StatusFound
	}
	w.WriteHeader(status)
}

// take is the shop's life of a delivery; its lock is held.
func (s *shop) take(header string, body []byte) (status int, duplicate bool) {
	if !s.trustsEverybody && !endpointtest.Verifies(header, body) {
		return 400, false
	}
	var e struct {
		ID, Type string
		Data     struct {
			Object struct {
				ID       string
				Metadata struct{ Order string }
			}
		}
	}
	if json.Unmarshal(body, &e) != nil || e.ID == "" {
		return 400, false
	}
	if s.seen[e.ID] && !s.forgets {
		return 200, true
	}
	id := e.Data.Object.Metadata.Order
	before, known := s.orders[id]
	if id != "" && !known && !s.losesLate {
		return 500, false
	}
	s.seen[e.ID] = true
	after := map[string]string{"checkout.session.completed": "paid", "checkout.session.expired": "expired"}[e.Type]
	if known && after != "" && (s.lastOneWins || shopRank[after] > shopRank[before]) {
		if s.lag > 0 {
			time.AfterFunc(s.lag, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.orders[id] = after
			})
		} else {
			s.orders[id] = after
		}
	}
	return 200, false
}

// scenario parses a scenario's steps or life, given as JSON.
func scenario(t *testing.T, rest string) Scenario {
	t.Helper()
	s, err := parseScenario(t.Name(), []byte(`{"description":"A test.","requirement":"This test.","needs":[],"kills":[],`+rest+`}`))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func words(signings map[string]event.Signing, genuine bool) []string {
	var found []string
	for word := range maps.Keys(signings) {
		if signings[word].Genuine == genuine {
			found = append(found, word)
		}
	}
	return found
}
