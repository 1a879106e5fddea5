package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"example.com/hookproof/hookproof/result"
)

// diagram is a timeline drawn as a sequence: hookproof's lifeline on the left, the target's on the right, time downwards but not
// to scale. Lengths are in units of about a pixel. The drawing is as narrow as a phone's screen, where text must still be
// readable, so a text that is too long is wrapped.
type diagram struct {
	Width   int
	Height  int
	Pixels  int // the width at which it is shown, if there is room
	Left    int // of the lifelines
	Right   int
	Middle  int
	From    int // where text begins and ends between the lifelines
	To      int
	Moments []moment
	Bars    []activity
}

// moment is one thing that happens: a delivery is sent or answered, a fault strikes, or rows are left out.
type moment struct {
	Kind  string // sent, answered, lost, fault, gap
	Y     int
	Row   result.Row
	Above []line // text over the arrow; all the text of a fault or of left-out rows
	Below []line // text under the arrow
	Sign  line   // how the delivery is signed
	Tip   int    // the arrow's end at the target
	Quiet bool
	order result.Millis
	bar   int // index of its activity
}

// line is a line of text at a distance below its moment.
type line struct {
	Y    int
	Text string
}

// activity is the time in which the target worked on a delivery.
type activity struct {
	X, Y, Height int
	Answered     bool
	from, to     result.Millis
	lane         int
}

const (
	leftLine   = 12
	rightLine  = 292
	textMargin = 16 // between a lifeline and text
	laneWidth  = 8
	lanes      = 5 // drawn side by side; more copies share the last lane
	topLine    = 30
	lineHeight = 15
	momentGap  = 14 // between two moments
)

// How many letters fit into a line: between the lifelines, and beside a time.
const (
	wholeLine  = 34
	besideTime = 23
)

// draw draws a timeline; nil if there is nothing to draw.
func draw(timeline []result.Sent) *diagram {
	if len(timeline) == 0 {
		return nil
	}
	d := &diagram{Left: leftLine, Right: rightLine, Middle: (leftLine + rightLine) / 2, From: leftLine + textMargin, To: rightLine - textMargin}
	for _, r := range result.Rows(timeline) {
		d.add(r)
	}
	slices.SortStableFunc(d.Moments, func(a, b moment) int { return cmp.Compare(a.order, b.order) })
	y := topLine
	for i := range d.Moments {
		m := &d.Moments[i]
		y += momentGap + len(m.Above)*lineHeight
		m.Y, m.Tip = y, rightLine
		y += len(m.Below) * lineHeight
		if m.bar < 0 {
			continue
		}
		bar := &d.Bars[m.bar]
		m.Tip = bar.X
		switch m.Kind {
		case "sent":
			bar.Y = m.Y
		case "answered", "lost":
			bar.Height = m.Y - bar.Y
		}
	}
	d.Height = y + momentGap
	d.Width = rightLine + leftLine
	for _, bar := range d.Bars {
		d.Width = max(d.Width, bar.X+2*laneWidth)
	}
	d.Pixels = d.Width * 12 / 10
	return d
}

// add adds the moments of one row.
func (d *diagram) add(r result.Row) {
	if r.Event == "" {
		text, kind := "✕ "+instant(r.At)+": "+clean(r.Fault), "fault"
		switch {
		case r.More > 0:
			text, kind = "… "+r.Gap(), "gap"
		case r.Done != "":
			text, kind = "• "+instant(r.At)+": "+clean(r.Done), "gap"
		}
		d.Moments = append(d.Moments, moment{Kind: kind, Row: r, Above: above(text, wholeLine), order: r.At, bar: -1})
		return
	}
	bar := activity{from: r.At, to: r.At + r.Slowest, Answered: r.Status != 0}
	for d.taken(bar) && bar.lane < lanes-1 {
		bar.lane++
	}
	bar.X = rightLine + bar.lane*laneWidth - 4
	d.Bars = append(d.Bars, bar)
	at := len(d.Bars) - 1
	d.Moments = append(d.Moments, sentMoment(r, at))
	if r.Fault != "" {
		d.add(result.Row{Sent: result.Sent{At: r.At, Fault: r.Fault}})
	}
	answer := fmt.Sprintf("%d: %s", r.Number, r.Answer())
	if r.Alike > 1 {
		answer = fmt.Sprintf("%d × %s", r.Alike, r.Answer())
	}
	end := moment{Kind: "answered", Row: r, Above: above(answer+" after "+took(r), besideTime), order: bar.to, bar: at}
	if r.Status == 0 {
		end.Kind = "lost"
	}
	d.Moments = append(d.Moments, end)
}

// sentMoment returns the moment of a sent delivery: our word over the arrow; Stripe's type, the event's id and the signing under
// it.
func sentMoment(r result.Row, bar int) moment {
	m := moment{Kind: "sent", Row: r, Quiet: r.Sign == "genuine", order: r.At, bar: bar}
	word := r.Event
	if r.Alike > 1 {
		word = fmt.Sprintf("%d × %s", r.Alike, word)
	}
	m.Above = above(word, besideTime)
	var below []string
	if r.Sent.Name() != r.Event {
		below = wrapped(r.Type, wholeLine)
	}
	if id, sign := clean(idOf(r)), clean(r.Sign); ansi.StringWidth(id+" "+sign) > wholeLine {
		below = append(append(below, wrapped(id, wholeLine)...), wrapped("signed as "+sign, wholeLine)...)
	} else {
		below = append(below, id)
		m.Sign = line{len(below) * lineHeight, sign}
	}
	for i, text := range below {
		m.Below = append(m.Below, line{(i + 1) * lineHeight, text})
	}
	return m
}

// above returns lines of text that end above a moment.
func above(text string, letters int) []line {
	texts := wrapped(text, letters)
	lines := make([]line, len(texts))
	for i, text := range texts {
		lines[i] = line{(i-len(texts)+1)*lineHeight - 5, text}
	}
	return lines
}

// wrapped breaks text into lines of so many letters. Long words, such as an event's type, are broken at their punctuation.
func wrapped(text string, letters int) []string {
	return strings.Split(ansi.Wrap(clean(text), letters, "._/-"), "\n")
}

func (d *diagram) taken(bar activity) bool {
	return slices.ContainsFunc(d.Bars, func(other activity) bool {
		return other.lane == bar.lane && other.from < bar.to && bar.from < other.to
	})
}

// Class returns the class that colours an answer.
func (m moment) Class() string {
	if m.Row.Status/100 == 2 {
		return "ack"
	}
	return "refusal"
}

// First reports whether a line is the moment's first.
func (m moment) First(l line) bool { return l == m.Above[0] }

// At returns the time since the first delivery.
func (m moment) At() result.Millis { return m.order }
