package run

import (
	"fmt"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/result"
)

// references are the schedules whose states a case is compared with.
func (c Case) references() []string {
	var list []string
	switch c.Op {
	case "=":
		list = append(append(list, c.Right), c.Or...)
	case "≠", "∋", "adds", "moves", "tells":
		list = append(list, c.Left, c.Right)
	case "∌":
		list = append(list, "", c.base(), c.Right)
		if notYet := c.roles().notYet; notYet != "" && c.base() == "" && !slices.ContainsFunc(strings.Fields(notYet), c.Delivered.Has) { // the schedule under test cannot be its own excuse
			list = append(list, notYet)
		}
	}
	evidence, asked := c.Conditions()
	for _, one := range []*check.Condition{evidence, asked} {
		if one != nil {
			list = append(list, one.Left, one.Right)
		}
	}
	return list
}

// unhandled returns the event type of a case that the target file lists under unhandled. The relation would demand an effect of
// that type, or is evidence only if the state shows one.
func (c Case) unhandled(types []string) string {
	var depends []check.Step
	switch {
	case c.Op == "":
		return c.unhandledAnswer(types)
	case c.Op == "∌" && c.If == "":
		return ""
	case c.Op == "≠":
		depends = slices.Concat(c.Delivered.Without(c.Compared), c.Compared.Without(c.Delivered))
	case c.Op == "=" && len(c.Compared.Without(c.Delivered)) == 0:
		// the delivered side has more events, which must change nothing: ignoring them is right
	default:
		depends = slices.Concat(c.Delivered, c.Compared)
	}
	evidence, asked := c.Conditions()
	for _, one := range []*check.Condition{evidence, asked} {
		if one != nil && !one.Equal {
			depends = slices.Concat(c.onlyIn(one.Left, one.Right), depends)
		}
	}
	for _, s := range depends {
		if s.Verb == "" && slices.Contains(types, s.Spec.Type) {
			return s.Spec.Type
		}
	}
	return ""
}

// onlyIn returns the deliveries of a schedule whose events another one does not have.
func (c Case) onlyIn(left, right string) check.Schedule {
	one, err := check.ParseSchedule(check.LifeOf(c.Check), left)
	if err != nil {
		return nil // a row's, and a test goes through all rows
	}
	other, err := check.ParseSchedule(check.LifeOf(c.Check), right)
	if err != nil {
		return nil
	}
	return one.Without(other)
}

// compareStates judges a history's state by the states that the case compares it with.
func compareStates(o Outcome) Outcome {
	c, h := o.Case, o.History
	if h.Lost != "" {
		return o.lost(h.Lost)
	}
	if why := c.unmet(h); why != nil {
		return o.notRun(why)
	}
	switch right := h.References[c.Right]; c.Op {
	case "=":
		return o.isAsAfter(right)
	case "≠":
		return o.isOtherThanAfter(right)
	case "∋":
		return o.showsSome(right)
	case "adds":
		return o.adds(right)
	case "moves":
		return o.moves(right)
	case "tells":
		return o.tells(right)
	case "∌":
		return o.showsNothing()
	}
	return o
}

// isAsAfter demands the same state as after another schedule.
func (o Outcome) isAsAfter(right normalized) Outcome {
	c, h := o.Case, o.History
	view := c.viewOf(h.References)
	if view == nil {
		return o.notRun(&result.NotJudged{Kind: result.NothingToAsk, Text: nothingOf(c.View)})
	}
	o.Seen, o.Want = view(h.State), view(right)
	places := o.Seen.difference(o.Want)
	switch {
	case len(places) == 0 || slices.ContainsFunc(c.Or, func(right string) bool { return o.Seen.equal(view(h.References[right])) }):
		return o
	case perObjectOnly(places, o.Seen, h):
		return o.notRun(result.NoEvidenceOf(fmt.Sprintf("two subjects differ at %s; if that is correct, %s", strings.Join(places, ", "), toIgnore(o.Seen, o.Want))))
	case h.Forgetful && h.restarted() && !h.State.keeps(right, h.References[""]):
		return o.lost(h.State.describe(right))
	case h.Unlearnt != nil: // the difference may be at a place that the view would leave out
		return o.notRun(h.Unlearnt)
	}
	return o.differs(fmt.Sprintf("after %s, %s%s", h.Schedule, o.Seen.describe(o.Want), c.mayCount(o.Seen, o.Want)))
}

