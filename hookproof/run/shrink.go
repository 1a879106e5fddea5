package run

import (
	"context"
	"fmt"
	"slices"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/result"
)

// mostShrinks is how many shorter schedules are tried.
const mostShrinks = 12

// shrink looks for the shortest schedule that still fails: what both sides deliver is left out of both, what only the one
// side delivers of that, and copies become two, or half as many. Of a fault it looks for the one message at which it is enough.
func (p *pipeline) shrink(ctx context.Context, o Outcome) (Outcome, error) {
	if o.Case.Fault != "" {
		return p.shrinkFault(ctx, o), ctx.Err()
	}
	tried := map[string]bool{o.Case.Relation.String(): true}
	for shorter := true; shorter; {
		shorter = false
		for _, candidate := range o.Case.shorter() {
			name := candidate.Relation.String()
			if tried[name] {
				continue
			}
			if o.shrinkStopped = p.shrinksNoMore(ctx, len(tried)); o.shrinkStopped != "" {
				return o, ctx.Err()
			}
			tried[name] = true
			if again, failed := p.stillFails(ctx, candidate); failed {
				o, shorter = again, true
				break
			}
		}
	}
	return o, ctx.Err()
}

// stillFails reports whether a case fails, and how. One that cannot be executed does not.
func (p *pipeline) stillFails(ctx context.Context, c Case) (Outcome, bool) {
	outcomes, err := p.try(ctx, c)
	if err != nil || len(outcomes) == 0 {
		return Outcome{}, false
	}
	last := outcomes[len(outcomes)-1]
	return last, last.Verdict == result.Fail
}

// shrinkFault finds the one message at which a fault is enough.
func (p *pipeline) shrinkFault(ctx context.Context, o Outcome) Outcome {
	if !check.Faults[o.Case.Fault].Placed || o.Case.Message > 0 {
		return o
	}
	messages := o.History.messages
	for at := 1; at <= messages && ctx.Err() == nil; at++ {
		if why := p.budget.spent(); why != nil {
			o.shrinkStopped = why.Text
			break
		}
		one := o.Case
		one.Message, one.AtOnce = at, true
		if again, failed := p.stillFails(ctx, one); failed {
			return again.at(at, messages)
		}
	}
	return o
}

// at is the outcome of a fault that struck at one of some messages.
func (o Outcome) at(message, of int) Outcome {
	o.Why = fmt.Sprintf("at message %d of %d: %s", message, of, o.Why)
	return o
}

// shrinksNoMore says why nothing shorter is looked for when so many have been tried; "" if it is.
func (p *pipeline) shrinksNoMore(ctx context.Context, tried int) string {
	switch why := p.budget.spentAfter(callsOfCase); {
	case ctx.Err() != nil:
		return "the run was ended"
	case tried > mostShrinks:
		return fmt.Sprintf("%d others were tried", mostShrinks)
	case why != nil:
		return why.Text
	}
	return ""
}

// shorter are the cases that are one step smaller, and still to be demanded: first those that leave something
// out, then those with fewer copies.
func (c Case) shorter() []Case {
	if c.Counts != nil { // which are of exactly this schedule
		return nil
	}
	var list, fewer []Case
	add := func(delivered, compared check.Schedule) {
		if delivered.String() != compared.String() { // which breaks nothing
			list = append(list, c.with(delivered, compared))
		}
	}
	for n, step := range c.Delivered {
		if step.Verb != "" {
			if slices.Contains([]string{"again", "tie", "later", "restart"}, step.Verb) {
				add(without(c.Delivered, n), c.Compared)
			}
			continue
		}
		for _, copies := range []int{2, step.Copies / 2} {
			if copies < step.Copies && copies >= 2 && (!step.Together || copies >= c.MinCopies) {
				delivered := slices.Clone(c.Delivered)
				delivered[n].Copies = copies
				fewer = append(fewer, c.with(delivered, c.Compared))
			}
		}
		if c.Op != "=" {
			continue
		}
		if step.Prepares() {
			add(without(c.Delivered, n), c.Compared)
			continue
		}
		if !step.Genuine() || c.Delivered.Copies(step) >= step.Copies+2 { // it is still told several times
			if len(c.Delivered) > 1 {
				add(without(c.Delivered, n), c.Compared)
			}
			continue
		}
		if c.Delivered.Copies(step) > step.Copies {
			continue // the copy, or what it is a copy of
		}
		at := slices.IndexFunc(c.Compared, step.Tells)
		// What comes too late for the compared side's first event may well have an effect without it.
		anchor := at == 0 && slices.ContainsFunc(c.Delivered, func(s check.Step) bool {
			return s.Verb == "" && !s.Prepares() && !slices.ContainsFunc(c.Compared, s.Tells)
		})
		if at >= 0 && len(c.Compared) > 1 && !c.Whole && !anchor {
			add(without(c.Delivered, n), without(c.Compared, at))
		}
		if at < 0 && len(c.Delivered) > len(c.Compared)+1 {
			add(without(c.Delivered, n), c.Compared)
		}
	}
	return append(list, fewer...)
}

func without(s check.Schedule, n int) check.Schedule { return slices.Delete(slices.Clone(s), n, n+1) }
