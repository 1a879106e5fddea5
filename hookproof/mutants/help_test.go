package mutants

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/pgserver"
)

// briefGrace is for what is left on purpose: the longest that a program that has been started may take to let go of our sockets.
const briefGrace = 300 * time.Millisecond

// postgres has the databases of the tests' variants, once a test has asked for it.
var postgres struct {
	once   sync.Once
	server *pgserver.Server
	err    error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if postgres.server != nil {
		if err := postgres.server.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// variants are the options of a run on these variants, with the PostgreSQL that all tests share.
func variants(t *testing.T, names ...string) Options {
	t.Helper()
	postgres.once.Do(func() { postgres.server, postgres.err = pgserver.Start(context.Background(), pgserver.Config{}) })
	require.NoError(t, postgres.err)
	return Options{Root: root, Mutants: names, Postgres: postgres.server, Progress: t.Output()}
}

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

// ended asks the process whose id is in a file to end, and waits until nobody listens on its port.
func ended(file, port string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return err
	}
	if left := gone(0, func() string { return listenerOn(port) }); left != "" {
		return errors.New(left)
	}
	return nil
}
