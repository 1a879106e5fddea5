package stripeapi

import (
	"slices"
	"strings"
)

// Request is something that was asked of the API.
type Request struct {
	Number  int    // how many were asked before
	Method  string // GET, POST, DELETE
	Path    string // /v1/…, without the query
	Route   string // the path without ids: /v1/invoices/{id}/pay; "" where the route is not known
	Params  map[string]any
	Key     string // Idempotency-Key
	Account string // Stripe-Account
	Version string // Stripe-Version, which the client asks for; answers have the target's all the same
	Status  int    // of the answer; 0 while there is none
	Error   string // the error's code, or its type
	Fault   FaultKind
	Acts    bool // it makes something or does something: a POST to a collection, or to a verb such as /pay or /capture
	Replay  bool // it was answered from memory, by its key
	Unknown bool // hookproof knows no answer: what depends on it cannot be judged

	fault *Fault
	about []*Story
}

// Asked returns how many requests have come.
func (a *API) Asked() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.log)
}

// Requests returns what was asked, from a number on.
func (a *API) Requests(from int) []Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	requests := make([]Request, 0, len(a.log)-min(from, len(a.log)))
	for _, r := range a.log[min(from, len(a.log)):] {
		requests = append(requests, *r)
	}
	return requests
}

// Requests returns what was asked about the story: what names one of its objects, or a text that it alone has.
func (s *Story) Requests() (requests []Request) {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	for _, r := range s.api.log {
		if slices.Contains(r.about, s) {
			requests = append(requests, *r)
		}
	}
	return requests
}

// Unanswered returns what was asked about the story and hookproof knows no answer to, and what was asked about no story from a number
// on and before another.
func (s *Story) Unanswered(from, to int) (requests []Request) {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	for _, r := range s.api.log {
		if r.Unknown && (slices.Contains(r.about, s) || len(r.about) == 0 && r.Number >= from && r.Number < to) {
			requests = append(requests, *r)
		}
	}
	return requests
}

// concerns returns the stories that a request names. Prices and products are everybody's.
func (a *API) concerns(path string, params map[string]any) (stories []*Story) {
	name := func(t string) {
		if strings.HasPrefix(t, "price_") || strings.HasPrefix(t, "prod_") || strings.HasPrefix(t, "plan_") {
			return
		}
		with := a.named[t]
		if !strings.Contains(t, "_") && len(with) > 1 {
			return // a text that several have
		}
		for _, s := range with {
			if !slices.Contains(stories, s) {
				stories = append(stories, s)
			}
		}
	}
	for _, token := range strings.Split(path, "/") {
		name(token)
	}
	texts(params, name)
	return stories
}

// Repeated returns the requests of a redelivery that act again: an earlier request of the same route succeeded, and neither
// carried a key that the other had. A fault on the way, a replay and an update of an object by its id are none.
func Repeated(earlier, redelivery []Request) (again []Request) {
	succeeded := func(r Request) bool { return r.Acts && r.Status/100 == 2 }
	for _, r := range redelivery {
		if !succeeded(r) || r.Replay {
			continue
		}
		if slices.ContainsFunc(earlier, func(e Request) bool {
			return succeeded(e) && e.Route == r.Route && (e.Key == "" || e.Key != r.Key)
		}) {
			again = append(again, r)
		}
	}
	return again
}
