package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

// The line that judges the sandbox works as it is printed, and finds nothing wrong.
func TestTheSandboxCanBeJudged(t *testing.T) {
	t.Parallel()
	s, err := open(t.Context(), "", io.Discard)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.close()) }()
	var printed bytes.Buffer
	s.suggest(&printed)
	line := regexp.MustCompile(`(?m)^  (go run ./cmd/hookproof check .*)$`).FindStringSubmatch(printed.String())
	require.NotNil(t, line, printed.String())
	command := exec.CommandContext(t.Context(), "bash", "-c", line[1])
	command.Dir = "../.."
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "PASSED as far as ")
	if s.targetFile != "" {
		require.NotContains(t, string(out), "not judged: idempotence", "bookings are made and read")
		require.FileExists(t, s.targetFile)
	}
}

// Without psql there is a line all the same.
func TestTheSandboxCanBeJudgedFromOutside(t *testing.T) {
	t.Parallel()
	s, err := open(t.Context(), "", io.Discard)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.close()) }()
	written := s.targetFile
	s.targetFile = ""
	defer func() { s.targetFile = written }()
	require.Regexp(t, `^go run ./cmd/hookproof check --url http://127\.0\.0\.1:\d+/webhooks/stripe --secret whsec_\w+$`, s.judgeLine())
}
