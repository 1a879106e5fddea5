package run

import (
	"context"
	"fmt"
	"slices"
	"time"

	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// Observation is what a judge of the whole run looks at: every delivery that was made while nothing was made to fail.
type Observation struct {
	Deliveries []target.Delivery
	Flaky      string // what was seen of answers that change; ""
	Asked      bool   // that was looked for, and not seen
	Timings    target.Timings
}

// wholeRun are the judges of a whole run, by the names in the checks' rows. They are pure, as the judge of a case is.
var wholeRun = map[string]func(Observation) Sighting{
	"redirects": noRedirect, "rate limits": noRateLimit, "late answers": inTime, "flaky answers": steadyAnswers, "leaks": noLeak,
}

// judgeRun judges what the whole run has shown. What hangs on one moment is asked once more.
func (p *pipeline) judgeRun(ctx context.Context) error {
	for _, one := range p.plan.checks {
		if one.check.WholeRun == "" || one.reason != nil {
			continue
		}
		look := wholeRun[one.check.WholeRun]
		seen := look(p.observation())
		if seen.Verdict == result.Info && seen.again != nil {
			if err := seen.again(ctx, p, seen); err != nil {
				return err
			}
			seen = look(p.observation())
		}
		var with []string
		if len(seen.Deliveries) > 0 && !p.plan.delivers(one.check.Name, seen.Deliveries[0]) {
			if sender := p.plan.sending(seen.Deliveries[0]); sender != "" {
				with = []string{sender}
			}
		}
		p.results.sight(one.check.Name, seen, with)
	}
	return nil
}

// observation is the run so far.
func (p *pipeline) observation() Observation {
	o := Observation{Timings: p.timings}
	o.Flaky, o.Asked = p.flakiness.peek()
	p.mu.Lock()
	outages := slices.Clone(p.outages)
	p.mu.Unlock()
	for _, d := range p.journal.Deliveries() {
		if !slices.ContainsFunc(append(outages, p.faults), func(one period) bool { return one.overlaps(d) }) {
			o.Deliveries = append(o.Deliveries, d)
		}
	}
	return o
}

// Sighting is what a judge of the whole run came to, and the deliveries that show it.
type Sighting struct {
	Verdict    result.Verdict
	Why        string
	Deliveries []target.Delivery

	// again delivers what would tell more, where this hangs on one moment; nil where it does not.
	again func(context.Context, *pipeline, Sighting) error
}

// none passes where no delivery is as described.
func (o Observation) none(what string, is func(target.Delivery) bool) Sighting {
	var list []target.Delivery
	for _, d := range o.Deliveries {
		if is(d) {
			list = append(list, d)
		}
	}
	switch {
	case len(o.Deliveries) == 0:
		return Sighting{Verdict: result.NotRun, Why: "nothing was delivered while no fault was made"}
	case len(list) == 0:
		return Sighting{Verdict: result.Pass}
	}
	slices.SortStableFunc(list, func(a, b target.Delivery) int { return a.SentAt.Compare(b.SentAt) })
	first := list[0]
	return Sighting{Verdict: result.Fail, Deliveries: list,
		Why: fmt.Sprintf("%d of %d answers %s; the first was %s to %s, signed as %s", len(list), len(o.Deliveries), what, target.Said(first), first.Label, first.Sign)}
}

// seldom is none where a machine that stands still for a moment can be to blame: one such moment accuses nobody.
func (o Observation) seldom(what string, is func(target.Delivery) bool) Sighting {
	s := o.none(what, is)
	if s.Verdict == result.Fail && moments(s.Deliveries) == 1 {
		s.Verdict, s.Why = result.Info, s.Why+"; that happened at one moment of the run, and never again"
	}
	return s
}

// moments counts how often something happened to deliveries, which are in the order of their sending: to those that
// were in flight together it happened once.
func moments(list []target.Delivery) (count int) {
	var end time.Time
	for _, d := range list {
		if count == 0 || !d.SentAt.Before(end) {
			count++
		}
		if answered := d.SentAt.Add(d.Latency); answered.After(end) {
			end = answered
		}
	}
	return count
}

// askAgain delivers once more what a sighting is about, until one of that is late again: what is late each time may have
// been on its way at one moment only.
func askAgain(ctx context.Context, p *pipeline, seen Sighting) error {
	asked := map[string]bool{}
	for _, d := range seen.Deliveries {
		name := life.SpecOf(d.Label)
		if asked[name] || len(asked) == mostShown || p.budget.spent() != nil {
			continue
		}
		asked[name] = true
		w, label := p.facts.spec(name)
		e, err := eventOf(w, p.facts.sample, p.target, time.Now(), false)
		if err != nil {
			return err
		}
		if again := p.sender.Send(ctx, target.Outgoing{Event: e, Label: label, Sign: d.Sign}); again.Latency >= p.timings.TooSlow {
			break
		}
	}
	return ctx.Err()
}

func noRedirect(o Observation) Sighting {
	return o.none("were redirects", func(d target.Delivery) bool { return d.Status/100 == 3 })
}

func noRateLimit(o Observation) Sighting {
	return o.none("were 429, too many requests", func(d target.Delivery) bool { return d.Status == 429 })
}

func inTime(o Observation) Sighting {
	if s := o.seldom("took longer than "+o.timings().TooSlow.String(), func(d target.Delivery) bool { return d.Latency >= o.timings().TooSlow }); s.Verdict != result.Pass {
		s.again = askAgain
		return s
	}
	s := o.none("took longer than "+o.timings().Slow.String(), func(d target.Delivery) bool { return d.Latency >= o.timings().Slow })
	if s.Verdict == result.Fail {
		s.Verdict = result.Info
	}
	return s
}

// steadyAnswers finds events that were acknowledged, and fail when they come again.
func steadyAnswers(o Observation) Sighting {
	if o.Flaky != "" {
		return Sighting{Verdict: result.Fail, Why: o.Flaky}
	}
	acknowledged := map[string]time.Time{} // event to the end of its first ACK
	for _, d := range o.Deliveries {
		if at := d.SentAt.Add(d.Latency); d.EventID != "" && d.Genuine && d.Acknowledged() && (acknowledged[d.EventID].IsZero() || at.Before(acknowledged[d.EventID])) {
			acknowledged[d.EventID] = at
		}
	}
	failed := o.seldom("were failures of events that had been acknowledged", func(d target.Delivery) bool {
		before := acknowledged[d.EventID]
		return d.Genuine && d.Status/100 == 5 && !before.IsZero() && !d.SentAt.Before(before)
	})
	switch {
	case failed.Verdict != result.Fail:
	case o.always5xx(acknowledged, failed.Deliveries):
		failed = Sighting{Verdict: result.Pass} // a duplicate that is always refused has a check of its own
		if !o.Asked {
			failed.Verdict = result.Info // until an event was sent many times
		}
	case !slices.ContainsFunc(failed.Deliveries, func(d target.Delivery) bool { return !o.isSlowFailure(d) }):
		failed.Verdict, failed.Why = result.Info, failed.Why+"; each time "+slowFailure
	}
	silent := o.seldom("never came", func(d target.Delivery) bool { return d.Status == 0 })
	if result.Worse[silent.Verdict] > result.Worse[failed.Verdict] {
		failed = silent
	}
	failed.again = func(ctx context.Context, p *pipeline, _ Sighting) error {
		p.flaky(ctx)
		return ctx.Err()
	}
	return failed
}

// always5xx reports whether no event that failed after its ACK was ever acknowledged again.
func (o Observation) always5xx(acknowledged map[string]time.Time, failed []target.Delivery) bool {
	for _, d := range o.Deliveries {
		fails := slices.ContainsFunc(failed, func(f target.Delivery) bool { return f.EventID == d.EventID })
		if before := acknowledged[d.EventID]; fails && d.Genuine && d.Acknowledged() && !before.IsZero() && !d.SentAt.Before(before) {
			return false
		}
	}
	return true
}

func (o Observation) isSlowFailure(d target.Delivery) bool {
	return rules{timings: o.timings()}.isSlowFailure(d)
}

func (o Observation) timings() target.Timings { return o.Timings.OrDefault() }

// noLeak finds answers that show the target's inside. What was not looked at to its end proves nothing.
func noLeak(o Observation) Sighting {
	s := o.none("showed the target's internals", func(d target.Delivery) bool { return d.Inside != "" })
	if s.Verdict == result.Fail {
		s.Why += ": " + s.Deliveries[0].Inside
		return s
	}
	if long := o.none(fmt.Sprintf("were longer than %d KiB; the rest was not examined", target.MostRead>>10), func(d target.Delivery) bool { return d.Unread }); long.Verdict == result.Fail {
		long.Verdict = result.Info
		return long
	}
	return s
}
