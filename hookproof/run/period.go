package run

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/result"
)

// moves judges that what ended at an instant after it was bought ends later when it was paid for once more. before is the state before
// that. The life's roles say which instants are such ends, and which are taken for one by mistake.
func (o Outcome) moves(before normalized) Outcome {
	after, roles := o.History.State, check.LifeOf(o.Case.Check).Roles
	o.Want = before
	shown := false
	for _, place := range sortedPlaces(before) {
		if before.inLongList(place) || after.inLongList(place) || !slices.ContainsFunc(roles.Until, func(end string) bool { return before[place] == placeholder(end) }) {
			continue
		}
		if shown = true; after[place] == before[place] {
			o.Seen, o.Want = after.at(place), before.at(place)
			return o.fails(wrongState, fmt.Sprintf("after %s, %s is still %s, as after %s", o.Case.Left, nameOf(place), after.word(place), o.Case.Right))
		}
	}
	for _, state := range []normalized{before, after} {
		ends, mistaken := state.showing(roles.Until), state.showing(roles.NotUntil)
		if len(ends) == 0 && len(mistaken) > 0 {
			place := sortedPlaces(mistaken)[0]
			o.Seen, o.Want = state.at(place), normalized{}
			return o.fails(wrongState, fmt.Sprintf("after %s, %s is %s, and nothing shows when what was paid for ends", o.Case.Left, nameOf(place), state.word(place)))
		}
	}
	if !shown {
		return o.notRun(&result.NotJudged{Kind: result.NothingToAsk, Text: "the state does not show when what was paid for ends"})
	}
	return o
}

// inLongList reports whether a place is in a list that has not one element alone: which element of another state is the same, nobody knows.
func (c normalized) inLongList(place string) bool {
	_, list := elementOf(place)
	return inList.MatchString(place) && c.lengths()[list] != 1
}

// at returns the part of a state that is at a place.
func (c normalized) at(place string) normalized { return normalized{place: c[place]} }

// showing returns the part of a state that shows any of some instants, of the subject's own story or of a form's.
func (c normalized) showing(instants []string) normalized {
	return c.only(func(_, value string) bool {
		return slices.ContainsFunc(instants, func(name string) bool {
			return strings.Contains(value, "{{"+name+"}}") || strings.Contains(value, "."+name+"}}")
		})
	})
}

// showsDatesOnly reports whether a state shows nothing beside a fresh one but dates, and ids and texts that say nothing about a grant.
func (c normalized) showsDatesOnly(fresh normalized) bool {
	dated := false
	for _, place := range c.difference(fresh) {
		switch value := c[place]; {
		case strings.Contains(value, "{{"):
			dated = true
		case !isTrivial(value) && value != "true": // which may be computed from the date
			return false
		}
	}
	return dated
}

// tells reports what a state shows beside another one: what the target's policy is.
func (o Outcome) tells(other normalized) Outcome {
	view := o.Case.viewOf(o.History.References)
	if view == nil {
		return o.notRun(&result.NotJudged{Kind: result.NothingToAsk, Text: nothingOf(o.Case.View)})
	}
	o.Seen, o.Want = view(o.History.State), view(other)
	what := cmp.Or(o.Case.View, "the state")
	o.Verdict, o.Why = result.Info, fmt.Sprintf("%s after %s is as after %s", what, o.Case.Left, orNothing(o.Case.Right))
	if !o.Seen.equal(o.Want) {
		o.Why = fmt.Sprintf("%s after %s is not as after %s: %s", what, o.Case.Left, orNothing(o.Case.Right), o.Seen.describe(o.Want))
	}
	return o
}

// showsSome judges that a state shows at least one place of the access that another one gives.
func (o Outcome) showsSome(granted normalized) Outcome {
	view := o.Case.viewOf(o.History.References)
	if view == nil {
		return o.notRun(&result.NotJudged{Kind: result.NothingToAsk, Text: nothingOf(o.Case.View)})
	}
	o.Seen, o.Want = view(o.History.State), view(granted)
	for place, value := range o.Want {
		if o.Seen[place] == value {
			return o
		}
	}
	return o.fails(wrongState, fmt.Sprintf("after %s nothing shows access: %s", o.Case.Left, o.Seen.describe(o.Want)))
}

// adds judges that being paid once more has added as much as being paid did, or nothing. once is the state after the first payment.
func (o Outcome) adds(once normalized) Outcome {
	view := o.Case.viewOf(o.History.References)
	if view == nil {
		return o.notRun(&result.NotJudged{Kind: result.NothingToAsk, Text: nothingOf(o.Case.View)})
	}
	o.Seen, o.Want = view(o.History.State), view(once)
	fresh := view(o.History.References[""])
	for _, place := range o.Seen.difference(o.Want) {
		none, first, second := orZero(number(fresh, place)), number(o.Want, place), number(o.Seen, place)
		if first != nil && second != nil && *second-*first != *first-none {
			return o.fails(wrongState, fmt.Sprintf("%s has added %v to %s, and %s has added %v", o.Case.Right, *first-none, nameOf(place), strings.TrimPrefix(o.Case.Left, o.Case.Right+" "), *second-*first))
		}
	}
	return o
}

func orZero(n *float64) float64 {
	if n == nil {
		return 0
	}
	return *n
}

// sortedPlaces returns a state's places, in order.
func sortedPlaces(c normalized) []string { return c.difference(nil) }

// outcomeReferences are the references from which the view "outcome" is learnt; nil if the life has no such refunds.
func (c Case) outcomeReferences() []string {
	if !check.LifeOf(c.Check).Knows("refund-10 refund-25") {
		return nil
	}
	grant := c.roles().grant
	return []string{grant, grant + " refund-10", grant + " refund-25", grant + " refund-10 refund-25"}
}
