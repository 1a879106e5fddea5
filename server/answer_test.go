package server

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// served runs a handler in a bubble of virtual time, and answers what the caller got, after how long, and the log.
func served(t *testing.T, limit time.Duration, h handler) (got *httptest.ResponseRecorder, took time.Duration, log string) {
	t.Helper()
	var lines bytes.Buffer
	s := &Server{log: slog.New(slog.NewJSONHandler(&lines, nil))}
	got = httptest.NewRecorder()
	start := time.Now()
	s.serve("/route", limit, h).ServeHTTP(got, httptest.NewRequest("POST", "/route", nil))
	took = time.Since(start)
	s.working.Wait()
	return got, took, lines.String()
}

// A handler that heeds nothing is answered for when its time is over, and what it made for the caller is taken back
// when it ends, and not before.
func TestALateHandlerHasAnsweredNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ended, takenBack time.Time
		got, took, log := served(t, 9*time.Second, func(w http.ResponseWriter, _ *http.Request) error {
			takeBackLater(w, func() { takenBack = time.Now() })
			time.Sleep(time.Minute)
			ended = time.Now()
			return writeJSON(w, http.StatusCreated, "made")
		})
		require.Equal(t, 503, got.Code)
		require.Contains(t, got.Body.String(), "took too long")
		require.NotContains(t, got.Body.String(), "made")
		require.Equal(t, 9500*time.Millisecond, took)
		require.False(t, takenBack.IsZero())
		require.Equal(t, ended, takenBack)
		require.Contains(t, log, `"status":503`, "the log has what the caller was answered")
		require.Equal(t, "no-store", got.Header().Get("Cache-Control"), "a problem is no more cached than an answer")
		require.Equal(t, "application/problem+json", got.Header().Get("Content-Type"))
	})
}

func TestAHandlerThatIsInTimeKeepsWhatItMade(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got, _, _ := served(t, 9*time.Second, func(w http.ResponseWriter, _ *http.Request) error {
			takeBackLater(w, func() { t.Error("taken back") })
			time.Sleep(8 * time.Second)
			w.Header().Set("Location", "/made")
			return writeJSON(w, http.StatusCreated, "made")
		})
		require.Equal(t, 201, got.Code)
		require.Equal(t, "\"made\"\n", got.Body.String())
		require.Equal(t, "/made", got.Header().Get("Location"))
		require.Equal(t, "no-store", got.Header().Get("Cache-Control"))
	})
}

// The context of a handler ends a little before its time, so that what heeds it can say more precisely what failed;
// of an answer that was begun and came to an error nothing is sent.
func TestAHandlersContextEndsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got, took, _ := served(t, 9*time.Second, func(w http.ResponseWriter, r *http.Request) error {
			ctx, cancel := untilAnswered(r)
			defer cancel()
			w.Header().Set("Location", "/made")
			_, _ = w.Write([]byte("half"))
			<-ctx.Done()
			return ctx.Err()
		})
		require.Equal(t, 503, got.Code)
		require.Equal(t, 9*time.Second, took)
		require.NotContains(t, got.Body.String(), "half")
		require.Empty(t, got.Header().Get("Location"))
	})
}

func TestACallerWhoHangsUpEndsNothing(t *testing.T) {
	t.Parallel()
	ctx, hangUp := context.WithTimeout(t.Context(), time.Hour)
	r := httptest.NewRequest("POST", "/", nil).WithContext(ctx)
	working, cancel := untilAnswered(r)
	defer cancel()
	hangUp()
	require.NoError(t, working.Err())
	deadline, ok := working.Deadline()
	require.True(t, ok)
	want, _ := ctx.Deadline()
	require.Equal(t, want, deadline)
}

func TestAPanicEndsOneRequest(t *testing.T) {
	t.Parallel()
	takenBack := false
	got, _, log := served(t, time.Minute, func(w http.ResponseWriter, _ *http.Request) error {
		takeBackLater(w, func() { takenBack = true })
		panic(errors.New("secret"))
	})
	require.Equal(t, 500, got.Code)
	require.True(t, takenBack, "what was made for the caller")
	require.NotContains(t, got.Body.String()+log, "secret")
}

// Every route has answered before net/http would end its connection without an answer.
func TestRoutesAnswerBeforeTheServerGivesUp(t *testing.T) {
	t.Parallel()
	require.Less(t, max(databaseTime, askStripeTime)+time.Second, responseTime)
	require.Less(t, askStripeTime, abandonedTime)
	require.Less(t, askStripeTime+time.Second, shutdownTime, "and is let finish at the end")
}
