//go:build unix

package main

import (
	"fmt"
	"syscall"
)

// enoughFiles makes sure that there are descriptors for both ends of the connections.
func enoughFiles() error {
	const needed = 4096
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Cur < needed { // Go has raised it as far as it can
		return fmt.Errorf("a process may have %d files open here; ulimit -n must say %d or more", limit.Cur, needed)
	}
	return nil
}
