package report_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
)

func text(t *testing.T, r result.Report, s report.Style) string {
	t.Helper()
	return written(t, func(w io.Writer, r result.Report) error { return report.Text(w, r, s) }, r)
}

func TestTextFitsItsWidth(t *testing.T) {
	t.Parallel()
	for name, r := range samples() {
		for _, width := range []int{0, 40, 60, 100, 200} {
			room := width
			if width == 0 {
				room = 80
			}
			for line := range strings.Lines(text(t, r, report.Style{Width: width})) {
				if !strings.Contains(line, " --only ") { // which is to be copied in one piece
					require.LessOrEqual(t, ansi.StringWidth(strings.TrimSuffix(line, "\n")), room, "%s at %d: %q", name, width, line)
				}
			}
		}
	}
}

func TestTextColoursOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	plain, coloured := text(t, sample(), report.Style{Width: 90}), text(t, sample(), report.Style{Width: 90, Color: true})
	require.NotContains(t, plain, "\x1b")
	require.Contains(t, coloured, "\x1b[31m")
	require.Equal(t, plain, ansi.Strip(coloured), "colour changes nothing else")
}

// TestTextIsHarmless: what a target answers must not move the cursor of whoever reads it.
func TestTextIsHarmless(t *testing.T) {
	t.Parallel()
	for _, r := range text(t, hostile(), report.Style{}) {
		require.False(t, r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)), "%q", r)
	}
}

func TestTimelinesAreFolded(t *testing.T) {
	t.Parallel()
	r := result.Report{Findings: []result.Finding{{Check: "a/b", Demand: "x", Verdict: result.Fail, Why: "y"}}}
	several := func(n int) string {
		r.Findings[0].Timeline = nil
		for range n {
			r.Findings[0].Timeline = append(r.Findings[0].Timeline, sent(0, "evt_1", "genuine", 200, 1))
		}
		return text(t, r, report.Style{Width: 120})
	}
	require.Equal(t, 3, strings.Count(several(3), "evt_1"))
	require.NotContains(t, several(3), "×")
	require.Equal(t, 1, strings.Count(several(50), "evt_1"))
	require.Contains(t, several(50), "50 × paid (checkout.session.completed)  evt_1  genuine  → 200, 1.0 ms to 1.0 ms, ∥ 49 others")
	for i := range 100 { // none like the one before
		r.Findings[0].Timeline = append(r.Findings[0].Timeline, sent(0, "evt_1", "genuine", 200+i, 1))
	}
	require.Contains(t, text(t, r, report.Style{Width: 120}), "more rows, in the JSON report")

	r.Findings[0].Timeline = nil
	for i := range 50 { // one fact under many ids
		r.Findings[0].Timeline = append(r.Findings[0].Timeline, sent(0, fmt.Sprintf("evt_%d", i), "genuine", 200, 1))
	}
	require.Contains(t, text(t, r, report.Style{Width: 120}), "50 × paid (checkout.session.completed)  50 ids  genuine")
}

func TestStyleOfAFileIsPlain(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	require.Equal(t, report.Style{}, report.StyleOf(f, false))
}

func TestProgressOnAPlainOutput(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := report.NewProgress(&out, report.Style{}, true)
	p.Phase("direct")
	p.Finding(passed("authenticity/genuine", "x", 12, 1))
	p.Finding(result.Finding{Check: "order/life", Verdict: result.NotRun, Why: "the target\nhas no state"})
	p.Finding(result.Finding{Check: "order/tie", Verdict: result.Fail, Why: "it was lost", Took: 3})
	p.Done()
	require.Equal(t, "-- answers\n"+
		"pass     authenticity/genuine  12 ms\n"+
		"not-run  order/life  0.0 ms  the target has no state\n"+
		"fail     order/tie  3.0 ms  it was lost\n", out.String())
}

func TestProgressIsQuiet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		style report.Style
		want  string
	}{
		{report.Style{}, "-- answers\n-- effects\n"},
		{report.Style{Terminal: true, Width: 50}, "\r\x1b[2Kanswers    \r\x1b[2Kanswers  1 failed  order/tie\r\x1b[2Keffects  1 failed  order/tie\r\x1b[2K"},
	} {
		var out bytes.Buffer
		p := report.NewProgress(&out, c.style, false)
		p.Phase("direct")
		p.Finding(result.Finding{Check: "order/tie", Verdict: result.Fail, Why: "it was lost"})
		p.Phase("shared")
		p.Done()
		require.Equal(t, c.want, out.String())
	}
}

func TestProgressOnATerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	const wipe = "\r\x1b[2K"
	p := report.NewProgress(&out, report.Style{Terminal: true, Width: 50}, true)
	p.Phase("direct")
	p.Finding(passed("authenticity/genuine", "x", 12, 1))
	p.Finding(result.Finding{Check: "order/tie", Verdict: result.Fail, Why: strings.Repeat("long ", 30)})
	p.Done()
	lines := strings.Split(out.String(), wipe)
	require.Len(t, lines, 6)
	require.Equal(t, "answers  1 passed  authenticity/genuine", lines[2])
	require.True(t, strings.HasPrefix(lines[3], "fail     order/tie  0.0 ms  long"), "a failure stays")
	require.True(t, strings.HasSuffix(lines[3], "…\n"), "a line that wraps could not be rewritten")
	require.Equal(t, "answers  1 failed, 1 passed  order/tie", lines[4])
	require.Empty(t, lines[5], "nothing of it is left")
	require.Equal(t, 1, strings.Count(out.String(), "\n"))
}

func TestProgressIsConcurrent(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := report.NewProgress(&out, report.Style{}, true)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() { p.Finding(passed("a/b", "x", 1, 1)) })
	}
	group.Wait()
	require.Equal(t, strings.Repeat("pass     a/b  1.0 ms\n", 20), out.String())
}
