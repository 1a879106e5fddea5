package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Ctrl-C ends init while it waits for an answer, and leaves nothing behind.
func TestInitIsInterrupted(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	stdin, typing := io.Pipe()
	t.Cleanup(func() { _ = typing.Close() })
	go func() {
		_, _ = io.WriteString(typing, "http://127.0.0.1:3000/hook\n") // returns when it has been read
		cancel()
	}()
	var errs strings.Builder
	code := run(ctx, []string{"init", "--offline", filepath.Join(folder, "x.json")}, stdin, io.Discard, &errs, func(string) string { return "" })
	require.Equal(t, unusable, code)
	require.Equal(t, "hookproof: init: interrupted; nothing was written\n", errs.String())
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, left)
}
