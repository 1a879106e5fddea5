package process

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// Background is a program that is started and left running.
type Background struct {
	Command     []string          `json:"command"`
	Directory   string            `json:"directory,omitempty"` // from the target file's, which "" is
	Environment map[string]string `json:"env,omitempty"`       // in addition to hookproof's own
}

// Start starts the program in a session of its own, so that Ctrl-C at hookproof's terminal does not end it, and returns. Its standard error
// goes to a file; nil is nowhere.
func (b Background) Start(directory string, stderr *os.File) (*Session, error) {
	if len(b.Command) == 0 {
		return nil, errors.New("background has no command")
	}
	c := exec.Command(b.Command[0], b.Command[1:]...) // and no context: it outlives whoever starts it
	c.Dir = directory
	if b.Directory != "" {
		c.Dir = b.Directory
		if !filepath.IsAbs(b.Directory) {
			c.Dir = filepath.Join(directory, b.Directory)
		}
	}
	c.Env = os.Environ()
	for _, name := range slices.Sorted(maps.Keys(b.Environment)) {
		c.Env = append(c.Env, name+"="+b.Environment[name])
	}
	if stderr != nil {
		c.Stderr = stderr
	}
	s := SessionOf(c)
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", Shown(b.Command), err)
	}
	go func() { _ = c.Wait() }() // whether it listens is what counts; this only lets the system forget it when it ends
	return s, nil
}

// Session is a command that runs in a session or a group of its own, with all that it starts there.
type Session struct{ command *exec.Cmd }

// SessionOf gives a command that is not started yet a session of its own.
func SessionOf(c *exec.Cmd) *Session {
	detach(c)
	return &Session{c}
}

// GroupOf gives a command that is not started yet a group of its own, in this program's session: it keeps the terminal, and so what
// sudo remembers of it.
func GroupOf(c *exec.Cmd) *Session {
	group(c)
	return &Session{c}
}

// End asks all processes of the session to exit, and kills those that have not done so in time. What has left the session stays.
func (s *Session) End(ctx context.Context, wait time.Duration) {
	if s.command.Process == nil { // it was never started
		return
	}
	pid := s.command.Process.Pid
	end(pid, false)
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for tick := time.NewTicker(wait / 30); remains(pid); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			end(pid, true)
			return
		}
	}
}
