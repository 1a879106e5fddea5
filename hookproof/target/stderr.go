package target

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
)

// lastWritten is how much of a process's standard error is looked at, in bytes. Node writes all members of an error behind its
// stack, which may be a whole client of a database.
const lastWritten = 64 << 10

// startLog is the standard error of what a start hook leaves behind: a file that it inherits, and that has no name.
type startLog struct {
	mu   sync.Mutex
	file *os.File
}

// run runs a start hook. What it leaves behind writes its standard error into the log, unless the hook leads that elsewhere.
func (l *startLog) run(ctx context.Context, f *file) error {
	fresh, err := os.CreateTemp("", "hookproof")
	if err != nil {
		return err
	}
	_ = os.Remove(fresh.Name()) // which a process that has it open does not mind; where that cannot be done, it stays
	l.mu.Lock()
	if l.file != nil {
		err = l.file.Close()
	}
	l.file = fresh
	l.mu.Unlock()
	hook := *f.Start
	hook.stderr = fresh
	return errors.Join(err, f.do(ctx, &hook))
}

// last is the end of what was written since the last start.
func (l *startLog) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return ""
	}
	return endOf(l.file, lastWritten)
}

// endOf is the end of a file, which goes on being written by others.
func endOf(file *os.File, most int64) string {
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
