package run

import (
	"cmp"
	"fmt"
	"strings"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/result"
)

// The instants of a life that say when a period ends: the first period's, and the one that an invoice has of its own, which is the end
// of the period in which its items were collected and no subscription's.
const (
	firstPeriodEnd   = "{{periodEnd.1}}"
	invoicePeriodEnd = "{{invoice.periodEnd}}"
	anyPeriodEnd     = "{{periodEnd."
)

// moves judges that the end of the first period is no longer there when a second one has begun. before is the state of the first.
func (o Outcome) moves(before normalized) Outcome {
	after := o.History.State
	o.Want = before
	shown := false
	for _, place := range sortedPlaces(before) {
		if inList.MatchString(place) || before[place] != quoted(firstPeriodEnd) {
			continue
		}
		if shown = true; after[place] == before[place] {
			return o.fails(wrongState, fmt.Sprintf("after %s, %s still is the end of the first period", o.Case.Left, nameOf(place)))
		}
	}
	for _, state := range []normalized{before, after} {
		own := state.only(func(_, value string) bool { return strings.Contains(value, anyPeriodEnd) })
		wrong := state.only(func(_, value string) bool { return strings.Contains(value, invoicePeriodEnd) })
		if len(own) == 0 && len(wrong) > 0 {
			return o.fails(wrongState, fmt.Sprintf("after %s, %s is the period_end of the invoice itself, which is when its items were collected: the line's period.end is the end of what was paid for", o.Case.Left, nameOf(sortedPlaces(wrong)[0])))
		}
	}
	if !shown {
		return o.notRun(&result.NotJudged{Kind: result.NothingToAsk, Text: "the state shows no end of a period"})
	}
	return o
}

// tells reports what a state shows beside another one: what the target's policy is.
func (o Outcome) tells(other normalized) Outcome {
	view := o.Case.viewOf(o.History.References)
	if view == nil {
		return o.notRun(&result.NotJudged{Kind: result.NothingToAsk, Text: nothingOf(o.Case.View)})
	}
	o.Seen, o.Want = view(o.History.State), view(other)
	what := cmp.Or(o.Case.View, "the state")
	o.Verdict, o.Why = result.Info, fmt.Sprintf("after %s %s is as after %s", o.Case.Left, what, orNothing(o.Case.Right))
	if !o.Seen.equal(o.Want) {
		o.Why = fmt.Sprintf("after %s %s is another: %s", o.Case.Left, what, o.Seen.describe(o.Want))
	}
	return o
}

func quoted(text string) string { return `"` + text + `"` }

// sortedPlaces returns a state's places, in order.
func sortedPlaces(c normalized) []string { return c.difference(nil) }

// outcomeReferences are the references from which the view "outcome" is learnt; nil if the life has no such refunds.
func outcomeReferences(c check.Check) []string {
	l := check.LifeOf(c)
	if !l.Knows("refund-10 refund-25") {
		return nil
	}
	grant := rolesOf(l).grant
	return []string{grant, grant + " refund-10", grant + " refund-25", grant + " refund-10 refund-25"}
}
