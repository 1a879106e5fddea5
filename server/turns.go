package server

import (
	"net/http"
	"time"
)

const (
	// maxReads is how many requests ask the database for lists at the same time: fewer than it has connections, so
	// that a flood of questions leaves the others for deliveries.
	maxReads = 8
	// readQueue is how long such a request waits for its turn.
	readQueue = 5 * time.Second
)

// turns lets a few requests work at the same time.
type turns chan struct{}

// take makes a handler wait for its turn, which ends when its answer is written down: a client who does not take it
// keeps nobody waiting (see answer).
func (t turns) take(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		tooLong := time.NewTimer(readQueue)
		defer tooLong.Stop()
		select {
		case t <- struct{}{}:
			defer func() { <-t }()
			return h(w, r)
		case <-r.Context().Done():
			return r.Context().Err()
		case <-tooLong.C:
			return unavailable("too many requests at once; try again in a few seconds")
		}
	}
}
