package main

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// about is what a line of the history is about: ids of bookings and sessions, names of attempts.
type about []string

// history is everything that was done and answered in a round, in order.
type history struct {
	began time.Time
	mu    sync.Mutex
	lines []line
}

type line struct {
	at    time.Duration
	about about
	text  string
}

func newHistory() *history { return &history{began: time.Now()} }

func (h *history) add(a about, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, line{time.Since(h.began), a, text})
}

// tell writes the lines about any of the names, and those that are about everything.
func (h *history) tell(w io.Writer, names ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.lines {
		if len(l.about) == 0 || slices.ContainsFunc(l.about, func(name string) bool { return name != "" && slices.Contains(names, name) }) {
			_, _ = fmt.Fprintf(w, "    %8.3fs  %s\n", l.at.Seconds(), l.text)
		}
	}
}
