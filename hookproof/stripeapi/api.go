package stripeapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// mostBody is how much of a request's body is read.
const mostBody = 1 << 20

// API is a stand-in for Stripe's API. Its methods may be called at any time; its lock is held for no wait.
type API struct {
	version string

	mu sync.Mutex
	world
	keys   map[string]remembered
	log    []*Request
	fault  *Fault
	nextID int
	server *http.Server
}

// New returns an API whose objects have the shapes of a version, such as 2023-10-16 or 2025-03-31.basil, unless a request asks for
// another one, as official clients do.
func New(version string) *API {
	return &API{version: version, world: newWorld(), keys: map[string]remembered{}}
}

// Listen answers at an address of the loopback interface, until Close.
func (a *API) Listen(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("the stand-in for Stripe's API cannot listen: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("the stand-in for Stripe's API cannot listen at %s, which is not a loopback address; give 127.0.0.1 and a port", address)
	}
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("the stand-in for Stripe's API cannot listen at %s: another program listens there already", address)
	}
	if err != nil {
		return fmt.Errorf("the stand-in for Stripe's API cannot listen: %w", err)
	}
	a.Serve(listener)
	return nil
}

// Serve answers at a listener, until Close.
func (a *API) Serve(listener net.Listener) {
	server := &http.Server{Handler: a, ReadHeaderTimeout: time.Minute}
	a.mu.Lock()
	a.server = server
	a.mu.Unlock()
	go func() { _ = server.Serve(listener) }() // ends with Close
}

// Close ends the server and its connections.
func (a *API) Close() error {
	a.mu.Lock()
	server := a.server
	a.mu.Unlock()
	if server == nil {
		return nil
	}
	return server.Close()
}

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := a.readCall(r)
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		http.Error(w, "the body is too large", http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	fault := a.begin(c)
	if fault != nil && fault.Kind == Hang {
		select {
		case <-fault.ended:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler) // cuts the connection
	}
	answer := a.answer(c, fault)
	if fault != nil && fault.Kind == AnswerLost {
		panic(http.ErrAbortHandler)
	}
	head := w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("Request-Id", c.id)
	head.Set("Stripe-Version", c.version)
	head.Set("Cache-Control", "no-cache, no-store")
	if c.key != "" {
		head.Set("Idempotency-Key", c.key)
		head.Set("Original-Request", answer.requestID)
	}
	if answer.replayed {
		head.Set("Idempotent-Replayed", "true")
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body)
}

// call is a request, read.
type call struct {
	id, method, path, account, key string
	params                         object // of the query and of the body
	values                         url.Values
	raw                            string
	refusal                        *failure
	request                        *Request
	route                          route
	now                            int64
	version                        string
	catalog                        *catalog // of the version
}

func (a *API) readCall(r *http.Request) (*call, error) {
	c := &call{method: r.Method, path: r.URL.Path, account: r.Header.Get("Stripe-Account"), key: r.Header.Get("Idempotency-Key"), now: time.Now().Unix()}
	if c.version = r.Header.Get("Stripe-Version"); c.version == "" {
		c.version = a.version
	}
	c.catalog = catalogOf(c.version)
	c.refusal = refused(r)
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, mostBody))
	if err != nil {
		return nil, err
	}
	values, badBody := url.ParseQuery(string(raw))
	query, badQuery := url.ParseQuery(r.URL.RawQuery)
	if c.refusal == nil && errors.Join(badBody, badQuery) != nil {
		c.refusal = invalid("", "", "Invalid request: the parameters are not form-encoded.")
	}
	for name, several := range query {
		values[name] = append(values[name], several...)
	}
	c.values, c.raw, c.params = values, values.Encode(), nested(values)
	c.request = &Request{Method: c.method, Path: c.path, Params: c.params, Key: c.key, Account: c.account, Version: c.version}
	return c, nil
}

// begin records a request, and returns the fault that it meets.
func (a *API) begin(c *call) *Fault {
	a.mu.Lock()
	defer a.mu.Unlock()
	c.id = a.newID("req_")
	var known bool
	c.route, known = c.catalog.match(c.method, c.path)
	r := c.request
	r.Number, r.Route, r.Unknown, r.about = len(a.log), c.route.pattern, !known, a.concerns(c.path, c.params)
	r.Acts = c.method == http.MethodPost && known && c.route.acts()
	a.log = append(a.log, r)
	fault := a.meets(r)
	if c.refusal != nil || fault == nil {
		return nil
	}
	r.Fault, r.fault = fault.Kind, fault
	return fault
}

// newID returns an id that nothing has yet.
func (a *API) newID(prefix string) string {
	a.nextID++
	return prefix + "1Made" + strconv.FormatInt(int64(a.nextID)+1e9, 36)
}

// answered is what is sent.
type answered struct {
	status    int
	body      []byte
	requestID string
	replayed  bool
}

// answer makes a request's answer and records it.
func (a *API) answer(c *call, fault *Fault) answered {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := answered{status: http.StatusOK, requestID: c.id}
	var body any
	why := c.refusal
	switch {
	case why != nil:
	case fault != nil && injected[fault.Kind] != nil:
		why = injected[fault.Kind]
	case c.method == http.MethodPost && c.key != "" && !c.request.Unknown:
		var known bool
		if out, known, why = a.remembered(c); known {
			c.request.Status, c.request.Replay = out.status, true
			return out
		}
		if why == nil {
			body, why = a.route(c)
		}
	default:
		body, why = a.route(c)
	}
	if why != nil {
		out.status, body = why.status, why.json(c.id)
		c.request.Error = why.code
		if why.code == "" {
			c.request.Error = why.kind
		}
		c.request.Unknown = c.request.Unknown || why.status == http.StatusNotImplemented
	}
	raw, isRaw := body.([]byte)
	if !isRaw {
		raw, _ = json.MarshalIndent(shown(body), "", "  ")
	}
	out.body = append(raw, '\n')
	c.request.Status = out.status
	if why == nil && c.method == http.MethodPost && c.key != "" {
		a.keys[c.account+" "+c.key] = remembered{c.path, c.raw, out}
	}
	return out
}

// remembered is a POST that was answered, and its answer.
type remembered struct {
	path, raw string
	answer    answered
}

// remembered returns the answer to an earlier request with the same key.
func (a *API) remembered(c *call) (answered, bool, *failure) {
	r, has := a.keys[c.account+" "+c.key]
	switch {
	case !has:
		return answered{status: http.StatusOK, requestID: c.id}, false, nil
	case r.path != c.path:
		return answered{requestID: c.id}, false, sameKeyOtherPath(c.key, c.path, r.path)
	case r.raw != c.raw:
		return answered{requestID: c.id}, false, sameKeyOtherParams(c.key)
	}
	r.answer.replayed = true
	return r.answer, true, nil
}
