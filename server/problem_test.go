package server

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/stretchr/testify/require"

	"example.com/hookproof/store"
)

func TestProblemsAsWritten(t *testing.T) {
	t.Parallel()
	const away = "the database cannot be reached; try again in a moment"
	for name, tc := range map[string]struct {
		err    error
		status int
		detail string
		header map[string]string
	}{
		"bad request":  {badRequest("startsAt is in the past"), 400, "startsAt is in the past", nil},
		"unauthorized": {unauthorized("sign in first"), 401, "sign in first", map[string]string{"WWW-Authenticate": `Bearer realm="booking-server"`}},
		"invalid token": {invalidToken(), 401, "the token is not valid or has expired; sign in again",
			map[string]string{"WWW-Authenticate": `Bearer realm="booking-server", error="invalid_token"`}},
		"forbidden":   {forbidden("only an ADMIN may"), 403, "only an ADMIN may", nil},
		"not found":   {notFound("no such booking"), 404, "no such booking", nil},
		"method":      {methodNotAllowed("GET", "POST"), 405, "this route answers to GET, POST", map[string]string{"Allow": "GET, POST"}},
		"conflict":    {conflict("taken"), 409, "taken", nil},
		"too large":   {tooLarge("too long"), 413, "too long", nil},
		"bad gateway": {badGateway("Stripe did not answer"), 502, "Stripe did not answer", nil},
		"unavailable": {unavailable("no database"), 503, "no database", nil},
		"wrapped":     {fmt.Errorf("SELECT secret: %w", conflict("taken")), 409, "taken", nil},
		"row":         {fmt.Errorf("booking: %w", store.ErrNotFound), 404, "there is nothing here by this id", nil},
		"e-mail":      {store.ErrEmailTaken, 409, "this e-mail address is registered already", nil},
		"slot":        {store.ErrSlotHeld, 409, "the slot is held by another booking", nil},
		"unpaid": {fmt.Errorf("booking: %w", store.UnpaidError{Most: 5}), 409,
			"you may have 5 unpaid bookings at a time; pay for one or cancel one first", nil},
		"deadline":     {fmt.Errorf("pq: host db.internal: %w", context.DeadlineExceeded), 503, "the request took too long; try again", nil},
		"cancelled":    {context.Canceled, 503, "the request was given up", nil},
		"refused":      {&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, 503, away, nil},
		"no such host": {&net.DNSError{Err: "no such host", Name: "db.internal"}, 503, away, nil},
		"cut":          {fmt.Errorf("read: %w", io.ErrUnexpectedEOF), 503, away, nil},
		"bad conn":     {driver.ErrBadConn, 503, away, nil},
		"shutdown":     {&pq.Error{Code: "57P01", Message: "terminating connection"}, 503, away, nil},
		"full":         {&pq.Error{Code: "53300"}, 503, away, nil},
		"password":     {&pq.Error{Code: "28P01"}, 503, away, nil},
		"locked":       {&pq.Error{Code: "55P03"}, 503, "too much was changed at the same time; try again", nil},
		"standby":      {&pq.Error{Code: "25006"}, 503, away, nil},
		"deadlock":     {&pq.Error{Code: "40P01"}, 503, "too much was changed at the same time; try again", nil},
		"check":        {&pq.Error{Code: "23514", Message: "new row violates amount 666"}, 500, "", nil},
		"syntax":       {&pq.Error{Code: "42601"}, 500, "", nil},
		"unknown":      {errors.New("pq: password authentication failed for user root"), 500, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			writeProblem(w, problemOf(tc.err))

			require.Equal(t, tc.status, w.Code)
			require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
			for header, value := range tc.header {
				require.Equal(t, value, w.Header().Get(header))
			}
			want := map[string]any{"type": "about:blank", "title": http.StatusText(tc.status), "status": float64(tc.status)}
			if tc.detail != "" {
				want["detail"] = tc.detail
			}
			var got map[string]any
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
			require.Equal(t, want, got)
		})
	}
}

func TestRetryAfterIsNeverTooEarly(t *testing.T) {
	t.Parallel()
	for wait, want := range map[time.Duration]string{
		0: "1", 5 * time.Millisecond: "1", time.Second: "1", time.Second + 1: "2",
		59*time.Second + time.Millisecond: "60", time.Minute: "60",
	} {
		require.Equal(t, want, tooMany(wait).header.Get("Retry-After"), wait.String())
	}
	require.Equal(t, http.StatusTooManyRequests, tooMany(0).Status)
}
