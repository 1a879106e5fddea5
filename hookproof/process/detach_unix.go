//go:build unix

package process

import (
	"os/exec"
	"syscall"
)

// detach gives a command a session of its own.
func detach(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
