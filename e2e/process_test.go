package e2e

import (
	"bytes"
	"context"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/server"
)

// The binary as an operator meets it.

// command runs the binary to its end.
func command(t *testing.T, environment []string, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	binary, err := shared.binary()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), waitTime)
	defer cancel()
	c := exec.CommandContext(ctx, binary, args...)
	c.Env = environment
	c.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	_ = c.Run()
	require.NoError(t, ctx.Err(), "it did not end: %s %s", out.String(), errs.String())
	return out.String(), errs.String(), c.ProcessState.ExitCode()
}

// emptyDatabase is one that was never migrated.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	limit(t)
	name := shared.name()
	_, err := shared.admin.Exec(`CREATE DATABASE ` + name)
	require.NoError(t, err)
	t.Cleanup(func() { shared.drop(name) })
	return shared.url(shared.backend.database, name)
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		args   []string
		code   int
		stderr string
	}{
		"unknown command":   {[]string{"srve"}, 2, `"srve"`},
		"unknown flag":      {[]string{"migrate", "--down"}, 2, "down"},
		"user without verb": {[]string{"user"}, 2, "user create"},
		"no e-mail":         {[]string{"user", "create", "--role", "ADMIN"}, 2, "--email"},
		"no role":           {[]string{"user", "create", "--email", "a@b.co", "--role", "BOSS"}, 2, "--role"},
		"no DATABASE_URL":   {[]string{"migrate"}, 1, "DATABASE_URL"},
		"no environment":    {nil, 1, "STRIPE_WEBHOOK_SECRET"},
		"no server":         {[]string{"healthcheck"}, 1, "does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := command(t, []string{"PORT=1"}, "", row.args...)
			require.Equal(t, row.code, code, stderr)
			require.Contains(t, stderr, row.stderr)
			require.Empty(t, stdout)
		})
	}
	stdout, stderr, code := command(t, nil, "", "help")
	require.Zero(t, code)
	require.Empty(t, stderr)
	for _, text := range []string{"user create", "WEBHOOK_TOLERANCE", "TRUSTED_PROXIES"} {
		require.Contains(t, stdout, text)
	}
}

func TestUserCreateAndMigrate(t *testing.T) {
	t.Parallel()
	environment := []string{"DATABASE_URL=" + emptyDatabase(t)}
	stdout, stderr, code := command(t, environment, "", "migrate", "--status")
	require.Zero(t, code, stderr)
	require.Regexp(t, `00001_initial.sql +pending`, stdout)

	_, stderr, code = command(t, environment, "short\n", "user", "create", "--email", "root@example.com", "--role", "ADMIN")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "8 to 72")
	_, stderr, code = command(t, environment, "", "user", "create", "--email", "root@example.com", "--role", "ADMIN")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "standard input")

	stdout, stderr, code = command(t, environment, password+"\n", "user", "create", "--email", "Root@example.com", "--role", "ADMIN")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "Created ADMIN root@example.com")
	_, stderr, code = command(t, environment, password, "user", "create", "--email", "root@example.com", "--role", "OPS")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "already")

	stdout, _, code = command(t, environment, "", "migrate", "--status")
	require.Zero(t, code)
	require.Contains(t, stdout, "applied 20")
	stdout, _, code = command(t, environment, "", "migrate")
	require.Zero(t, code)
	require.Equal(t, "Database migrations are up to date.\n", stdout)
}

