package process

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	sockets "github.com/shirou/gopsutil/v4/net"
	"github.com/stretchr/testify/require"
)

// TestMain is also the program that the tests start: it listens at $LISTEN until it is ended.
func TestMain(m *testing.M) {
	address := os.Getenv("LISTEN")
	if address == "" {
		os.Exit(m.Run())
	}
	if os.Getenv("STUBBORN") != "" {
		signal.Ignore(syscall.SIGTERM)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for {
		if _, err := listener.Accept(); err != nil {
			return
		}
	}
}

// patience is for a slow machine.
const patience = 20 * time.Second

// started starts a program that listens, in a folder of its own.
func started(t *testing.T, environment ...string) (address, folder string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address = listener.Addr().String()
	require.NoError(t, listener.Close())
	folder, err = filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(folder, "app"), 0o755))
	program, err := os.Executable()
	require.NoError(t, err)
	b := Background{Command: []string{program, "serve"}, Directory: "app", Environment: map[string]string{"LISTEN": address, "SECRET_OF_TEST": "x=y"}}
	for _, name := range environment {
		b.Environment[name] = "1"
	}
	_, err = b.Start(folder, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = End(context.Background(), address, true) }) // the test's own context has ended then
	require.Eventually(t, func() bool { return accepts(t.Context(), address) }, patience, 10*time.Millisecond)
	return address, folder
}

func TestAProcessIsFoundByItsAddressAndEnded(t *testing.T) {
	t.Parallel()
	address, folder := started(t)
	all, err := At(t.Context(), address)
	require.NoError(t, err)
	require.Len(t, all, 1)
	p := all[0]
	program, err := os.Executable()
	require.NoError(t, err)
	require.Equal(t, []string{program, "serve"}, p.Command)
	require.Equal(t, filepath.Join(folder, "app"), p.Directory)
	require.Equal(t, "x=y", p.Environment["SECRET_OF_TEST"])
	require.Equal(t, []string{address}, p.Listens)
	require.Equal(t, []int{p.PID}, IDs(t.Context(), address))
	require.NotContains(t, p.String(), "x=y")
	require.NoError(t, End(t.Context(), address, false))
	require.Eventually(t, func() bool { return len(IDs(t.Context(), address)) == 0 }, patience, 10*time.Millisecond)
	require.NoError(t, End(t.Context(), address, false), "nothing to end is no error")
}

// Another program at the same port of another address is not the endpoint, and is not ended with it.
func TestWhoAcceptsConnectionsToAnAddress(t *testing.T) {
	t.Parallel()
	socket := func(pid int32, ip string, port uint32, status string) sockets.ConnectionStat {
		return sockets.ConnectionStat{Pid: pid, Laddr: sockets.Addr{IP: ip, Port: port}, Status: status}
	}
	all := []sockets.ConnectionStat{
		socket(1, "127.0.0.1", 3000, "LISTEN"), socket(2, "::1", 3000, "LISTEN"), socket(3, "0.0.0.0", 3000, "LISTEN"),
		socket(4, "::", 4000, "LISTEN"), socket(5, "*", 5000, "LISTEN"), socket(6, "127.0.0.1", 3000, "ESTABLISHED"),
		socket(7, "::ffff:127.0.0.2", 3000, "LISTEN"), socket(8, "10.0.0.1", 4000, "LISTEN"),
	}
	for address, want := range map[string][]int32{
		"127.0.0.1:3000": {1}, "[::1]:3000": {2}, "127.0.0.2:3000": {7}, "127.0.0.3:3000": {3}, "localhost:3000": {1, 2, 7},
		"127.0.0.1:4000": {4}, "[::1]:4000": {4}, "localhost:5000": {5}, "127.0.0.1:300": nil,
	} {
		found, err := accepting(all, address)
		require.NoError(t, err)
		var ids []int32
		for _, one := range found {
			ids = append(ids, one.Pid)
		}
		require.Equal(t, want, ids, address)
	}
}

func TestAProcessThatDoesNotExitIsKilled(t *testing.T) {
	t.Parallel()
	address, _ := started(t, "STUBBORN")
	require.NoError(t, End(t.Context(), address, false))
	require.NoError(t, End(t.Context(), address, true))
	require.Eventually(t, func() bool { return len(IDs(t.Context(), address)) == 0 }, patience, 10*time.Millisecond)
}

func TestOnlyThisMachinesProcessesAreEnded(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"10.0.0.1:80", "0.0.0.0:80", "example.com:80", "127.0.0.1", "127.0.0.1:"} {
		require.ErrorContains(t, End(t.Context(), address, true), "is not an address of this machine", address)
	}
	for _, address := range []string{"127.0.0.1:80", "localhost:80", "[::1]:80", "127.1.2.3:80"} {
		require.True(t, IsLoopback(address), address)
	}
}

func TestAProgramThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, err := Background{Command: []string{"./no-such-program"}}.Start(t.TempDir(), nil)
	require.ErrorContains(t, err, "./no-such-program: ")
	_, err = Background{}.Start(t.TempDir(), nil)
	require.ErrorContains(t, err, "no command")
}
