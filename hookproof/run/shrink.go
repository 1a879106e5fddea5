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

// shrink looks for the shortest schedule that still fails. It leaves out events that both sides deliver, then events that only one
// side delivers, and it lowers copies to two or to half. For a fault it looks for one message at which striking is enough. A schedule
// that breaks the relation in another way shows another fault, and is not taken.
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
			if again, failed := p.stillFails(ctx, candidate); failed && again.doubles() == o.doubles() {
				o, shorter = again, true
				break
			}
		}
	}
	return o, ctx.Err()
}

// stillFails reports whether a case fails, and returns the failed outcome. A case that cannot be executed does not fail.
func (p *pipeline) stillFails(ctx context.Context, c Case) (Outcome, bool) {
	outcomes, err := p.try(ctx, c)
	if err != nil || len(outcomes) == 0 {
		return Outcome{}, false
	}
	last := outcomes[len(outcomes)-1]
	return last, last.Verdict == result.Fail
}

// shrinkFault looks for one message at which striking is enough.
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

// at is the outcome of a fault that struck at one message of several.
func (o Outcome) at(message, of int) Outcome {
	o.Why = fmt.Sprintf("at message %d of %d: %s", message, of, o.Why)
	return o
}

// shrinksNoMore returns why nothing shorter is tried after that many tries; "" if it is.
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

// canGo are the verbs without which a schedule still says the same of the same events.
var canGo = []string{"again", "tie", "later", "awaited", "restart", "refused"}

// shorter returns the cases that are one step smaller and still to be demanded: first those with fewer events, then those with
// fewer copies.
func (c Case) shorter() []Case {
	if c.Counts != nil { // the counts hold for this schedule alone
		return nil
	}
	var list, fewer []Case
	for n := range c.Delivered {
		if one, demanded := c.withoutStep(n); demanded && one.Left != one.Right { // equal schedules break nothing
			list = append(list, one)
		}
		fewer = append(fewer, c.withFewerCopies(n)...)
	}
	return append(list, fewer...)
}

// withoutStep returns the case without a step of the delivered side, and without the step of the compared side that tells the same. It
// reports whether that is still to be demanded.
func (c Case) withoutStep(n int) (one Case, demanded bool) {
	step := c.Delivered[n]
	one = c.with(without(c.Delivered, n), c.Compared)
	copies := c.Delivered.Copies(step)
	at := slices.IndexFunc(c.Compared, step.Tells)
	switch {
	case step.Verb != "":
		return one, slices.Contains(canGo, step.Verb)
	case c.Op != "=" || c.Fixed:
		return one, false
	case step.Prepares():
		return one, true
	case !step.Genuine() || copies >= step.Copies+2: // it still comes several times
		return one, len(c.Delivered.Deliveries()) > 1
	case copies > step.Copies: // the copy, or the delivery that it copies
		return one, false
	case at < 0:
		return one, len(c.Delivered) > len(c.Compared)+1 && !(c.Whole && c.tellsOtherwise())
	}
	one = c.with(one.Delivered, without(c.Compared, at))
	return one, len(c.Compared.Deliveries()) > 1 && !c.Whole && !c.isAnchor(at)
}

// isAnchor reports whether a step of the compared side is its first event, and the delivered side has others of its own: an event that is
// too late after the first one may have an effect without it.
func (c Case) isAnchor(at int) bool {
	return len(c.Compared[:at].Deliveries()) == 0 && slices.ContainsFunc(c.Delivered, func(s check.Step) bool {
		return s.Verb == "" && !s.Prepares() && !slices.ContainsFunc(c.Compared, s.Tells)
	})
}

// withFewerCopies returns the case with two copies of a step, and with half of them.
func (c Case) withFewerCopies(n int) (list []Case) {
	step := c.Delivered[n]
	for _, copies := range []int{2, step.Copies / 2} {
		if copies < step.Copies && copies >= 2 && (!step.Together || copies >= c.MinCopies) {
			delivered := slices.Clone(c.Delivered)
			delivered[n].Copies = copies
			list = append(list, c.with(delivered, c.Compared))
		}
	}
	return list
}

// tellsOtherwise reports whether the compared side has events of its own: then each side tells a whole story, and none is the other one
// with something more.
func (c Case) tellsOtherwise() bool {
	return slices.ContainsFunc(c.Compared, func(s check.Step) bool { return s.Verb == "" && !c.Delivered.Has(s.Event) })
}

func without(s check.Schedule, n int) check.Schedule { return slices.Delete(slices.Clone(s), n, n+1) }
