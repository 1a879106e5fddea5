package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/lib/pq"

	"example.com/hookproof/pgserver"
)

// postgres is a private PostgreSQL which can be killed, stopped and frozen as a whole. It has synchronous_commit and no fsync:
// what a killed process has written is the kernel's to keep, with fsync or without; fsync is for a machine that loses power,
// which nothing here can do, and has every recovery wait for the disk.
type postgres struct {
	*pgserver.Server
	directory string

	mu     sync.Mutex
	frozen []int // processes that are stopped
}

func startPostgres(ctx context.Context, directory string) (*postgres, error) {
	server, err := pgserver.Start(ctx, pgserver.Config{Dir: directory})
	if err != nil {
		return nil, err
	}
	p := &postgres{Server: server, directory: directory}
	// An hour of rounds must not fill the disk with the log of what was dropped long ago.
	for _, setting := range []string{"max_wal_size = '128MB'", "log_min_messages = fatal", "log_min_error_statement = panic"} {
		if err := p.execute(ctx, `ALTER SYSTEM SET `+setting); err != nil {
			return nil, errors.Join(err, server.Close())
		}
	}
	return p, p.execute(ctx, `SELECT pg_reload_conf()`)
}

// execute runs one statement as the superuser.
func (p *postgres) execute(ctx context.Context, statement string) error {
	db, err := sql.Open("postgres", p.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(ctx, statement)
	return err
}

func (p *postgres) drop(ctx context.Context, name string) error {
	return p.execute(ctx, `DROP DATABASE IF EXISTS `+pq.QuoteIdentifier(name)+` WITH (FORCE)`)
}

// halt stops PostgreSQL's first process, so that no more are started, and answers the ids of all: the first, then the others.
// They are asked of the system, since one that is still signing somebody in is in no view of PostgreSQL's. One that is left alive
// may wait for ever for a lock of one that was killed, and keep a new PostgreSQL from starting.
func (p *postgres) halt(ctx context.Context) ([]int, error) {
	text, err := os.ReadFile(filepath.Join(p.directory, "data", "postmaster.pid"))
	if err != nil {
		return nil, err
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	postmaster, err := strconv.Atoi(string(first))
	if err != nil {
		return nil, fmt.Errorf("postmaster.pid does not begin with a process's id: %w", err)
	}
	if err := syscall.Kill(postmaster, syscall.SIGSTOP); err != nil {
		return nil, err
	}
	table, err := exec.CommandContext(context.WithoutCancel(ctx), "ps", "-A", "-o", "pid=", "-o", "ppid=").Output()
	if err != nil {
		_ = syscall.Kill(postmaster, syscall.SIGCONT)
		return nil, fmt.Errorf("ps, which lists PostgreSQL's processes: %w", err)
	}
	list := []int{postmaster}
	for line := range strings.Lines(string(table)) {
		var pid, parent int
		if _, err := fmt.Sscan(line, &pid, &parent); err == nil && parent == postmaster {
			list = append(list, pid)
		}
	}
	return list, nil
}

// kill ends every process without a warning, as the kernel does when memory is short, and starts PostgreSQL after a while: it
// recovers from its log.
func (p *postgres) kill(ctx context.Context, down time.Duration) error {
	list, err := p.halt(ctx)
	if err != nil {
		return err
	}
	for _, pid := range list {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	return p.restart(ctx, down)
}

// restart ends PostgreSQL at once, if it has not ended, and starts it after a while.
func (p *postgres) restart(ctx context.Context, down time.Duration) error {
	if err := p.Stop(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	pause(ctx, down)
	for deadline := time.Now().Add(time.Minute); ; {
		// What a killed postmaster left behind may take a moment to end, and keeps it from starting until then.
		err := p.StartAgain(ctx)
		if err == nil || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		pause(ctx, 200*time.Millisecond)
	}
}

// killBackend ends one process that serves a connection, after which PostgreSQL ends all others and recovers.
func (p *postgres) killBackend(ctx context.Context, database string) error {
	var pid int
	db, err := sql.Open("postgres", p.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	err = db.QueryRowContext(ctx, `SELECT pid FROM pg_stat_activity WHERE datname = $1 ORDER BY xact_start NULLS LAST LIMIT 1`, database).Scan(&pid)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // nobody is connected
	}
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	return p.await(ctx)
}

// await returns when PostgreSQL answers again after it has started its processes anew.
func (p *postgres) await(ctx context.Context) error {
	for deadline := time.Now().Add(time.Minute); ; {
		err := p.execute(ctx, `SELECT`)
		if err == nil || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		pause(ctx, 100*time.Millisecond)
	}
}

// freeze stops every process of PostgreSQL where it is, for a while: connections stay, and nobody answers.
func (p *postgres) freeze(ctx context.Context, long time.Duration) error {
	list, err := p.halt(ctx)
	if err != nil {
		return err
	}
	p.mu.Lock()
	for _, pid := range list {
		if syscall.Kill(pid, syscall.SIGSTOP) == nil {
			p.frozen = append(p.frozen, pid)
		}
	}
	p.mu.Unlock()
	pause(ctx, long)
	p.thaw()
	return nil
}

func (p *postgres) thaw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pid := range p.frozen {
		_ = syscall.Kill(pid, syscall.SIGCONT)
	}
	p.frozen = nil
}

// close ends PostgreSQL and removes its files.
func (p *postgres) close() error {
	p.thaw()
	return errors.Join(p.Close(), os.RemoveAll(p.directory))
}
