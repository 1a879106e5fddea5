package hookproof

import (
	"cmp"
	"slices"
)

// plan is what a run is going to try.
type plan struct {
	checks []planned
	cases  map[Phase][]Case
}

// planned is a check, with how many cases it has come to.
type planned struct {
	check  Check
	cases  int
	reason *reason // why there are none; nil where there are, and where the whole run is judged
}

// phases are what runs after the calibration, in this order, with how many cases at once.
var phases = []struct {
	phase  Phase
	name   string
	atOnce int
}{{Direct, "direct", 4}, {Shared, "shared", atMost}, {Crowded, "crowded", 1}, {Exclusive, "exclusive", 1}, {Poisoned, "poisoned", 1}, {Last, "overall", 1}}

// How many orders of a life are tried: all of four events, or of six.
const (
	usualOrders    = 24
	thoroughOrders = 720
)

// planFor plans the cases of checks, as far as the target can be asked. An error is a mistake in a check's row.
func planFor(checks []Check, target *Target, known facts, options Options, minCopies int) (plan, error) {
	limit := usualOrders
	if options.Thorough {
		limit = thoroughOrders
	}
	p := plan{cases: map[Phase][]Case{}}
	for _, c := range checks {
		if missing := target.missing(c.Needs()); len(missing) > 0 {
			p.checks = append(p.checks, planned{check: c, reason: &reason{kind: NoHook, text: "needs " + hookNames[missing[0]], hooks: missing}})
			continue
		}
		cases, err := c.cases(limit, options.Seed)
		if err != nil {
			return p, err
		}
		why := ""
		askable := slices.DeleteFunc(slices.Clone(cases), func(one Case) bool {
			cannot := known.unaskable(one.Delivered, target)
			why = cmp.Or(cannot, why)
			return cannot != ""
		})
		for _, one := range askable {
			p.cases[c.Phase()] = append(p.cases[c.Phase()], one.crowded(minCopies))
		}
		entry := planned{check: c, cases: len(askable)}
		if len(cases) > 0 && len(askable) == 0 {
			entry.reason = &reason{kind: NothingToAsk, text: why}
			if why == needsSubject {
				entry.reason = &reason{kind: NoHook, text: why, hooks: []string{"subject", "state"}}
			}
		}
		p.checks = append(p.checks, entry)
	}
	// The process that is started last needs no time to recover.
	slices.SortStableFunc(p.cases[Exclusive], func(a, b Case) int { return cmp.Compare(a.restarts(), b.restarts()) })
	return p, nil
}

// restarts is 1 for a case that has the target stopped and started, else 0.
func (c Case) restarts() int {
	if c.Delivered.verb("restart") || slices.Contains(faults[c.Fault].needs, "restart") {
		return 1
	}
	return 0
}

// waiting are the cases of the shared phase that wait in their middle, and the others.
func (p plan) waiting() (slow, others []Case) {
	for _, c := range p.cases[Shared] {
		if c.Delivered.verb("later") || c.Delivered.verb("make") {
			slow = append(slow, c)
		} else {
			others = append(others, c)
		}
	}
	return slow, others
}

// sending is the first check that delivers such an event, beside those that judge the whole run.
func (p plan) sending(d Delivery) string {
	for _, one := range p.checks {
		if p.delivers(one.check.Name, d) {
			return one.check.Name
		}
	}
	return ""
}

// delivers tells whether a check delivers such an event, signed so.
func (p plan) delivers(check string, d Delivery) bool {
	for _, cases := range p.cases {
		for _, c := range cases {
			if c.Check.Name == check && slices.ContainsFunc(c.Delivered, func(s Step) bool {
				return s.Verb == "" && s.Event == specOf(d.Label) && orGenuine(s.Sign) == d.Sign
			}) {
				return true
			}
		}
	}
	return false
}
