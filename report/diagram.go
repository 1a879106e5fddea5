package report

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"example.com/hookproof/hookproof"
)

// diagram is a timeline drawn as a sequence: hookproof's lifeline on the left, the target's on the right,
// time downwards but not to scale. Lengths are in the drawing's own units, about a pixel each.
type diagram struct {
	Width   int
	Height  int
	Pixels  int // how wide it is shown, where there is room
	Left    int // the lifelines' places
	Right   int
	Moments []moment
	Bars    []activity
}

// moment is one thing that happens: a delivery is sent or answered, a fault strikes, or rows are folded.
type moment struct {
	Kind  string // sent, answered, lost, fault, gap
	Y     int
	Row   row
	Lines []line // of a fault
	Tip   int    // where the target's end of the arrow is
	Quiet bool
	order hookproof.Millis
	bar   int // index of its activity
}

// line is a line of text, as far below the moment as it says.
type line struct {
	Y    int
	Text string
}

// activity is how long the target worked on a delivery.
type activity struct {
	X, Y, Height int
	Answered     bool
	from, to     hookproof.Millis
	lane         int
}

const (
	leftLine   = 76
	rightLine  = 420
	laneWidth  = 9
	lanes      = 12 // that are drawn apart; more copies share the last
	topLine    = 20
	lineHeight = 15
	faultWidth = 48 // letters of a fault in a line
)

// heights are how much room each kind of moment takes above it.
var heights = map[string]int{"sent": 42, "answered": 40, "lost": 40, "fault": 34, "gap": 30}

// draw lays a timeline out; nil if there is nothing to draw.
func draw(timeline []hookproof.Sent) *diagram {
	if len(timeline) == 0 {
		return nil
	}
	d := &diagram{Left: leftLine, Right: rightLine}
	for _, r := range rows(timeline) {
		d.add(r)
	}
	slices.SortStableFunc(d.Moments, func(a, b moment) int {
		switch {
		case a.order < b.order:
			return -1
		case a.order > b.order:
			return 1
		}
		return 0
	})
	y := topLine
	for i := range d.Moments {
		m := &d.Moments[i]
		y += heights[m.Kind]
		m.Y, m.Tip = y, rightLine
		y += max(len(m.Lines)-1, 0) * lineHeight
		if m.bar < 0 {
			continue
		}
		bar := &d.Bars[m.bar]
		m.Tip = bar.X
		switch m.Kind {
		case "sent":
			bar.Y = y
		case "answered", "lost":
			bar.Height = y - bar.Y
		}
	}
	d.Height = y + 28
	d.Width = rightLine + 24
	for _, bar := range d.Bars {
		d.Width = max(d.Width, bar.X+2*laneWidth)
	}
	d.Pixels = d.Width * 118 / 100
	return d
}

// add makes the moments of one row.
func (d *diagram) add(r row) {
	switch {
	case r.Alike > 0:
		d.Moments = append(d.Moments, moment{Kind: "gap", Row: r, order: r.At, bar: -1})
		return
	case r.Event == "":
		d.Moments = append(d.Moments, strike(r))
		return
	}
	bar := activity{from: r.At, to: r.At + r.Latency, Answered: r.Status != 0}
	for d.taken(bar) && bar.lane < lanes-1 {
		bar.lane++
	}
	bar.X = rightLine + bar.lane*laneWidth - 4
	d.Bars = append(d.Bars, bar)
	at := len(d.Bars) - 1
	d.Moments = append(d.Moments, moment{Kind: "sent", Row: r, Quiet: r.Sign == "genuine", order: r.At, bar: at})
	if r.Fault != "" {
		d.Moments = append(d.Moments, strike(r))
	}
	end := moment{Kind: "answered", Row: r, order: bar.to, bar: at}
	if r.Status == 0 {
		end.Kind = "lost"
	}
	d.Moments = append(d.Moments, end)
}

// strike is the moment of a row's fault.
func strike(r row) moment {
	m := moment{Kind: "fault", Row: r, order: r.At, bar: -1}
	for i, text := range strings.Split(ansi.Wrap("✕ "+clean(r.Fault), faultWidth, ""), "\n") {
		m.Lines = append(m.Lines, line{i * lineHeight, text})
	}
	return m
}

func (d *diagram) taken(bar activity) bool {
	return slices.ContainsFunc(d.Bars, func(other activity) bool {
		return other.lane == bar.lane && other.from < bar.to && bar.from < other.to
	})
}

// Class is how an answer is coloured.
func (m moment) Class() string {
	if m.Row.Status/100 == 2 {
		return "ack"
	}
	return "refusal"
}

// At is when the moment is, since the first delivery.
func (m moment) At() hookproof.Millis { return m.order }

// Clip is text that fits the drawing; the table has all of it.
func (m moment) Clip(text string, letters int) string {
	runes := []rune(text)
	if len(runes) <= letters {
		return text
	}
	return string(runes[:letters-1]) + "…"
}
