package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHostLoad(t *testing.T) {
	t.Parallel()
	proc := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(proc, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(proc, name), []byte(text), 0o644))
	}
	stat := func(pid, parent, user, ended int) {
		write(fmt.Sprintf("%d/stat", pid), fmt.Sprintf("%d (a ) b) S %d 0 0 0 0 0 0 0 0 0 %d 0 %d 0 20 0\n", pid, parent, user, ended))
	}
	write("stat", "cpu  1000 0 500 9000 100 0 0 0 0 0\ncpu0 0\n")
	stat(1, 0, 10, 0)
	stat(7, 1, 100, 50)  // this program
	stat(8, 7, 200, 0)   // a server that it has started
	stat(9, 8, 300, 0)   // a child of that server
	stat(10, 1, 1000, 0) // another program
	before := readProcessorTime(proc, 7)
	require.Equal(t, 15.0, before.all)
	require.Equal(t, 6.5, before.ours)

	write("stat", "cpu  1300 0 600 9900 100 0 0 0 0 0\ncpu0 0\n") // 4 s more of all processors
	stat(7, 1, 100, 150)                                          // 1 s of it by an ended child of this program
	after := readProcessorTime(proc, 7)
	after.at = before.at.Add(2 * time.Second)
	require.Equal(t, 1.5, *after.hostLoadSince(before), "other programs used 3 s of processor time in 2 s")
	require.Nil(t, after.hostLoadSince(readProcessorTime(filepath.Join(proc, "nowhere"), 7)))
}
