package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"example.com/hookproof/store"
)

// problem is an error meant for the caller: RFC 9457 problem details. Its Detail is one sentence in
// the caller's words; what the server knows beyond that belongs in the log.
type problem struct {
	Status int
	Title  string // http.StatusText(Status)
	Detail string // empty when there is nothing that the caller should know
	header http.Header
}

func newProblem(status int, detail string) *problem {
	return &problem{Status: status, Title: http.StatusText(status), Detail: detail, header: http.Header{}}
}

func (p *problem) Error() string {
	if p.Detail == "" {
		return p.Title
	}
	return p.Title + ": " + p.Detail
}

func badRequest(detail string) *problem { return newProblem(http.StatusBadRequest, detail) }
func forbidden(detail string) *problem  { return newProblem(http.StatusForbidden, detail) }
func notFound(detail string) *problem   { return newProblem(http.StatusNotFound, detail) }
func conflict(detail string) *problem   { return newProblem(http.StatusConflict, detail) }
func tooLarge(detail string) *problem   { return newProblem(http.StatusRequestEntityTooLarge, detail) }
func badGateway(detail string) *problem { return newProblem(http.StatusBadGateway, detail) }

// unavailable asks the caller to come back: what it wanted is right, the server cannot do it now.
func unavailable(detail string) *problem { return newProblem(http.StatusServiceUnavailable, detail) }

// unauthorized is the answer to a request without credentials, or to a wrong password.
func unauthorized(detail string) *problem {
	p := newProblem(http.StatusUnauthorized, detail)
	p.header.Set("WWW-Authenticate", `Bearer realm="booking-server"`)
	return p
}

// invalidToken is the answer to a bearer token that does not hold; RFC 6750 gives it a word of its own,
// by which a client knows to sign in again.
func invalidToken() *problem {
	p := unauthorized("the token is not valid or has expired; sign in again")
	p.header.Set("WWW-Authenticate", `Bearer realm="booking-server", error="invalid_token"`)
	return p
}

// methodNotAllowed names the methods that the route does have.
func methodNotAllowed(allowed ...string) *problem {
	p := newProblem(http.StatusMethodNotAllowed, "this route answers to "+strings.Join(allowed, ", "))
	p.header.Set("Allow", strings.Join(allowed, ", "))
	return p
}

// tooMany says how long to wait. Retry-After has whole seconds: rounded up, since a caller that comes
// back too early is refused again, and at least one.
func tooMany(retryAfter time.Duration) *problem {
	seconds := max(1, int64((retryAfter+time.Second-1)/time.Second))
	p := newProblem(http.StatusTooManyRequests,
		"too many requests; try again in "+strconv.FormatInt(seconds, 10)+" s")
	p.header.Set("Retry-After", strconv.FormatInt(seconds, 10))
	return p
}

// answers is the one table from errors of other packages to answers. The first row that fits counts;
// an error that none fits is 500 without detail. Handlers that know better return a problem of their
// own: which thing is not there, or that it was Stripe that could not be reached.
var answers = []struct {
	fits   func(error) bool
	answer *problem
}{
	{matches(store.ErrNotFound), notFound("there is nothing here by this id")},
	{matches(store.ErrEmailTaken), conflict("this e-mail address is registered already")},
	{matches(store.ErrSlotHeld), conflict("the slot is held by another booking")},
	{matches(store.ErrUserGone), invalidToken()},
	{matches(errNotOpen), conflict("the checkout is no longer open; Stripe will tell what became of it")},
	{isStripeError, badGateway("Stripe did not do its part; nothing is held, try again")},
	{matches(errManyHolds), unavailable("this slot has more lapsed holds than one request can end; try again in a moment")},
	{store.Unavailable, unavailable("the database cannot be reached; try again in a moment")},
	{store.Conflict, unavailable("too much was changed at the same time; try again")},
	{matches(context.DeadlineExceeded), unavailable("the request took too long; try again")},
	{matches(context.Canceled), unavailable("the request was given up")},
}

// fault is a failure of our own, in words that are safe to log.
type fault string

func (f fault) Error() string { return string(f) }

func matches(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

// problemOf is the answer to an error that a handler returned. Nothing of an error that is not a
// problem and not in the table reaches the caller: it may quote SQL, a host name or a driver's message.
func problemOf(err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	var unpaid store.UnpaidError
	if errors.As(err, &unpaid) {
		return conflict(fmt.Sprintf("you may have %d unpaid %s at a time; pay for one or cancel one first", unpaid.Most, plural(unpaid.Most, "booking")))
	}
	for _, row := range answers {
		if row.fits(err) {
			return row.answer
		}
	}
	return newProblem(http.StatusInternalServerError, "")
}

// writeProblem writes p, before anything else is written. What all answers have in common is sent with it (see answer).
func writeProblem(w http.ResponseWriter, p *problem) {
	for name, values := range p.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	// An error here means that the caller has gone.
	_ = json.NewEncoder(w).Encode(struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail,omitempty"`
	}{"about:blank", p.Title, p.Status, p.Detail})
}
