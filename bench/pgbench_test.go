package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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