// isOtherThanAfter demands another state than after another schedule.
func (o Outcome) isOtherThanAfter(right normalized) Outcome {
	c, h := o.Case, o.History
	o.Want = right
	switch {
	case !h.State.equal(right):
		return o
	case c.comparesTheEnd() && right.showsDatesOnly(h.References[""]):
		return o.notRun(&result.NotJudged{Kind: result.NothingToAsk, Text: "a date is all that the state shows of being paid, and may end it by itself"})
	}
	return o.differs(fmt.Sprintf("after %s the state is the same as after %s", c.Left, orNothing(c.Right)))
}

// showsNothing demands a state with nothing that the right schedule brought after the common beginning.
func (o Outcome) showsNothing() Outcome {
	c, h := o.Case, o.History
	o.Want = h.References[c.base()]
	why, repeated := c.shows(h)
	if why != "" {
		return o.fails(wrongState, why)
	}
	if len(repeated) > 0 {
		return o.notRun(result.NoEvidenceOf(c.mayRepeat(h.State, repeated)))
	}
	return o
}

// unmet returns why a case proves nothing, since what it depends on does not hold; nil if it does.
func (c Case) unmet(h History) *result.NotJudged {
	evidence, asked := c.Conditions()
	switch {
	case evidence != nil && !c.holds(evidence, h):
		return result.NoEvidenceOf(notShown(check.LifeOf(c.Check), evidence.Left, evidence.Right))
	case asked == nil || c.holds(asked, h):
		return nil
	case asked.Equal:
		return &result.NotJudged{Kind: result.NothingToAsk, Text: fmt.Sprintf("%s leaves something of its own in what is compared", asked.Left)}
	}
	return &result.NotJudged{Kind: result.NothingToAsk, Text: fmt.Sprintf("the state is the same after %s as after %s", asked.Left, orNothing(asked.Right))}
}

// holds reports whether what a case depends on is so. That states are equal is asked of the part that is compared.
func (c Case) holds(one *check.Condition, h History) bool {
	left, right := h.References[one.Left], h.References[one.Right]
	if view := c.viewOf(h.References); one.Equal && view != nil {
		left, right = view(left), view(right)
	}
	return left.equal(right) == one.Equal
}

// nothingOf returns why a view cannot be compared.
func nothingOf(view string) string {
	switch {
	case view == "taken":
		return "the state shows nothing that a dispute takes"
	case view == "kept", view == "counted", view == "texts":
		return "the state shows nothing of what is asked about"
	case strings.Contains(view, "access"):
		return "the state shows nothing that being paid brings and its end takes, so access cannot be judged"
	case view == "grants":
		return "the target file's grants names no place of the state to which being paid adds"
	}
	return "the state has nothing of " + check.Parts[view]
}

// differs fails a case whose state is wrong, or reports it if the relation is only worth knowing.
func (o Outcome) differs(why string) Outcome {
	if o.Case.Info {
		o.Verdict, o.Why = result.Info, why
		return o
	}
	return o.fails(wrongState, why)
}

// perObjectOnly reports whether a state differs only at per-object places, and holds there what may be its subject's own.
func perObjectOnly(places []string, seen normalized, h History) bool {
	return len(h.PerObject) > 0 && !slices.ContainsFunc(places, func(place string) bool {
		return !slices.Contains(h.PerObject, place) || !mayBePerObject(seen[place], h.Subject)
	})
}

// lost fails a case whose restart lost the target's state.
func (o Outcome) lost(why string) Outcome {
	h := o.History
	what := h.Schedule
	if o.Case.Fault != "" {
		what += ", " + o.Case.Fault
	}
	was := ""
	if h.Before != nil {
		was = ", which was " + h.Before.String() + " before the restart"
	}
	o.Want = h.Before
	return o.fails(stateLost, fmt.Sprintf("after %s the state is lost%s: %s", what, was, why))
}

func orNothing(schedule string) string {
	if schedule == "" {
		return "nothing"
	}
	return schedule
}
