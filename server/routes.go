package server

import (
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"example.com/hookproof/store"
)

// routes is every way in. GET answers HEAD, too.
func (s *Server) routes() *mux.Router {
	router := mux.NewRouter().SkipClean(true) // else //path would be answered with a redirect
	get := func(path string, of share, h handler) {
		router.Handle(path, s.serve(path, databaseTime, arrived(of, h))).Methods("GET", "HEAD")
	}
	post := func(path string, limit time.Duration, h handler) {
		router.Handle(path, s.serve(path, limit, h)).Methods("POST")
	}

	// The first, since mux tries them in turn, and this is where a burst comes.
	router.Handle("/webhooks/stripe", s.limitWebhook("/webhooks/stripe", s.webhook)).Methods("POST")

	get("/health", forProbes, s.health)
	get("/ready", forDeliveries, s.ready)

	post("/auth/register", databaseTime, arriving(forCallers, s.register))
	post("/auth/login", databaseTime, arriving(forCallers, s.login))

	get("/resources", forCallers, s.listResources)
	post("/resources", databaseTime, arriving(forCallers, s.only(s.createResource, store.Admin)))

	post("/bookings", askStripeTime, arriving(forCallers, s.signedIn(s.createBooking)))
	get("/bookings", forCallers, s.signedIn(s.listBookings))
	get("/bookings/{id}", forCallers, s.signedIn(s.getBooking))
	post("/bookings/{id}/cancel", askStripeTime, arriving(forCallers, s.signedIn(s.cancelBooking)))

	get("/checkout/success", forProbes, say("Thank you. Your booking is confirmed as soon as Stripe tells us of the payment."))
	get("/checkout/cancel", forProbes, say("The payment was not made. Your slot is held until the checkout expires."))

	get("/admin/metrics", forProbes, s.only(s.adminMetrics, store.Admin, store.Ops))
	get("/admin/payment-events", forCallers, s.only(s.listPaymentEvents, store.Admin, store.Ops))
	get("/metrics", forProbes, s.prometheus())

	router.NotFoundHandler = s.serve("", databaseTime, arrived(forProbes, func(http.ResponseWriter, *http.Request) error {
		return notFound("there is nothing at this address")
	}))
	router.MethodNotAllowedHandler = s.serve("", databaseTime, arrived(forProbes, func(w http.ResponseWriter, r *http.Request) error {
		return methodNotAllowed(allowed(router, r)...)
	}))
	return router
}

// allowed lists the methods that the address of a request answers to, since gorilla/mux does not say.
func allowed(router *mux.Router, r *http.Request) []string {
	var methods []string
	for _, method := range []string{"GET", "HEAD", "POST"} {
		asked := r.Clone(r.Context())
		asked.Method = method
		if match := (mux.RouteMatch{}); router.Match(asked, &match) && match.MatchErr == nil {
			methods = append(methods, method)
		}
	}
	return methods
}
