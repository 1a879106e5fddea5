package run

import (
	"fmt"
	"slices"

	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// shortened returns a finding in whose texts a life's phrases stand for their events, with what each phrase, and each instant that a state
// shows, stands for.
func shortened(l *life.Life, f result.Finding) result.Finding {
	var all []string
	short := func(text string) string {
		text, phrases := l.Short(text)
		for _, one := range phrases {
			if !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
		return text
	}
	texts := f.Why
	for _, state := range []result.State{f.Expected, f.Actual} {
		texts += fmt.Sprint(state)
	}
	f.Relation, f.Schedule, f.Why, f.Fix = short(f.Relation), short(f.Schedule), short(f.Why), short(f.Fix)
	f.NotRun, f.Infos = slices.Clone(f.NotRun), slices.Clone(f.Infos)
	for _, list := range [][]string{f.NotRun, f.Infos} {
		for n := range list {
			list[n] = short(list[n])
		}
	}
	f.Phrases = append(all, l.Instants(texts)...)
	return f
}

// progress returns what receives each finding as it is made; nil if nobody does.
func (p *pipeline) progress() func(result.Finding) {
	if p.options.Progress == nil {
		return nil
	}
	return func(f result.Finding) {
		f.Life = p.target.LifeName
		p.options.Progress(shortened(p.life, f))
	}
}

// report adds findings about the life to the report.
func (p *pipeline) report(report *result.Report, findings []result.Finding) {
	for _, f := range findings {
		f.Life = p.target.LifeName
		report.Findings = append(report.Findings, shortened(p.life, f))
	}
}
