package mutants

import (
	"context"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing/fstest"
)

// Context is shorter.
type Context = context.Context

func sourcesOf(text string) fs.FS { return fstest.MapFS{"a.txt": {Data: []byte(text)}} }

// nginxIsThere tells whether the endpoint behind nginx can run. Where everything must be there it is said to be.
func nginxIsThere() bool {
	_, installed := os.Stat("/usr/sbin/nginx")
	_, found := exec.LookPath("nginx")
	return installed == nil || found == nil || os.Getenv("CI") != ""
}

// listens tells whether a port can be had.
func listens(port string) (bool, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		return false, nil
	}
	return true, listener.Close()
}

// asked asks the process whose id is in a file to end.
func asked(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	return syscall.Kill(pid, syscall.SIGTERM)
}
