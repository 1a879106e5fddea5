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
			s.serve("/", databaseTime, s.reads.take(h)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
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

		// One whose answer is on its way to the client takes no turn, however long the client takes.
		close(release)
		synctest.Wait()
		taken := make(chan struct{})
		for range 5 {
			go func() {
				slow := slowClient{httptest.NewRecorder(), taken}
				s.serve("/", databaseTime, s.reads.take(say("slowly"))).ServeHTTP(slow, httptest.NewRequest(http.MethodGet, "/", nil))
			}()
		}
		synctest.Wait()
		began = time.Now()
		require.Equal(t, http.StatusOK, ask(say("at once")).Code)
		require.Zero(t, time.Since(began))
		close(taken)
	})
}

// slowClient takes its answer late.
type slowClient struct {
	*httptest.ResponseRecorder
	taken <-chan struct{}
}

func (c slowClient) Write(b []byte) (int, error) {
	<-c.taken
	return c.ResponseRecorder.Write(b)
}
