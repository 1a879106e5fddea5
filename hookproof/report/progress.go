package report

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/charmbracelet/x/ansi"

	"example.com/hookproof/hookproof/result"
)

// Progress writes about a run while it goes on: a line for each phase, or on a terminal one line that is rewritten. If it is
// verbose, it writes a line for each finding as well; on a terminal only failures stay. It is safe for concurrent use. It ignores
// errors of writing: the report comes later.
type Progress struct {
	mu     sync.Mutex
	out    io.Writer
	style  Style
	each   bool // findings have a line each
	phase  string
	counts map[result.Verdict]int
	last   string // the last check
}

// NewProgress writes to out, which should not be where the report goes.
func NewProgress(out io.Writer, s Style, verbose bool) *Progress {
	return &Progress{out: out, style: s, each: verbose, counts: map[result.Verdict]int{}}
}

// Phase writes what the run is about to do.
func (p *Progress) Phase(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.phase = phaseText(name)
	if !p.style.Terminal {
		p.print("-- " + p.phase + "\n")
		return
	}
	p.status()
}

// Finding writes what a check came to.
func (p *Progress) Finding(f result.Finding) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[f.Verdict]++
	p.last = clean(f.Check)
	switch {
	case p.style.Terminal && (f.Verdict != result.Fail || !p.each):
		p.status()
		return
	case !p.each:
		return
	}
	line := p.style.paint(hues[f.Verdict], pad(string(f.Verdict), len(result.NotRun))) + "  " + p.last + "  " + formatDuration(f.Took)
	if f.Verdict != result.Pass && f.Why != "" {
		line += "  " + clean(f.Why)
	}
	if p.style.Terminal {
		p.print("\r\x1b[2K" + p.fitted(line) + "\n")
		p.status()
		return
	}
	p.print(line + "\n")
}

// Done removes the status line. The progress must not be used afterwards.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.style.Terminal {
		p.print("\r\x1b[2K")
	}
}

// status rewrites the status line.
func (p *Progress) status() {
	var parts []string
	for _, v := range verdicts {
		if n := p.counts[v]; n > 0 {
			parts = append(parts, p.style.paint(hues[v], fmt.Sprintf("%d %s", n, words[v])))
		}
	}
	line := p.style.paint(bold, p.phase) + "  " + strings.Join(parts, ", ") + "  " + p.style.paint(faint, p.last)
	p.print("\r\x1b[2K" + p.fitted(line))
}

// fitted cuts a line to the width: a wrapped line could not be rewritten.
func (p *Progress) fitted(line string) string { return ansi.Truncate(line, p.style.width()-1, "…") }

func (p *Progress) print(text string) { _, _ = io.WriteString(p.out, text) }
