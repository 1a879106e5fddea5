// Package pgserver runs one private PostgreSQL server on the loopback interface, for the sandbox and the
// tests: found on the machine, or downloaded. It is no part of the production binary.
package pgserver

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	mathrand "math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lib/pq"
)

// Config says how the server is to run. The zero value is a temporary server for tests.
type Config struct {
	Dir        string    // data directory, kept and used again; "" is a temporary one that Close removes
	Binaries   string    // directory with initdb and postgres; "" looks for one, then downloads
	CacheDir   string    // where downloaded binaries are kept; "" is the user's cache directory
	Repository string    // Maven repository to download from; "" is the public one
	Durable    bool      // false turns fsync and autovacuum off: fast, and lost with the machine
	Progress   io.Writer // one line a step, for a person; nil is silence

	Settings map[string]string // more of PostgreSQL's; they win over those made here
	Files    map[string][]byte // put into the data directory of a new cluster, such as server.key or pg_hba.conf
}

// Limits of one step. They are for slow machines; a failure is noticed at once.
const (
	startTime = time.Minute
	stopTime  = 20 * time.Second
	maxTries  = 5 // to find a port
)

// Server is a running, or stopped, PostgreSQL.
type Server struct {
	config    Config
	binaries  string
	directory string // holds data/, the log and the password
	temporary bool
	version   string
	password  string
	port      int
	account   account

	mu      sync.Mutex
	process *exec.Cmd
	exited  chan struct{}
}

// Start finds PostgreSQL, makes a database cluster if there is none, and starts it. The error names
// what is missing, and ends with the last lines of PostgreSQL's own log where there is one.
func Start(ctx context.Context, c Config) (_ *Server, err error) {
	s := &Server{config: c, directory: c.Dir, temporary: c.Dir == ""}
	if s.account, err = unprivileged(); err != nil {
		return nil, err
	}
	if s.binaries, err = s.findBinaries(ctx); err != nil {
		return nil, err
	}
	if s.version, err = versionOf(s.binaries); err != nil {
		return nil, err
	}
	if s.temporary {
		if s.directory, err = os.MkdirTemp("", "pgserver"); err != nil {
			return nil, err
		}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := s.initialise(ctx); err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		if s.port, err = FreePort(); err != nil {
			return nil, err
		}
		if err = s.StartAgain(ctx); err == nil {
			break
		}
		// Somebody may have taken the port meanwhile: another server that is starting, for one.
		if try == maxTries || !strings.Contains(s.lastLog(), "could not create any TCP/IP sockets") {
			return nil, err
		}
	}
	s.say("Started PostgreSQL %s on port %d", s.version, s.port)
	return s, nil
}

// Version is PostgreSQL's, for example 16.4.
func (s *Server) Version() string { return s.version }

// Port is the TCP port on 127.0.0.1. It stays the same when the server is stopped and started again.
func (s *Server) Port() int { return s.port }

// Password is the superuser's; his name is postgres.
func (s *Server) Password() string { return s.password }

// Binaries is the directory whose PostgreSQL runs.
func (s *Server) Binaries() string { return s.binaries }

// URL is where a database of the server can be reached.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("postgres", s.password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), Path: database, RawQuery: "sslmode=disable"}
	return u.String()
}

