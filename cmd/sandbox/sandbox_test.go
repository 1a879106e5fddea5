package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTour(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:3000")
	if err == nil { // else somebody else has taken it, which serves as well
		defer func() { _ = listener.Close() }()
	}
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"--tour-only"}, &out, &errs)
	require.Zero(t, code, "%s\n%s", out.String(), errs.String())
	require.Empty(t, errs.String())
	require.Equal(t, 7, bytes.Count(out.Bytes(), []byte("as it should")), out.String())
	require.Contains(t, out.String(), "(port 3000 was taken)")
}

func TestDataIsKept(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "sandbox-test")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755)) // PostgreSQL may run as another user
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	kept := filepath.Join(dir, "kept")
	for range 2 {
		var out, errs bytes.Buffer
		require.Zero(t, run(t.Context(), []string{"--tour-only", "--data", kept}, &out, &errs), "%s\n%s", out.String(), errs.String())
	}
	require.FileExists(t, filepath.Join(kept, "sandbox.json"))
}

// The sandbox shows the server with the limits that it has everywhere else.
func TestBookingsAreLimited(t *testing.T) {
	t.Parallel()
	s, err := open(t.Context(), "", io.Discard)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.close()) }()
	guest := &client{base: s.server.URL()}
	require.NoError(t, guest.register(t.Context(), "guest@example.com"))
	var list struct{ Resources []struct{ ID string } }
	require.NoError(t, guest.call(t.Context(), "GET", "/resources", nil, &list))
	for want, slot := range map[string]struct{ in, length time.Duration }{
		"at least 5 minutes after": {time.Hour, time.Second},
		"at most 31 days after":    {time.Hour, 32 * 24 * time.Hour},
		"at most 730 days from":    {731 * 24 * time.Hour, time.Hour},
	} {
		var answer any
		from := time.Now().UTC().Add(slot.in)
		require.ErrorContains(t, guest.call(t.Context(), "POST", "/bookings", map[string]string{
			"resourceId": list.Resources[0].ID, "startsAt": from.Format(time.RFC3339), "endsAt": from.Add(slot.length).Format(time.RFC3339),
		}, &answer), want)
	}
	for range 5 {
		_, err = guest.book(t.Context())
		require.NoError(t, err)
	}
	_, err = guest.book(t.Context())
	require.ErrorContains(t, err, "unpaid")
}

func TestUsage(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"--help"}, &out, &errs))
	require.Contains(t, out.String(), "--tour-only")
	for _, args := range [][]string{{"--tour"}, {"now"}} {
		errs.Reset()
		require.Equal(t, 2, run(t.Context(), args, &out, &errs))
		require.Contains(t, errs.String(), "Usage")
	}
}
