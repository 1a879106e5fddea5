package main

import (
	"bytes"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	// mostLogBytes is how much log is kept while standard output takes none: some 4,000 lines.
	mostLogBytes = 1 << 20
	// lastLogTime is how long an ending process waits for standard output to take what is kept.
	lastLogTime = 2 * time.Second
)

func newLog(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

// newServerLog returns a log that never blocks its callers, whether the output takes its lines or not.
func newServerLog(out io.Writer, level slog.Level) (*slog.Logger, *lineBuffer) {
	lines := newLineBuffer(out, mostLogBytes, func(missing uint64) []byte {
		var line bytes.Buffer
		newLog(&line, level).Warn("Log lines are missing here: the output did not take them", "lines", missing)
		return line.Bytes()
	})
	return newLog(lines, level), lines
}

// lineBuffer takes log lines at once and writes them with a goroutine of its own, so that an output that
// nobody reads stops nothing else. Lines stay whole and in order. When the buffer is full, and when the
// output fails, lines are dropped and counted, and once the output takes lines again a notice stands in
// the place of those that are missing. Safe for concurrent use.
type lineBuffer struct {
	out    io.Writer
	most   int // bytes that wait at most; as many again may be on their way to the output
	notice func(missing uint64) []byte
	ended  chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	work    sync.Cond
	waiting []byte // whole lines
	missing uint64 // lines dropped before those that wait, and not yet noted
	over    uint64 // lines dropped after those that wait
	dropped uint64 // lines dropped, in all
	failing bool   // the output's last answer was an error
	closed  bool

	cut []byte // of the goroutine: the rest of a line that the output took in part
}

func newLineBuffer(out io.Writer, most int, notice func(missing uint64) []byte) *lineBuffer {
	b := &lineBuffer{out: out, most: most, notice: notice, ended: make(chan struct{})}
	b.work.L = &b.mu
	go b.run()
	return b
}

// Write takes one line, or drops it. After the first that is dropped all are, until the output takes
// what waits: so the gap is in one place.
func (b *lineBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over > 0 || len(b.waiting)+len(line) > b.most {
		b.over++
		b.dropped++
	} else {
		b.waiting = append(b.waiting, line...)
	}
	b.work.Signal()
	return len(line), nil
}

// Dropped is how many lines have been dropped so far.
func (b *lineBuffer) Dropped() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dropped
}

// close ends the buffer. It waits until the output has taken what is kept, but no longer than patience.
func (b *lineBuffer) close(patience time.Duration) {
	b.mu.Lock()
	b.closed = true
	b.work.Signal()
	b.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-b.ended:
	case <-timer.C:
	}
}

func (b *lineBuffer) run() {
	defer close(b.ended)
	var lines []byte
	for {
		var missing uint64
		var more bool
		if lines, missing, more = b.next(lines); !more {
			return
		}
		if missing > 0 {
			if _, err := b.write(b.notice(missing)); err == nil {
				missing = 0
			}
		}
		lost, err := b.write(lines)
		b.wrote(missing, lost, err)
	}
}

// next waits for work and takes all of it: the lines that wait, and how many are missing before them.
// An output that fails is tried again with the next line, not before. The room of done is used again.
func (b *lineBuffer) next(done []byte) (lines []byte, missing uint64, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.waiting) == 0 && b.over == 0 && (b.missing == 0 || b.failing) {
		if b.closed {
			return nil, 0, false
		}
		b.work.Wait()
	}
	lines, missing = b.waiting, b.missing
	b.waiting, b.missing, b.over = done[:0], b.over, 0
	return lines, missing, true
}

// wrote keeps account of what the output did not take.
func (b *lineBuffer) wrote(missing, lost uint64, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.missing += missing + lost
	b.dropped += lost
	b.failing = err != nil
}

// write answers how many of the lines the output did not take. A line that it took in part is finished
// the next time, before all others.
func (b *lineBuffer) write(lines []byte) (lost uint64, err error) {
	if len(b.cut) > 0 {
		lines = append(b.cut, lines...)
	}
	if len(lines) == 0 {
		return 0, nil
	}
	n, err := b.out.Write(lines)
	if err == nil {
		b.cut = nil
		return 0, nil
	}
	rest := lines[n:]
	if begun := n > 0 && lines[n-1] != '\n' || n == 0 && len(b.cut) > 0; begun {
		end := bytes.IndexByte(rest, '\n') + 1
		b.cut, rest = bytes.Clone(rest[:end]), rest[end:]
	} else {
		b.cut = nil
	}
	return uint64(bytes.Count(rest, []byte("\n"))), err
}
