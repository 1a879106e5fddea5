package target

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"

	"example.com/hookproof/hookproof/process"
)

// lastWritten is how much of a process's standard error is read, in bytes. Node writes all members of an error after its stack,
// which may include a whole database client.
const lastWritten = 64 << 10

// starter runs a start hook. It keeps the standard error of the process that the hook leaves behind, a file that the process inherits, without a
// name; and the session in which the hook and what it has started run.
type starter struct {
	mu      sync.Mutex
	file    *os.File
	session *process.Session
}

// run runs a start hook. The process that it leaves behind writes its standard error into the file, unless the hook redirects it.
func (s *starter) run(ctx context.Context, f *file, hook Hook) error {
	fresh, err := os.CreateTemp("", "hookproof")
	if err != nil {
		return err
	}
	_ = os.Remove(fresh.Name()) // the process that has it open can still write; if removing fails, the file stays
	s.mu.Lock()
	if s.file != nil {
		err = s.file.Close()
	}
	s.file, s.session = fresh, nil
	s.mu.Unlock()
	hook.start = s
	return errors.Join(err, f.do(ctx, &hook))
}

// runs notes the session of a hook that is about to run.
func (s *starter) runs(session *process.Session) {
	s.mu.Lock()
	s.session = session
	s.mu.Unlock()
}

// end ends what the last run has started.
func (s *starter) end(ctx context.Context) {
	s.mu.Lock()
	session := s.session
	s.session = nil
	s.mu.Unlock()
	if session != nil {
		session.End(ctx, DefaultTimings.EndProcess)
	}
}

// last returns the end of what was written since the last start.
func (s *starter) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return ""
	}
	return tail(s.file, lastWritten)
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
