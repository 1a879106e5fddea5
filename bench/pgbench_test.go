package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/pgserver"
)

func TestPgbenchsLogs(t *testing.T) {
	t.Parallel()
	logs := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(logs, "log.77"), []byte("0 0 4821 0 1412881037 912698\n0 1 173 0 1412881037 912698\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(logs, "log.77.1"), []byte("1 0 900 0 1412881037 912698\n"), 0o644))
	latency := newHistogram()
	count, most, err := readLogs(logs, latency)
	require.NoError(t, err)
	require.EqualValues(t, 3, count)
	require.EqualValues(t, 1, most)
	require.EqualValues(t, 900, latency.ValueAtPercentile(50))
	require.InEpsilon(t, 4821, latency.ValueAtPercentile(99), 0.001)

	require.NoError(t, os.WriteFile(filepath.Join(logs, "log.77.2"), []byte("1 0 skipped 0 1412881037 912698\n"), 0o644))
	_, _, err = readLogs(logs, latency)
	require.ErrorContains(t, err, "skipped")
}

func TestPgbenchsReport(t *testing.T) {
	t.Parallel()
	took, err := (&pgbench{}).spent([]byte("duration: 2 s\nnumber of transactions actually processed: 3000\nlatency average = 1.6 ms\n" +
		"tps = 1500.000000 (without initial connection time)\n"))
	require.NoError(t, err)
	require.Equal(t, 2*time.Second, took)
	_, err = (&pgbench{}).spent([]byte("tps = many\n"))
	require.ErrorContains(t, err, "not understood")
}

// A round that a busy machine spends on connecting is made anew, twice as long, and not without end.
func TestARoundOfConnectingIsMadeAnew(t *testing.T) { // not in parallel: a script that another fork holds open is busy
	for enough, rounds := range map[string]int{"4": 3, "1000": 5} {
		directory := t.TempDir()
		program := filepath.Join(directory, "pgbench")
		require.NoError(t, os.WriteFile(program, []byte(`#!/bin/sh
echo round >>"`+directory+`/rounds"
while [ $# -gt 0 ]; do case $1 in -T) seconds=$2 ;; --log-prefix) log=$2 ;; esac; shift; done
if [ "$seconds" -lt `+enough+` ]; then echo "number of transactions actually processed: 0"; exit; fi
echo "0 0 173 0 1412881037 912698" >"$log.77"
echo "number of transactions actually processed: 1"
echo "tps = 2 (without initial connection time)"
`), 0o755))
		p := &pgbench{program: program, directory: directory, database: &database{postgres: &pgserver.Server{}}}
		s, err := p.measure(t.Context(), job{connections: 1}, 200*time.Millisecond)
		made, readErr := os.ReadFile(filepath.Join(directory, "rounds"))
		require.NoError(t, readErr)
		require.Equal(t, rounds, strings.Count(string(made), "round"))
		if rounds == 5 {
			require.ErrorIs(t, err, errOnlyConnected)
			continue
		}
		require.NoError(t, err)
		require.EqualValues(t, 1, s.sent)
	}
}
