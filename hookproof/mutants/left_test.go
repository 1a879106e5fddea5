package mutants

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/dbproxy"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/run"
	"example.com/hookproof/hookproof/target"
)

// leaving are the options of a run in which something is left on purpose.
func leaving(t *testing.T, name string) Options {
	t.Helper()
	o := variants(t, name)
	o.Grace = briefGrace
	return o
}

// A judge that leaves an endpoint, and a proxy, running is found out; and the endpoint is ended all the same.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	var port, listen string
	judge := Judge{Judge: func(ctx Context, file string, getenv func(string) string, _ run.Options) (result.Report, error) {
		port, listen = getenv("PORT"), getenv("DATABASE_LISTEN")
		proxy, err := dbproxy.NewProxy(listen, getenv("DATABASE_UPSTREAM"))
		if err != nil {
			return result.Report{}, err
		}
		t.Cleanup(func() { _ = proxy.Close() })
		endpoint, err := target.Load(file, getenv)
		if err != nil {
			return result.Report{}, err
		}
		return result.Report{}, endpoint.Start(ctx)
	}}
	m, err := Run(t.Context(), Files, judge, leaving(t, "go/no-dedupe"))
	require.NoError(t, err)
	require.Contains(t, m.Rows[0].Left, "somebody still listens on port "+port)
	free, err := listens(port)
	require.NoError(t, err)
	require.True(t, free, "the endpoint was ended")
}

// startOnce starts a target's endpoint, whose database is there for as long as that takes.
func startOnce(ctx Context, file string, getenv func(string) string) (err error) {
	proxy, err := dbproxy.NewProxy(getenv("DATABASE_LISTEN"), getenv("DATABASE_UPSTREAM"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, proxy.Close()) }()
	t, err := target.Load(file, getenv)
	if err != nil {
		return err
	}
	return t.Start(ctx)
}

// Behind nginx there are two to end, and each of them is found out: nginx by its port, the endpoint by its socket.
func TestNothingIsLeftBehindNginx(t *testing.T) {
	t.Parallel()
	if !nginxIsThere() {
		t.Skip("there is no nginx; .ci/run installs it")
	}
	for end, complaint := range map[string]string{"": "still listens on port", "nginx.pid": "still listens on shop.sock"} {
		var port, socket string
		judge := Judge{Judge: func(ctx Context, file string, getenv func(string) string, _ run.Options) (result.Report, error) {
			port = getenv("PORT")
			r := filepath.Join(filepath.Dir(file), ".run", port)
			socket = filepath.Join(r, "shop.sock")
			if err := startOnce(ctx, file, getenv); err != nil || end == "" {
				return result.Report{}, err
			}
			return result.Report{}, ended(filepath.Join(r, end), port)
		}}
		m, err := Run(t.Context(), Files, judge, leaving(t, "go/correct/behind-nginx"))
		require.NoError(t, err)
		require.Contains(t, m.Rows[0].Left, complaint)
		free, err := listens(port)
		require.NoError(t, err)
		require.True(t, free, "nginx was ended")
		_, err = net.Dial("unix", socket)
		require.Error(t, err, "the endpoint was ended")
	}
}

// A process that listens nowhere, and works in the endpoint's directory, is found out.
func TestNoProcessIsLeft(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/cwd"); err != nil {
		t.Skip("there is no /proc")
	}
	judge := Judge{Judge: func(_ Context, file string, _ func(string) string, _ run.Options) (result.Report, error) {
		idle := exec.Command("sleep", "60")
		idle.Dir = filepath.Dir(file)
		if err := idle.Start(); err != nil {
			return result.Report{}, err
		}
		t.Cleanup(func() { _, _ = idle.Process.Kill(), idle.Wait() })
		return result.Report{}, nil
	}}
	m, err := Run(t.Context(), Files, judge, leaving(t, "go/no-dedupe"))
	require.NoError(t, err)
	require.Equal(t, "a process still runs: sleep 60", m.Rows[0].Left)
}

// Where there are two processes each of them is found out, and ended.
func TestNothingIsLeftOfTwoReplicas(t *testing.T) {
	t.Parallel()
	for end, other := range map[string]string{"PORT": "REPLICA_PORT", "REPLICA_PORT": "PORT"} {
		var left string
		judge := Judge{Judge: func(ctx Context, file string, getenv func(string) string, _ run.Options) (result.Report, error) {
			left = getenv(other)
			if err := startOnce(ctx, file, getenv); err != nil {
				return result.Report{}, err
			}
			return result.Report{}, ended(filepath.Join(filepath.Dir(file), ".run", getenv(end), "pid"), getenv(end))
		}}
		m, err := Run(t.Context(), Files, judge, leaving(t, "go/correct/two-replicas"))
		require.NoError(t, err)
		require.Equal(t, "somebody still listens on port "+left, m.Rows[0].Left)
		free, err := listens(left)
		require.NoError(t, err)
		require.True(t, free, "the other was ended")
	}
}
