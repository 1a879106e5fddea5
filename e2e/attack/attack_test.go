package main

import (
	"context"
	"io"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain is also a flood's process.
func TestMain(m *testing.M) {
	if floodProcess(context.Background()) {
		return
	}
	os.Exit(m.Run())
}

// The floods that took gigabytes. What is measured is the server's memory, which a busy machine does not change: how
// fast it answers meanwhile is for docs/attacks.md.
func TestFloodsOfBodiesStayBounded(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("a process's memory is read from /proc, and a flood's addresses are Linux's")
	}
	h, err := newHouse(t.Context(), plan{length: 3 * time.Second, rest: time.Millisecond, rate: 20, paid: 1000}, io.Discard)
	require.NoError(t, err)
	t.Cleanup(h.close)
	for _, name := range []string{
		"stalled bodies of 1 MiB less a byte",
		"headers of many short lines, then a stalled body, many addresses",
	} {
		f := named(t, name)
		r, err := h.attack(t.Context(), f, "")
		require.NoError(t, err, name)
		require.Less(t, r.peak, float64(mostMiB), name)
		require.Positive(t, r.genuine.acknowledged, name)
	}
}

func named(t *testing.T, name string) flood {
	t.Helper()
	for _, f := range floods {
		if f.name == name {
			return f
		}
	}
	require.Fail(t, "there is no such flood", name)
	return flood{}
}

func TestFloodsHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, f := range floods {
		require.False(t, seen[f.name], f.name)
		seen[f.name] = true
		require.LessOrEqual(t, f.connections, 1000, f.name)
		require.LessOrEqual(t, f.addresses, 1000, f.name)
	}
}
