//go:build !linux && !windows

package pgserver

import "syscall"

// dieWithParent is a service of Linux alone.
func dieWithParent(*syscall.SysProcAttr) {}
