package server

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReadsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{log: slog.New(slog.DiscardHandler), reads: make(turns, 2)}
		ask := func(h handler) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			s.serve("/", s.reads.take(h)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			return w
		}
		release := make(chan struct{})
		for range 2 {
			go ask(func(http.ResponseWriter, *http.Request) error { <-release; return nil })
		}
		synctest.Wait()
		began := time.Now()
		third := ask(say("its turn came"))
		require.Equal(t, http.StatusServiceUnavailable, third.Code)
		require.Equal(t, readQueue, time.Since(began))
		require.Contains(t, third.Body.String(), "too many requests at once")

		// One that is answering takes no turn, however long its client takes.
		close(release)
		synctest.Wait()
		hold := make(chan struct{})
		for range 5 {
			go ask(func(w http.ResponseWriter, r *http.Request) error {
				err := say("slowly")(w, r)
				<-hold
				return err
			})
		}
		synctest.Wait()
		began = time.Now()
		require.Equal(t, http.StatusOK, ask(say("at once")).Code)
		require.Zero(t, time.Since(began))
		close(hold)
	})
}
