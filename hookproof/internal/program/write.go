package program

import (
	"os"
	"syscall"
)

// Write writes a file that is about to be started. While a file is open for writing it cannot be started ("text file busy"), and a
// process that another goroutine forks meanwhile would hold it open until it becomes another program; so nothing is forked meanwhile.
func Write(file string, text []byte, mode os.FileMode) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(file, text, mode)
}
