package server

import (
	"net/http"
	"sync"
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

// take makes a handler wait for its turn, which ends when it begins to answer: a client who does not take his
// answer keeps nobody waiting. Each handler that it is used on has read all that it wants by then.
func (t turns) take(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		tooLong := time.NewTimer(readQueue)
		defer tooLong.Stop()
		select {
		case t <- struct{}{}:
		case <-r.Context().Done():
			return r.Context().Err()
		case <-tooLong.C:
			return unavailable("too many requests at once; try again in a few seconds")
		}
		leave := sync.OnceFunc(func() { <-t })
		defer leave()
		return h(leavingWriter{w, leave}, r)
	}
}

// leavingWriter ends a turn when the answer begins.
type leavingWriter struct {
	http.ResponseWriter
	leave func()
}

func (w leavingWriter) WriteHeader(status int) {
	w.leave()
	w.ResponseWriter.WriteHeader(status)
}

func (w leavingWriter) Write(p []byte) (int, error) {
	w.leave()
	return w.ResponseWriter.Write(p)
}

func (w leavingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
