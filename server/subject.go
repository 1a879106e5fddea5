package server

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/google/uuid"
)

// subject is who makes a request and which booking it is about, for its log line. The handler that finds
// out sets it, whoever writes the line reads it, and they need not be one goroutine.
type subject struct {
	user, booking atomic.Pointer[uuid.UUID]
}

type subjectKey struct{}

// withSubject answers the request with room for its subject.
func withSubject(r *http.Request) (*http.Request, *subject) {
	about := &subject{}
	return r.WithContext(context.WithValue(r.Context(), subjectKey{}, about)), about
}

// subjectOf is the subject of a request that serve has begun; of any other it is one that nobody reads.
func subjectOf(r *http.Request) *subject {
	if about, ok := r.Context().Value(subjectKey{}).(*subject); ok {
		return about
	}
	return &subject{}
}

func (s *subject) setUser(id uuid.UUID)    { s.user.Store(&id) }
func (s *subject) setBooking(id uuid.UUID) { s.booking.Store(&id) }

// attrs are what is known, ids only.
func (s *subject) attrs() (attrs []slog.Attr) {
	if id := s.user.Load(); id != nil {
		attrs = append(attrs, slog.String("userId", id.String()))
	}
	if id := s.booking.Load(); id != nil {
		attrs = append(attrs, slog.String("bookingId", id.String()))
	}
	return attrs
}
