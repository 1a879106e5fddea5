package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"testing"

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
