package process

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Background is a program that is started and left running.
type Background struct {
	Command     []string          `json:"command"`
	Directory   string            `json:"directory,omitempty"` // from the target file's, which "" is
	Environment map[string]string `json:"env,omitempty"`       // in addition to hookproof's own
}

// Start starts the program in a session of its own, so that Ctrl-C at hookproof's terminal does not end it, and returns. Its standard error
// goes to a file; nil is nowhere.
func (b Background) Start(directory string, stderr *os.File) error {
	if len(b.Command) == 0 {
		return errors.New("background has no command")
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
	detach(c)
	if err := c.Start(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(b.Command, " "), err)
	}
	go func() { _ = c.Wait() }() // whether it listens is what counts; this only lets the system forget it when it ends
	return nil
}
