package mutants

import (
	"bytes"
	"cmp"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// usualGrace is how long what has been ended may take to be gone: a process that was forked meanwhile holds all listeners
// until it becomes another program.
const usualGrace = 5 * time.Second

// lookAgain is between two looks at what is left.
const lookAgain = 10 * time.Millisecond

// gone waits until nothing is left, for the grace at most, and answers what still is, or "".
func gone(grace time.Duration, left func() string) string {
	for deadline := time.Now().Add(cmp.Or(grace, usualGrace)); ; time.Sleep(lookAgain) {
		if what := left(); what == "" || time.Now().After(deadline) {
			return what
		}
	}
}

// listenerOn says that somebody listens on a port of the loopback interface, or "".
func listenerOn(port string) string {
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		return "somebody still listens on port " + port
	}
	_ = listener.Close()
	return ""
}

// processIn says which process works in a directory, or has it in its arguments, or "". Where there is no /proc none is seen.
func processIn(directory string) string {
	processes, _ := filepath.Glob("/proc/[0-9]*") // only a bad pattern is an error
	for _, process := range processes {
		arguments, _ := os.ReadFile(filepath.Join(process, "cmdline")) // it may have ended
		at, _ := os.Readlink(filepath.Join(process, "cwd"))
		if bytes.Contains(arguments, []byte(directory)) || at == directory || strings.HasPrefix(at, directory+"/") {
			return "a process still runs: " + strings.TrimSpace(strings.ReplaceAll(string(arguments), "\x00", " "))
		}
	}
	return ""
}

// fileIn names a file in a directory, or "".
func fileIn(directory string) string {
	entries, err := os.ReadDir(directory)
	switch {
	case err != nil:
		return err.Error()
	case len(entries) > 0:
		return "the file " + entries[0].Name()
	}
	return ""
}
