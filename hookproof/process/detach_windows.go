package process

import (
	"os/exec"
	"strconv"
	"syscall"
)

// detach gives a command a process group of its own.
func detach(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// end kills a process and those that it has started, if it is still there: Windows can ask only a program with a window to exit.
func end(pid int, _ bool) {
	_ = exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(pid)).Run() // an error is that it is not there
}

// remains reports whether one of them is there, which were killed.
func remains(int) bool { return false }

// group is the same as detach.
func group(c *exec.Cmd) { detach(c) }
