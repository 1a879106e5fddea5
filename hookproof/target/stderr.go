package target

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
)

// lastWritten is how much of a process's standard error is read, in bytes. Node writes all members of an error after its stack,
// which may include a whole database client.
const lastWritten = 64 << 10

// startLog is the standard error of the process that a start hook leaves behind: a file that the process inherits, without a name.
type startLog struct {
	mu   sync.Mutex
	file *os.File
}

// run runs a start hook. The process that it leaves behind writes its standard error into the log, unless the hook redirects it.
func (l *startLog) run(ctx context.Context, f *file, hook Hook) error {
	fresh, err := os.CreateTemp("", "hookproof")
	if err != nil {
		return err
	}
	_ = os.Remove(fresh.Name()) // the process that has it open can still write; if removing fails, the file stays
	l.mu.Lock()
	if l.file != nil {
		err = l.file.Close()
	}
	l.file = fresh
	l.mu.Unlock()
	hook.stderr = fresh
	return errors.Join(err, f.do(ctx, &hook))
}

// last returns the end of what was written since the last start.
func (l *startLog) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return ""
	}
	return tail(l.file, lastWritten)
}

// tail returns the end of a file to which others may still write.
func tail(file *os.File, most int64) string {
	info, err := file.Stat()
	if err != nil {
		return ""
	}
	from := max(0, info.Size()-most)
	raw, err := io.ReadAll(io.NewSectionReader(file, from, most))
	if err != nil {
		return ""
	}
	return string(raw)
}
