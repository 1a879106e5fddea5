package server

import (
	"context"
	"net/http"
	"time"
)

// readyTime is how long the database may take to answer a readiness probe.
const readyTime = 2 * time.Second

// health tells that the process serves. It touches nothing, so that an outage of the database does
// not get the process restarted.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// ready tells that requests would succeed. The question is asked beside the answer, since a frozen
// database does not heed a context.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), readyTime)
	defer cancel()
	migrated := make(chan bool, 1)
	go func() {
		ok, err := s.store.Migrated(ctx)
		migrated <- ok && err == nil
	}()
	select {
	case ok := <-migrated:
		if ok {
			return writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
		}
	case <-ctx.Done():
	}
	return unavailable("the database does not answer, or has not been migrated")
}
