package run

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// Observation is what a judge of the whole run looks at: every delivery that was made without a fault.
type Observation struct {
	Deliveries []target.Delivery
	Flaky      string // how the target's answers change; "" if they do not
	Asked      bool   // changing answers were looked for and not found
	Timings    target.Timings
}

// wholeRun are the judges of a whole run, by the names in the checks' rows. They are pure functions, as the judge of a case is.
var wholeRun = map[string]func(Observation) Sighting{
	"redirects": noRedirect, "rate limits": noRateLimit, "late answers": inTime, "flaky answers": steadyAnswers, "leaks": noLeak,
}

// judgeRun judges what the whole run has shown. A failure at a single moment is tried once more.
func (p *pipeline) judgeRun(ctx context.Context) error {
	run := p.observation()
	for _, one := range p.plan.checks {
		if one.check.WholeRun == "" || one.reason != nil {
			continue
		}
		look := wholeRun[one.check.WholeRun]
		seen := look(run)
		if seen.Verdict == result.Info && seen.again != nil {
			if err := seen.again(ctx, p, seen); err != nil {
				return err
			}
			run = p.observation()
			seen = look(run)
		}
		var with []string
		if len(seen.Deliveries) > 0 && !p.plan.delivers(one.check.Name, seen.Deliveries[0]) {
			if sender := p.plan.sending(seen.Deliveries[0]); sender != "" {
				with = []string{sender}
			}
		}
		p.results.addSighting(one.check.Name, seen, with)
	}
	return nil
}

// observation returns the run so far.
func (p *pipeline) observation() Observation {
	o := Observation{Timings: p.timings}
	o.Flaky, o.Asked = p.flakiness.peek()
	p.mu.Lock()
	outages, unanswerable := slices.Clone(p.outages), maps.Clone(p.unanswerable)
	p.mu.Unlock()
	faults := append(outages, p.faults)
	o.Deliveries = slices.DeleteFunc(p.journal.Deliveries(), func(d target.Delivery) bool {
		return unanswerable[d.EventID] || slices.ContainsFunc(faults, func(one period) bool { return one.overlaps(d) })
	})
	return o
}

// Sighting is what a judge of the whole run came to, and the deliveries that show it.
type Sighting struct {
	Verdict    result.Verdict
	Why        string
	Deliveries []target.Delivery

	// again delivers the same events once more, if the failure was seen at a single moment; else nil.
	again func(context.Context, *pipeline, Sighting) error
}

// passIfNone returns a pass if no delivery is as described, and else a failure.
func (o Observation) passIfNone(what string, is func(target.Delivery) bool) Sighting {
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

// passIfOneMoment is none, but one moment does not fail a target: the whole machine may have stood still.
func (o Observation) passIfOneMoment(what string, is func(target.Delivery) bool) Sighting {
	s := o.passIfNone(what, is)
	if s.Verdict == result.Fail && moments(s.Deliveries) == 1 {
		s.Verdict, s.Why = result.Info, s.Why+"; that happened at one moment of the run, and never again"
	}
	return s
}

// moments counts the times at which something happened to deliveries, which are in the order of sending. Deliveries that were in
// flight together count once.
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

// askAgain delivers each event of a sighting once more, until one of them is late again. Events that are late each time may all
// have been in flight at one moment.
func askAgain(ctx context.Context, p *pipeline, seen Sighting) error {
	asked := map[string]bool{}
	for _, d := range seen.Deliveries {
		name := life.SpecOf(d.Label)
		if asked[name] || len(asked) == mostShown || p.budget.spent() != nil {
			continue
		}
		asked[name] = true
		w, label := p.spec(name)
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
	return o.passIfNone("were redirects", func(d target.Delivery) bool { return d.Status/100 == 3 })
}

func noRateLimit(o Observation) Sighting {
	return o.passIfNone("were 429, too many requests", func(d target.Delivery) bool { return d.Status == 429 })
}

func inTime(o Observation) Sighting {
	if s := o.passIfOneMoment("took longer than "+o.timings().TooSlow.String(), func(d target.Delivery) bool { return d.Latency >= o.timings().TooSlow }); s.Verdict != result.Pass {
		s.again = askAgain
		return s
	}
	s := o.passIfNone("took longer than "+o.timings().Slow.String(), func(d target.Delivery) bool { return d.Latency >= o.timings().Slow })
	if s.Verdict == result.Fail {
		s.Verdict = result.Info
	}
	return s
}

// steadyAnswers looks for events that were acknowledged and fail when they come again.
func steadyAnswers(o Observation) Sighting {
	if o.Flaky != "" {
		return Sighting{Verdict: result.Fail, Why: o.Flaky}
	}
	acknowledged := map[string]time.Time{} // event id to the end of its first ACK
	for _, d := range o.Deliveries {
		if at := d.SentAt.Add(d.Latency); d.EventID != "" && d.Genuine && d.Acknowledged() && (acknowledged[d.EventID].IsZero() || at.Before(acknowledged[d.EventID])) {
			acknowledged[d.EventID] = at
		}
	}
	failed := o.passIfOneMoment("were failures of events that had been acknowledged", func(d target.Delivery) bool {
		before := acknowledged[d.EventID]
		return d.Genuine && d.Status/100 == 5 && !before.IsZero() && !d.SentAt.Before(before)
	})
	switch {
	case failed.Verdict != result.Fail:
	case o.always5xx(acknowledged, failed.Deliveries):
		failed = Sighting{Verdict: result.Pass} // a duplicate that is always refused is judged by a check of its own
		if !o.Asked {
			failed.Verdict = result.Info // not known until one event was sent many times
		}
	case !slices.ContainsFunc(failed.Deliveries, func(d target.Delivery) bool { return !o.isSlowFailure(d) }):
		failed.Verdict, failed.Why = result.Info, failed.Why+"; each time "+slowFailure
	}
	silent := o.passIfOneMoment("never came", func(d target.Delivery) bool { return d.Status == 0 })
	if result.Worse[silent.Verdict] > result.Worse[failed.Verdict] {
		failed = silent
	}
	failed.again = func(ctx context.Context, p *pipeline, _ Sighting) error {
		p.flaky(ctx)
		return ctx.Err()
	}
	return failed
}

// always5xx reports whether none of the events that failed after an ACK was ever acknowledged again.
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

// noLeak looks for answers that show the target's internals. An answer that was not read to its end proves nothing.
func noLeak(o Observation) Sighting {
	s := o.passIfNone("showed the target's internals", func(d target.Delivery) bool { return d.Inside != "" })
	if s.Verdict == result.Fail {
		s.Why += ": " + s.Deliveries[0].Inside
		return s
	}
	if long := o.passIfNone(fmt.Sprintf("were longer than %d KiB; the rest was not examined", target.MostRead>>10), func(d target.Delivery) bool { return d.Unread }); long.Verdict == result.Fail {
		long.Verdict = result.Info
		return long
	}
	return s
}