func TestStartFailures(t *testing.T) {
	t.Parallel()
	t.Run("the database does not answer", func(t *testing.T) {
		t.Parallel()
		address, err := freeAddress()
		require.NoError(t, err)
		logs := &logBuffer{}
		config := shared.config("postgres://postgres:s3cr3tpassword@"+address+"/x?sslmode=disable", logs)
		config.DatabaseWait = 2500 * time.Millisecond
		_, err = server.Open(t.Context(), config)
		require.ErrorContains(t, err, address)
		require.ErrorContains(t, err, "did not answer within 2.5s")
		require.NotContains(t, err.Error(), "s3cr3tpassword")
		require.GreaterOrEqual(t, strings.Count(logs.String(), "Waiting for the database"), 2, "a line a try")
		require.NotContains(t, logs.String(), "s3cr3tpassword")
	})
	t.Run("the database refuses the password", func(t *testing.T) {
		t.Parallel()
		url := "postgres://postgres:wr0ngpassword@" + shared.backend.database + "/postgres?sslmode=disable"
		config := shared.config(url, &logBuffer{})
		_, err := server.Open(t.Context(), config)
		require.ErrorContains(t, err, "refuses")
		require.NotContains(t, err.Error(), "wr0ngpassword")
	})
	t.Run("port taken", func(t *testing.T) {
		t.Parallel()
		listener, err := net.Listen("tcp", "0.0.0.0:0")
		require.NoError(t, err)
		defer func() { _ = listener.Close() }()
		_, port, err := net.SplitHostPort(listener.Addr().String())
		require.NoError(t, err)
		config := shared.config(emptyDatabase(t), &logBuffer{})
		_, stderr, code := command(t, environment(config, port), "")
		require.Equal(t, 1, code)
		require.Contains(t, stderr, port)
		require.Contains(t, stderr, "in use")
	})
	t.Run("migrated by a newer binary", func(t *testing.T) {
		t.Parallel()
		e := newEnv(t)
		_, err := e.db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`)
		require.NoError(t, err)
		_, err = server.Open(t.Context(), e.config)
		require.ErrorContains(t, err, "newer than this binary")
		require.Equal(t, 200, e.call("GET", "/ready", "", nil).status, "replicas that run already go on")
	})
}

func TestReplicasMigrateTogether(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	started := make([]<-chan error, 4)
	for i := range started {
		started[i] = beside(func() error {
			s, err := server.Open(t.Context(), shared.config(url, &logBuffer{}))
			if err == nil {
				err = s.Close()
			}
			return err
		})
	}
	for _, ended := range started {
		require.NoError(t, await(t, "a replica's start", ended))
	}
}

func TestBothFormsOfDatabaseURL(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	host, port, err := net.SplitHostPort(shared.backend.database)
	require.NoError(t, err)
	closed, err := freeAddress()
	require.NoError(t, err)
	_, closedPort, _ := strings.Cut(closed, ":")
	_, name, _ := strings.Cut(strings.TrimPrefix(e.config.DatabaseURL, "postgres://"), "/")
	name, _, _ = strings.Cut(name, "?")
	for _, dsn := range []string{
		e.config.DatabaseURL,
		"host=127.0.0.1," + host + " port=" + closedPort + "," + port + " user=postgres password=" + shared.backend.password +
			" dbname=" + name + " sslmode=disable target_session_attrs=read-write",
	} {
		s, err := server.Open(t.Context(), shared.config(dsn, &logBuffer{}))
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
}

// A delivery that is being worked on when SIGTERM comes is finished and acknowledged; then the process
// ends with 0.
func TestSIGTERMFinishesTheDelivery(t *testing.T) {
	t.Parallel()
	e := newEnv(t, asProcess)
	require.Contains(t, e.logs.String(), "Database migrations are up to date")
	require.Contains(t, e.logs.String(), `"Server running on port `)
	b := e.book()
	tx, err := e.db.Begin()
	require.NoError(t, err)
	_, err = tx.Exec(`SELECT 1 FROM "Booking" WHERE id = $1 FOR UPDATE`, b["id"])
	require.NoError(t, err)

	ack := beside(func() int { return e.deliverPaid(b) })
	e.awaitLocks(1)
	p := e.running.(*process)
	require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
	eventually(t, "it stops accepting", func() (bool, string) {
		_, err := client.Get(p.url() + "/health")
		return err != nil, ""
	})
	require.NoError(t, tx.Rollback())
	require.Equal(t, 200, await(t, "the delivery's answer", ack))
	require.NoError(t, await(t, "the process's end", p.exited), "exit code 0")
	p.exited <- nil // the environment's own end finds it ended
	require.Contains(t, e.logs.String(), "Server stopped")
	var status string
	require.NoError(t, e.db.QueryRow(`SELECT status FROM "Booking" WHERE id = $1`, b["id"]).Scan(&status))
	require.Equal(t, "CONFIRMED", status)
}
