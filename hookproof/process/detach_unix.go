//go:build unix

package process

import (
	"os/exec"
	"syscall"
)

// detach gives a command a session of its own.
func detach(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// group gives a command a process group of its own.
func group(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// end signals all processes of the group that begins with a process, also when that one has ended.
func end(pid int, kill bool) {
	signal := syscall.SIGTERM
	if kill {
		signal = syscall.SIGKILL
	}
	_ = syscall.Kill(-pid, signal) // none is there any more
}

// remains reports whether one of them is there.
func remains(pid int) bool { return syscall.Kill(-pid, 0) == nil }
