package process

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// UntilInterrupted returns a context that ends when the system asks this program to end: by Ctrl-C, by SIGTERM, or by SIGHUP, when its terminal
// is closed. nohup has SIGHUP ignored, and that stays so.
func UntilInterrupted() (ctx context.Context, stop context.CancelFunc) {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signal.NotifyContext(context.Background(), signals...)
}
