package main

import (
	"bytes"
	"fmt"
	"html"
	"strings"
)

// panel is one chart, with a bar for each server. The bars of different panels have different scales.
type panel struct {
	title string
	bars  []bar
}

type bar struct {
	label string
	value Spread
}

// The sizes of the picture, in pixels.
const (
	pictureWidth = 960
	columnWidth  = 464
	margin       = 16
	labelWidth   = 106
	barsWidth    = 240
	lineHeight   = 20
	barHeight    = 12
	titleHeight  = 22
	panelGap     = 14
	headHeight   = 62
	footHeight   = 48
)

// style sets the colours for light and dark systems. The picture has its own background, because the colours of a page may differ
// from those of the system.
const style = `
  text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
  .head { font-size: 15px; font-weight: 600 } .title { font-weight: 600 } .small { fill: #59636e }
  .ground { fill: #ffffff; stroke: #d1d9e0 } .spread { stroke: #1f2328; stroke-width: 1 }
  .pgbench { fill: #b7bdc5 } .booking-server { fill: #0969da } .express-pg { fill: #bf8700 } .express-prisma { fill: #8250df }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .small { fill: #9198a1 } .ground { fill: #0d1117; stroke: #3d444d } .spread { stroke: #f0f6fc }
    .pgbench { fill: #656c76 } .booking-server { fill: #4493f8 } .express-pg { fill: #d29922 } .express-prisma { fill: #ab7df8 }
  }`

// picture draws a report as an SVG image.
func picture(r Report) []byte {
	left, right := fastPanels(r), smallPanels(r)
	height := headHeight + max(columnHeight(left), columnHeight(right)) + footHeight
	var out bytes.Buffer
	write := func(format string, args ...any) { _, _ = fmt.Fprintf(&out, format+"\n", args...) }
	write(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-labelledby="what">`,
		pictureWidth, height, pictureWidth, height)
	write(`<title id="what">The booking server beside pgbench and two Node.js servers: rates, latency, processor time, memory, start</title>`)
	write(`<style>%s`+"\n</style>", style)
	write(`<rect class="ground" x="0.5" y="0.5" width="%d" height="%d" rx="6"/>`, pictureWidth-1, height-1)
	for column, panels := range [][]panel{left, right} {
		x, y := margin+column*columnWidth, headHeight
		head, note := "Deliveries a second, 32 connections", "longer is better"
		if column == 1 {
			head, note = "What it takes", "shorter is better"
		}
		write(`<text class="head" x="%d" y="30">%s</text><text class="small" x="%d" y="48">%s</text>`, x, head, x, note)
		for _, p := range panels {
			p.draw(write, x, y)
			y += p.height()
		}
	}
	write(`<text class="small" x="%d" y="%d">%s.</text>`,
		margin, height-30, html.EscapeString(r.circumstances()))
	write(`<text class="small" x="%d" y="%d">Medians of %d × %g s, lines from the least to the greatest. Bars compare within a chart.</text>`,
		margin, height-13, r.Rounds, r.Seconds)
	write(`</svg>`)
	return out.Bytes()
}

// fastPanels returns the panels of the rates over 32 connections, one for each mix.
func fastPanels(r Report) []panel {
	var panels []panel
	for _, m := range mixes {
		p := panel{title: m.name + ": " + m.about}
		for _, row := range r.Rows {
			if row.Mix == m.name && row.Connections == 32 {
				p.bars = append(p.bars, bar{row.Server, row.Rate})
			}
		}
		panels = appendFilled(panels, p)
	}
	return panels
}

// smallPanels returns the panels of figures that should be small.
func smallPanels(r Report) []panel {
	rows := func(title, mix string, connections int, value func(Row) Spread) panel {
		p := panel{title: title}
		for _, row := range r.Rows {
			if row.Mix == mix && row.Connections == connections {
				p.bars = append(p.bars, bar{row.Server, value(row)})
			}
		}
		return p
	}
	single := func(v float64) Spread { return Spread{v, v, v} }
	memory, ready := panel{title: "resident memory at the end, MiB"}, panel{title: "from start to ready, ms"}
	for _, s := range r.Servers {
		memory.bars = append(memory.bars, bar{s.Name, single(s.Resident)})
		ready.bars = append(ready.bars, bar{s.Name, s.Ready})
	}
	var panels []panel
	for _, p := range []panel{
		rows("p99 of unique, 8 connections, ms", "unique", 8, func(r Row) Spread { return single(r.Latency.P99) }),
		rows(fmt.Sprintf("a burst's backlog drained over %d connections, s", crowd), "burst", crowd, func(r Row) Spread {
			if r.Drain == nil {
				return Spread{}
			}
			return *r.Drain
		}),
		rows("the server's CPU for 1000 unique, 32 connections, s", "unique", 32, func(r Row) Spread { return single(r.CPU) }),
		memory, ready,
	} {
		panels = appendFilled(panels, p)
	}
	return panels
}

// appendFilled leaves out bars without a figure, and panels without bars.
func appendFilled(panels []panel, p panel) []panel {
	var bars []bar
	for _, b := range p.bars {
		if b.value.Median > 0 {
			bars = append(bars, b)
		}
	}
	if len(bars) == 0 {
		return panels
	}
	p.bars = bars
	return append(panels, p)
}

func (p panel) height() int { return titleHeight + len(p.bars)*lineHeight + panelGap }

func columnHeight(panels []panel) int {
	height := 0
	for _, p := range panels {
		height += p.height()
	}
	return height
}

func (p panel) draw(write func(string, ...any), x, y int) {
	write(`<text class="title" x="%d" y="%d">%s</text>`, x, y+14, html.EscapeString(p.title))
	greatest := 0.0
	for _, b := range p.bars {
		greatest = max(greatest, b.value.Max)
	}
	at := func(v float64) float64 { return float64(x+labelWidth) + v/greatest*barsWidth }
	for i, b := range p.bars {
		top := y + titleHeight + i*lineHeight
		middle := float64(top) + barHeight/2 + 0.5
		write(`<text class="small" x="%d" y="%d">%s</text>`, x, top+barHeight-1, html.EscapeString(b.label))
		write(`<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>`, b.label, x+labelWidth, top, max(1, at(b.value.Median)-float64(x+labelWidth)), barHeight)
		if b.value.Max > b.value.Min {
			write(`<line class="spread" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, at(b.value.Min), middle, at(b.value.Max), middle)
		}
		write(`<text x="%.1f" y="%d">%s</text>`, at(b.value.Max)+8, top+barHeight-1, figure(b.value.Median))
	}
}

// figure formats a number with two or three significant digits, and separates the thousands.
func figure(v float64) string {
	if v < 100 {
		return fmt.Sprintf("%.2g", v)
	}
	digits := fmt.Sprintf("%.0f", v)
	var out strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out.WriteRune('\u202f')
		}
		out.WriteRune(d)
	}
	return out.String()
}
