package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"example.com/hookproof/store"
)

// handler answers a request, or returns the error to answer it with.
type handler func(http.ResponseWriter, *http.Request) error

// serve runs a handler for at most limit, answers for it, and logs one line. Route is the pattern, which unlike
// the path holds nothing that a caller chose.
func (s *Server) serve(route string, limit time.Duration, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		r, about := withSubject(r)
		a, err := s.inTime(limit, h, w, r)
		if err != nil {
			a = &answer{header: http.Header{}}
			writeProblem(a, problemOf(err))
		}
		a.send(w, r)
		attrs := []slog.Attr{
			slog.String("method", method(r)),
			slog.String("route", route),
			slog.Int("status", a.status),
			slog.Float64("durationMs", float64(time.Since(start).Microseconds())/1000),
		}
		attrs = append(attrs, about.attrs()...)
		level := slog.LevelInfo
		if a.status >= 500 {
			level = slog.LevelError
			attrs = append(attrs, slog.String("error", describe(err)))
		}
		s.log.LogAttrs(r.Context(), level, "Request", attrs...)
	})
}

// inTime runs a handler. One that has not ended when its time is over has answered nothing: the caller is told to
// try again, and what was made for him is taken back (see takeBackLater). It has a timer of its own, since not
// everything heeds a context: a frozen database does not.
func (s *Server) inTime(limit time.Duration, h handler, w http.ResponseWriter, r *http.Request) (*answer, error) {
	a := &answer{under: w, header: http.Header{}}
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	done := make(chan error, 1)
	s.working.Go(func() {
		defer cancel()
		done <- run(h, a, r.WithContext(ctx))
	})
	tooLong := time.NewTimer(limit + 500*time.Millisecond) // the context's own end answers more precisely
	defer tooLong.Stop()
	select {
	case err := <-done:
		if errors.As(err, new(panicked)) && a.takeBack != nil {
			s.working.Go(a.takeBack)
		}
		return a, err
	case <-tooLong.C:
		s.working.Go(func() {
			<-done
			if a.takeBack != nil {
				a.takeBack()
			}
		})
		return nil, context.DeadlineExceeded
	}
}

// run calls the handler; a panic is an error like any other, and ends one request only.
func run(h handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = panicked{broken}
		}
	}()
	return h(w, r)
}

// method keeps a made-up method out of the log.
func method(r *http.Request) string {
	switch r.Method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return r.Method
	}
	return "other"
}

// limitWebhook refuses an address that delivers faster than Stripe ever would. What it refuses is a
// request like any other; a delivery has a log line of its own.
func (s *Server) limitWebhook(route string, deliveries http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wait := s.arrivals.delivery(s.clientAddress(r))
		if wait == 0 {
			deliveries.ServeHTTP(w, withArrivingBody(forDeliveries, r))
			return
		}
		s.serve(route, databaseTime, func(http.ResponseWriter, *http.Request) error { return tooMany(wait) }).ServeHTTP(w, r)
	})
}

// say answers one JSON sentence.
func say(sentence string) handler {
	return func(w http.ResponseWriter, _ *http.Request) error {
		return writeJSON(w, http.StatusOK, map[string]string{"message": sentence})
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that is gone is no fault of ours
	return nil
}

// pathID reads {id}. What is no UUID names nothing.
func pathID(r *http.Request) (uuid.UUID, error) {
	return parseID(mux.Vars(r)["id"])
}

func parseID(s string) (uuid.UUID, error) {
	if id, err := uuid.Parse(s); err == nil && len(s) == 36 {
		return id, nil
	}
	return uuid.Nil, store.ErrNotFound
}

// panicked is a handler's panic as an error; what was thrown may hold anything and is never printed.
type panicked struct{ value any }

func (panicked) Error() string { return "panic" }

// describe is an error's text for the log: never one that could quote a request, a row or a secret.
func describe(err error) string {
	var (
		answered  *problem
		broken    panicked
		stripe    *stripeError
		own       fault
		unwritten *json.MarshalerError
	)
	switch {
	case errors.As(err, &broken):
		return "panic"
	case errors.As(err, &stripe):
		return stripe.Error()
	case errors.As(err, &own):
		return own.Error()
	case errors.As(err, &answered):
		return answered.Title
	case errors.As(err, &unwritten):
		return "a value of type " + unwritten.Type.String() + " cannot be written as JSON"
	}
	return store.Describe(err)
}
