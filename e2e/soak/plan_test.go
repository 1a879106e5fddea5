package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheSameSeedIsTheSamePlan(t *testing.T) {
	t.Parallel()
	require.Equal(t, newPlan(17, 300, 12, 20*time.Second), newPlan(17, 300, 12, 20*time.Second))
	require.NotEqual(t, newPlan(17, 300, 12, 20*time.Second).Lives, newPlan(18, 300, 12, 20*time.Second).Lives)
}

// A hundred plans hold every way of a life and every kind of fault, and nothing outside of their storm.
func TestPlansHoldEverything(t *testing.T) {
	t.Parallel()
	const storm = 20 * time.Second
	seen := map[any]bool{}
	for seed := range uint64(100) {
		p := newPlan(seed, 300, 12, storm)
		require.Len(t, p.Lives, 300)
		for _, l := range p.Lives {
			seen[l.Way] = true
			for _, a := range l.After {
				seen[a] = true
			}
			require.Less(t, l.Start, storm)
			require.Less(t, l.Slot, p.Slots)
		}
		for _, f := range p.Faults {
			seen[f.Kind] = true
			require.Less(t, f.At, storm)
		}
	}
	for _, w := range ways {
		require.True(t, seen[w.way], w.way)
	}
	for _, a := range afters {
		require.True(t, seen[a], a)
	}
	for _, k := range append(databaseFaults, otherFaults...) {
		require.True(t, seen[k], k)
	}
}

func TestWritePage(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(page, []byte("before\n"+blockBegin+"\nold\n"+blockEnd+"\nafter\n"), 0o600))
	f := &figures{}
	f.rounds.Add(3)
	f.count([]finding{{Kind: phantom}})
	require.NoError(t, writePage(page, f, time.Hour))
	got, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Regexp(t, `(?s)^before\n<!--.*in 1h0m0s.*\| rounds \| 3 \|.*\| \*\*phantom\*\* \| 1 \|.*-->\nafter\n$`, string(got))
	require.NotContains(t, string(got), "old")
	require.NoError(t, os.WriteFile(page, []byte("no block"), 0o600))
	require.ErrorContains(t, writePage(page, f, time.Hour), "has no block")
}

// The page that the repository has is one that can be written.
func TestReliabilityHasTheBlock(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/reliability.md")
	require.NoError(t, err)
	require.Contains(t, string(page), blockBegin+"\n")
	require.Contains(t, string(page), "\n"+blockEnd+"\n")
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-rounds", "-1"}, {"-bookings", "0"}, {"-storm", "1ms"}, {"-nonsense"}, {"argument"}} {
		_, err := parse(args, io.Discard)
		require.ErrorAs(t, err, new(usageError), "%v", args)
	}
	o, err := parse([]string{"-seed", "17"}, &bytes.Buffer{})
	require.NoError(t, err)
	require.EqualValues(t, 17, o.seed)
	require.Equal(t, time.Minute, o.duration)
}
