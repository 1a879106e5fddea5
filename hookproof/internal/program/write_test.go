package program

import (
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// What was written is started while others start programs, too.
func TestWhatIsWrittenCanBeStarted(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	failed := make([]error, 4)
	var all sync.WaitGroup
	for n := range failed {
		all.Go(func() {
			file := filepath.Join(directory, string(rune('a'+n)))
			for range 50 {
				if failed[n] = Write(file, []byte("#!/bin/sh\n"), 0o700); failed[n] == nil {
					failed[n] = exec.Command(file).Run()
				}
				if failed[n] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	for _, err := range failed {
		require.NoError(t, err)
	}
}
