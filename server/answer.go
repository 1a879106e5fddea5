package server

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"example.com/hookproof/bodies"
)

// The times in which a route answers, whatever the database and Stripe do. All are below the server's own limit on
// writing an answer (responseTime), after which the connection would end without one. A delivery has its own time
// (see package webhook).
const (
	databaseTime  = 9 * time.Second  // a route that asks the database at the most
	askStripeTime = 30 * time.Second // one that asks Stripe, too
)

// answer is what a handler answers. It is kept until the handler has ended, so that one whose time is over has
// answered nothing. Answers are small: the largest is a page of a hundred rows.
type answer struct {
	under  http.ResponseWriter // for its deadlines; see Unwrap
	header http.Header
	status int
	body   bytes.Buffer
	// takeBack undoes what was made for a caller who was answered otherwise; nil if there is nothing.
	takeBack func()
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.under }

// send writes the answer. A body that is too large was not read to its end: its connection cannot be used again.
func (a *answer) send(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	for name, values := range a.header {
		header[name] = values
	}
	a.WriteHeader(http.StatusOK)
	tooLarge := a.status == http.StatusRequestEntityTooLarge
	if tooLarge {
		header.Set("Connection", "close")
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes()) // a client that is gone is no fault of ours
	if tooLarge {
		bodies.Discard(w, r)
	}
}

// takeBackLater names what has to be done if the caller is answered otherwise, since the handler is too late. It is
// called by the handler, before it makes anything.
func takeBackLater(w http.ResponseWriter, takeBack func()) {
	if a, ok := w.(*answer); ok {
		a.takeBack = takeBack
	}
}

// untilAnswered is the request's context, but for a caller who hangs up: what he has begun goes through, and ends
// when his answer would have been due.
func untilAnswered(r *http.Request) (context.Context, context.CancelFunc) {
	ctx := context.WithoutCancel(r.Context())
	if deadline, ok := r.Context().Deadline(); ok {
		return context.WithDeadline(ctx, deadline)
	}
	return ctx, func() {}
}
