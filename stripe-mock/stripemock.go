// Package stripemock is Stripe's official stripe-mock (github.com/stripe/stripe-mock) inside this
// process: its server, its OpenAPI specification and its fixtures, as its own main puts them together.
//
// What it can and cannot do is worth knowing: it has no memory. Session ids are unique, but every
// session that is asked for is open and unpaid, and it sends no webhooks.
package stripemock

import (
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/stripe/stripe-mock/embedded"
	"github.com/stripe/stripe-mock/server"
)

// Handler answers Stripe's API. The specification is read once a process, which takes about a second.
var Handler = sync.OnceValues(func() (http.Handler, error) {
	spec, err := server.LoadSpec(embedded.OpenAPISpec, "")
	if err != nil {
		return nil, fmt.Errorf("stripe-mock's specification: %w", err)
	}
	fixtures, err := server.LoadFixtures(embedded.OpenAPIFixtures, "")
	if err != nil {
		return nil, fmt.Errorf("stripe-mock's fixtures: %w", err)
	}
	stub, err := server.NewStubServer(fixtures, spec, false, false)
	if err != nil {
		return nil, fmt.Errorf("stripe-mock: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", stub.HandleRequest)
	return &server.DoubleSlashFixHandler{Mux: mux}, nil
})

// Server is stripe-mock on a port of this machine.
type Server struct {
	listener net.Listener
	http     http.Server
}

// Start listens on a free port of the loopback interface.
func Start() (*Server, error) {
	handler, err := Handler()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{listener: listener}
	s.http.Handler = handler
	go func() { _ = s.http.Serve(listener) }() // ends with Close
	return s, nil
}

// URL is what to use in place of https://api.stripe.com.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Close ends the server and its connections.
func (s *Server) Close() error { return s.http.Close() }
