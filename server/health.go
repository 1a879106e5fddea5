package server

import (
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	// readyTime is how long the database may take to answer a readiness probe.
	readyTime = 2 * time.Second
	// readyGood is how long that answer is good for whoever else asks.
	readyGood = time.Second
)

// health tells that the process serves. It touches nothing, so that an outage of the database does
// not get the process restarted.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// ready tells that requests would succeed.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	if !s.readiness.is() {
		return unavailable("the database does not answer, or has not been migrated")
	}
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

// readiness asks the database one question at a time for all who want to know. Safe for concurrent use.
type readiness struct {
	ask func(context.Context) bool
	now func() time.Time

	mu     sync.Mutex
	latest *readyQuestion
}

// readyQuestion is answered when done is closed.
type readyQuestion struct {
	done  chan struct{}
	ready bool
	at    time.Time
}

func newReadiness(ask func(context.Context) bool, now func() time.Time) *readiness {
	return &readiness{ask: ask, now: now}
}

// is waits for the answer of the question that is under way, or takes the latest one if it is still good.
func (r *readiness) is() bool {
	r.mu.Lock()
	q := r.latest
	if q == nil || q.old(r.now()) {
		q = &readyQuestion{done: make(chan struct{})}
		r.latest = q
		go r.answer(q)
	}
	r.mu.Unlock()
	<-q.done
	return q.ready
}

func (q *readyQuestion) old(now time.Time) bool {
	select {
	case <-q.done:
		return now.Sub(q.at) >= readyGood
	default:
		return false
	}
}

// answer asks beside the answer, since a frozen database does not heed a context.
func (r *readiness) answer(q *readyQuestion) {
	ctx, cancel := context.WithTimeout(context.Background(), readyTime)
	defer cancel()
	answers := make(chan bool, 1)
	go func() { answers <- r.ask(ctx) }()
	select {
	case q.ready = <-answers:
	case <-ctx.Done():
	}
	q.at = r.now()
	close(q.done)
}