// CreateDatabase makes a database, as a copy of template unless that is "".
func (s *Server) CreateDatabase(ctx context.Context, name, template string) error {
	statement := `CREATE DATABASE ` + pq.QuoteIdentifier(name)
	if template != "" {
		statement += ` TEMPLATE ` + pq.QuoteIdentifier(template)
	}
	db, err := sql.Open("postgres", s.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(ctx, statement)
	return err
}

// HasDatabase tells whether there is a database of that name.
func (s *Server) HasDatabase(ctx context.Context, name string) (bool, error) {
	db, err := sql.Open("postgres", s.URL("postgres"))
	if err != nil {
		return false, err
	}
	defer func() { _ = db.Close() }()
	var found bool
	err = db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`, name).Scan(&found)
	return found, err
}

// Stop ends the server as an outage would: connections are cut, nothing is finished first. What was
// committed is there when StartAgain has run.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return nil
	}
	return s.end(ctx)
}

// end ends the process, for a caller that holds the lock.
func (s *Server) end(ctx context.Context) error {
	// PostgreSQL's immediate shutdown: it takes its children with it, which a kill would not.
	if err := s.process.Process.Signal(immediate); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	select {
	case <-s.exited:
	case <-ctx.Done():
		_ = s.process.Process.Kill()
		<-s.exited
	}
	s.process = nil
	return nil
}

// StartAgain starts the server on the port that it had, and returns when it answers.
func (s *Server) StartAgain(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		return nil
	}
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	settings := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"port":                    strconv.Itoa(s.port),
		"unix_socket_directories": "", // a socket's path has a length limit that a deep directory breaks
		"max_connections":         "300",
		"timezone":                "UTC",
	}
	if !s.config.Durable {
		// synchronous_commit stays on: without it an outage of PostgreSQL alone would lose commits.
		settings["fsync"], settings["full_page_writes"] = "off", "off"
		// What is thrown away needs no vacuum, for which a process is started every minute in each database:
		// https://www.postgresql.org/docs/16/routine-vacuuming.html#AUTOVACUUM
		settings["autovacuum"] = "off"
	}
	maps.Copy(settings, s.config.Settings)
	args := []string{"-D", s.dataDirectory()}
	for name, value := range settings {
		args = append(args, "-c", name+"="+value)
	}
	// postgres itself and not pg_ctl: a child's end is noticed, and there is nothing left to find.
	process := exec.Command(filepath.Join(s.binaries, "postgres"), args...)
	process.Stdout, process.Stderr = log, log
	process.Dir = s.directory
	s.account.run(process)
	started, exited := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // for dieWithParent: the thread ends with this goroutine, after PostgreSQL
		err := process.Start()
		started <- err
		if err == nil {
			_ = process.Wait()
			close(exited)
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("starting PostgreSQL: %w", err)
	}
	s.process, s.exited = process, exited
	if err := s.wait(ctx); err != nil {
		return errors.Join(err, s.end(context.WithoutCancel(ctx)))
	}
	return nil
}

// wait returns when the server answers a query.
func (s *Server) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	db, err := sql.Open("postgres", s.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("PostgreSQL ended while starting:\n%s", s.lastLog())
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL did not answer: %w\n%s", err, s.lastLog())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Close stops the server, and removes its files if they are temporary. It may be called twice.
func (s *Server) Close() error {
	err := s.Stop(context.Background())
	if s.temporary && s.directory != "" {
		err = errors.Join(err, os.RemoveAll(s.directory))
	}
	return err
}

func (s *Server) dataDirectory() string { return filepath.Join(s.directory, "data") }
func (s *Server) passwordFile() string  { return filepath.Join(s.directory, "password") }
func (s *Server) logFile() string       { return filepath.Join(s.directory, "postgres.log") }

// lastLog is the end of PostgreSQL's log.
func (s *Server) lastLog() string {
	text, err := os.ReadFile(s.logFile())
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}

func (s *Server) say(format string, args ...any) {
	if s.config.Progress != nil {
		_, _ = fmt.Fprintf(s.config.Progress, format+"\n", args...)
	}
}

// initialise makes the database cluster, unless the directory holds one.
func (s *Server) initialise(ctx context.Context) error {
	if err := os.MkdirAll(s.directory, 0o755); err != nil {
		return err
	}
	if major, err := os.ReadFile(filepath.Join(s.dataDirectory(), "PG_VERSION")); err == nil {
		return s.reuse(strings.TrimSpace(string(major)))
	}
	s.say("Making a database in %s", s.directory)
	s.password = rand.Text()
	if err := os.WriteFile(s.passwordFile(), []byte(s.password), 0o600); err != nil {
		return err
	}
	if err := os.MkdirAll(s.dataDirectory(), 0o700); err != nil {
		return err
	}
	if err := s.account.own(s.directory, s.dataDirectory(), s.passwordFile()); err != nil {
		return err
	}
	if err := s.account.reaches(s.binaries, s.directory); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	initdb := exec.CommandContext(ctx, filepath.Join(s.binaries, "initdb"), "-D", s.dataDirectory(), "-U", "postgres",
		"--pwfile="+s.passwordFile(), "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
	initdb.Dir = s.directory
	s.account.run(initdb)
	var said bytes.Buffer
	initdb.Stdout, initdb.Stderr = &said, &said
	if err := initdb.Run(); err != nil {
		return fmt.Errorf("initdb failed: %w\n%s", err, strings.TrimSpace(said.String()))
	}
	for name, content := range s.config.Files {
		file := filepath.Join(s.dataDirectory(), name)
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return err
		}
		if err := s.account.own(file); err != nil {
			return err
		}
	}
	return nil
}

// reuse checks that a kept directory is one of ours, of a version that these binaries can read.
func (s *Server) reuse(major string) error {
	if ours, _, _ := strings.Cut(s.version, "."); ours != major {
		return fmt.Errorf("%s holds a database of PostgreSQL %s, but version %s is what would run it; remove the directory or name another",
			s.directory, major, s.version)
	}
	password, err := os.ReadFile(s.passwordFile())
	if err != nil {
		return fmt.Errorf("%s holds a database, but not its password, so it was not made by this program; name another directory", s.directory)
	}
	s.password = string(password)
	return s.account.own(s.directory)
}

// The ports that are given are below the range from which systems take ports for outgoing connections: one of those could
// be gone by the time that a server wants it, or wants it back.
const lowestPort, portCount = 20000, 12000

// Other processes give the same ports, so that each begins somewhere else.
var (
	firstPort  = mathrand.Uint32N(portCount)
	portsGiven atomic.Uint32
)

// FreePort finds a TCP port of the loopback interface, from 20000 to 31999, that nobody listens on. What it has given it
// does not soon give again in this process, listened on or not.
func FreePort() (int, error) {
	const tries = 100
	for range tries {
		port := lowestPort + int((firstPort+portsGiven.Add(1))%portCount)
		if free, err := isFree(port); free || err != nil {
			return port, err
		}
	}
	return 0, fmt.Errorf("none of %d ports in a row from %d to %d is free on 127.0.0.1; see what listens there", tries, lowestPort, lowestPort+portCount-1)
}

// isFree listens on a port for a moment, and returns when nobody does any more: a process that is forked meanwhile holds the port, too,
// until it executes its program.
func isFree(port int) (bool, error) {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return false, nil // somebody listens there
	}
	if err := listener.Close(); err != nil {
		return false, err
	}
	const looks = 1000
	for range looks {
		connection, err := net.Dial("tcp", address)
		if err != nil {
			return true, nil
		}
		_ = connection.Close() // what it is told does not matter
		time.Sleep(time.Millisecond)
	}
	return false, nil
}
