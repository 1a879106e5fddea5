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
	get := func(path string, h handler) {
		router.Handle(path, s.serve(path, databaseTime, h)).Methods("GET", "HEAD")
	}
	postWithin := func(limit time.Duration, path string, h handler) {
		router.Handle(path, s.serve(path, limit, h)).Methods("POST")
	}
	post := func(path string, h handler) { postWithin(databaseTime, path, h) }

	// The first, since mux tries them in turn, and this is where a burst comes.
	router.Handle("/webhooks/stripe", s.limitWebhook("/webhooks/stripe", s.webhook)).Methods("POST")

	get("/health", s.health)
	get("/ready", s.ready)

	post("/auth/register", s.register)
	post("/auth/login", s.login)

	get("/resources", s.reads.take(s.listResources))
	post("/resources", s.only(s.createResource, store.Admin))

	postWithin(askStripeTime, "/bookings", s.signedIn(s.createBooking))
	get("/bookings", s.reads.take(s.signedIn(s.listBookings)))
	get("/bookings/{id}", s.signedIn(s.getBooking))
	postWithin(askStripeTime, "/bookings/{id}/cancel", s.signedIn(s.cancelBooking))

	get("/checkout/success", say("Thank you. Your booking is confirmed as soon as Stripe tells us of the payment."))
	get("/checkout/cancel", say("The payment was not made. Your slot is held until the checkout expires."))

	get("/admin/metrics", s.only(s.adminMetrics, store.Admin, store.Ops))
	get("/admin/payment-events", s.reads.take(s.only(s.listPaymentEvents, store.Admin, store.Ops)))
	get("/metrics", s.prometheus())

	router.NotFoundHandler = s.serve("", databaseTime, func(http.ResponseWriter, *http.Request) error {
		return notFound("there is nothing at this address")
	})
	router.MethodNotAllowedHandler = s.serve("", databaseTime, func(w http.ResponseWriter, r *http.Request) error {
		return methodNotAllowed(allowed(router, r)...)
	})
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
