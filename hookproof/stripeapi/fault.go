package stripeapi

import (
	"net/http"
	"sync"
)

// FaultKind is how requests fail while a fault is on.
type FaultKind string

const (
	RateLimit   FaultKind = "429"          // HTTP 429, code rate_limit
	ServerError FaultKind = "500"          // HTTP 500, type api_error
	LockTimeout FaultKind = "lock_timeout" // HTTP 429, code lock_timeout
	Hang        FaultKind = "hang"         // no answer; the connection is cut when the fault ends
	AnswerLost  FaultKind = "answer lost"  // what acts is done, and its connection is cut before the answer; other requests are answered
)

// Faults are all kinds of faults.
var Faults = []FaultKind{RateLimit, ServerError, LockTimeout, Hang, AnswerLost}

var injected = map[FaultKind]*failure{
	RateLimit:   {http.StatusTooManyRequests, "invalid_request_error", "rate_limit", "", "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits."},
	ServerError: {http.StatusInternalServerError, "api_error", "", "", "An unknown error occurred"},
	LockTimeout: {http.StatusTooManyRequests, "invalid_request_error", "lock_timeout", "", "This object cannot be accessed right now because another API request or Stripe process is currently accessing it. If you see this error intermittently, retry the request. If you see this error frequently and are making multiple concurrent requests to a single object, make your requests serially or at a lower rate. For more details, see https://stripe.com/docs/rate-limits#object-lock-timeouts."},
}

// Fault is a time during which requests fail in one way.
type Fault struct {
	Kind FaultKind

	api   *API
	story *Story // whose requests fail; nil is all
	began int    // how many requests had come before
	once  sync.Once
	ended chan struct{}
}

// Begin switches a fault on. One that is on ends.
func (a *API) Begin(kind FaultKind) *Fault {
	f := &Fault{Kind: kind, api: a, ended: make(chan struct{})}
	a.mu.Lock()
	before := a.fault
	a.fault, f.began = f, len(a.log)
	a.mu.Unlock()
	if before != nil {
		before.End()
	}
	return f
}

// Begin switches a fault on that only requests about the story meet. One that is on ends.
func (s *Story) Begin(kind FaultKind) *Fault {
	f := &Fault{Kind: kind, api: s.api, story: s, ended: make(chan struct{})}
	s.api.mu.Lock()
	before := s.fault
	s.fault, f.began = f, len(s.api.log)
	s.api.mu.Unlock()
	if before != nil {
		before.End()
	}
	return f
}

// meets returns the fault that a request meets; nil if there is none. The API's lock is held.
func (a *API) meets(r *Request) *Fault {
	f := a.fault
	for _, s := range r.about {
		if s.fault != nil {
			f = s.fault
		}
	}
	if f == nil || f.Kind == AnswerLost && !r.Acts {
		return nil
	}
	return f
}

// End switches the fault off, cuts the connections that hang, and returns the requests that met it. None means that nothing was asked.
func (f *Fault) End() (met []Request) {
	f.once.Do(func() { close(f.ended) })
	f.api.mu.Lock()
	defer f.api.mu.Unlock()
	switch {
	case f.story != nil && f.story.fault == f:
		f.story.fault = nil
	case f.story == nil && f.api.fault == f:
		f.api.fault = nil
	}
	for _, r := range f.api.log[f.began:] {
		if r.fault == f {
			met = append(met, *r)
		}
	}
	return met
}
