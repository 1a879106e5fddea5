package run

import (
	"cmp"
	"slices"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// plan is what a run is going to try.
type plan struct {
	checks []planned
	cases  map[check.Phase][]Case
}

// planned is a check with its number of cases.
type planned struct {
	check  check.Check
	cases  int
	reason *result.NotJudged // why it has no cases; nil if it has some, or if it judges the whole run
}

// phases are the phases after the calibration, in order, each with how many cases run at once.
var phases = []struct {
	phase  check.Phase
	name   string
	atOnce int
}{{check.Direct, "direct", 4}, {check.Shared, "shared", atMost}, {check.Crowded, "crowded", 1}, {check.Exclusive, "exclusive", 1}, {check.Poisoned, "poisoned", 1}, {check.Last, "overall", 1}}

// planFor plans the cases of checks, as far as the target offers what they need. An error is a mistake in a check's row.
func planFor(checks []check.Check, t *target.Target, known facts, options Options, minCopies int) (plan, error) {
	limit := check.UsualOrders
	if options.Thorough {
		limit = check.ThoroughOrders
	}
	p := plan{cases: map[check.Phase][]Case{}}
	for _, c := range checks {
		if t.Stripe != nil {
			c = c.WithAPI()
		}
		if missing := t.Missing(c.Needs()); len(missing) > 0 {
			p.checks = append(p.checks, planned{check: c, reason: &result.NotJudged{Kind: result.NoHook, Text: "needs " + t.Needed(missing[0]), Hooks: missing}})
			continue
		}
		cases, err := casesOf(c, limit, options.Seed)
		if err != nil {
			return p, err
		}
		why := ""
		askable := slices.DeleteFunc(slices.Clone(cases), func(one Case) bool {
			cannot := known.whyNotAsked(one.Delivered, t)
			why = cmp.Or(cannot, why)
			return cannot != ""
		})
		if known.isLate {
			for _, one := range askable {
				askable = append(askable, one.awaited()...)
			}
		}
		for _, one := range askable {
			one.Grants, one.NotAccess = t.Grants, t.NotAccess
			phase := one.phase()
			p.cases[phase] = append(p.cases[phase], one.crowded(minCopies))
		}
		entry := planned{check: c, cases: len(askable)}
		if len(cases) > 0 && len(askable) == 0 {
			entry.reason = &result.NotJudged{Kind: result.NothingToAsk, Text: why}
			if why == needsSubject {
				entry.reason = &result.NotJudged{Kind: result.NoHook, Text: why, Hooks: []string{"subject", "state"}}
			}
		}
		p.checks = append(p.checks, entry)
	}
	// Cases that restart come last: a process that has just started needs no time to recover.
	slices.SortStableFunc(p.cases[check.Exclusive], func(a, b Case) int { return cmp.Compare(a.restarts(), b.restarts()) })
	return p, nil
}

// phase is when the case runs. Only what the case itself delivers counts: most of a check's cases may run beside others.
func (c Case) phase() check.Phase {
	alone := c.Check
	alone.Relations = []check.Relation{c.Relation}
	return alone.Phase()
}

// awaited is the case with a pause after each event, if that may matter. A target whose effects come after its answers may sort what
// is waiting, and so hide what it does with a latecomer.
func (c Case) awaited() []Case {
	if c.Op != "=" || c.Fault != "" || c.Counts != nil || len(c.Delivered.Events()) < 2 || slices.ContainsFunc(c.Delivered, func(s check.Step) bool { return s.Overlaps() || s.Verb != "" && !s.IsMode() }) {
		return nil
	}
	c.Left = check.Beginning("awaited", c.Left)
	c.Delivered = c.Delivered.Under("awaited")
	return []Case{c}
}

// restarts is 1 for a case that stops and starts the target, else 0.
func (c Case) restarts() int {
	if c.Delivered.Verb("restart") || slices.Contains(check.Faults[c.Fault].Needs, "restart") {
		return 1
	}
	return 0
}

// waiting returns the cases of the shared phase that wait in their middle, and the others.
func (p plan) waiting() (slow, others []Case) {
	for _, c := range p.cases[check.Shared] {
		if c.Delivered.Verb("later") || c.Delivered.Verb("make") {
			slow = append(slow, c)
		} else {
			others = append(others, c)
		}
	}
	return slow, others
}

// sending returns the first check that delivers such an event and does not judge the whole run.
func (p plan) sending(d target.Delivery) string {
	for _, one := range p.checks {
		if p.delivers(one.check.Name, d) {
			return one.check.Name
		}
	}
	return ""
}

// delivers reports whether a check delivers such an event with such a signing.
func (p plan) delivers(row string, d target.Delivery) bool {
	for _, cases := range p.cases {
		for _, c := range cases {
			if c.Check.Name == row && slices.ContainsFunc(c.Delivered, func(s check.Step) bool {
				return s.Verb == "" && s.Event == life.SpecOf(d.Label) && event.OrGenuine(s.Sign) == d.Sign
			}) {
				return true
			}
		}
	}
	return false
}
