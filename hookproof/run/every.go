package run

import (
	"cmp"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/result"
)

// together returns the outcome that decides a check's verdict. If every relation of the check is tried, it has the reasons and
// deliveries of all outcomes with that verdict.
func (e *entry) together() Outcome {
	worst := e.worst()
	if !e.check.Every || worst.Reason != nil {
		return worst
	}
	alike := inOrder(slices.DeleteFunc(e.asked(), func(o Outcome) bool { return o.Verdict != worst.Verdict }))
	worst.Why = reasons(alike)
	worst.History.Deliveries, worst.History.Between = nil, nil
	for _, o := range alike {
		for _, d := range o.History.Deliveries {
			if o.Symptom != wrongAnswer || !d.Acknowledged() { // what came after a wrong answer, and was acknowledged, shows nothing
				worst.History.Deliveries = append(worst.History.Deliveries, d)
			}
		}
		worst.History.Between = append(worst.History.Between, o.History.Between...)
	}
	return worst
}

// isExcused reports whether the answer is no fault by the check's Excuse, or since the endpoint takes events of one API version.
func (o *Outcome) isExcused() bool {
	if o.Case.Check.Excuse == "" || o.Verdict != result.Info {
		return false
	}
	return slices.ContainsFunc(o.Case.Delivered, func(step check.Step) bool {
		return strings.HasSuffix(step.Want, "?") || step.Spec.Version != ""
	})
}

// infos returns what is worth knowing of the answers that are no fault.
func (e *entry) infos() []string {
	excused := slices.DeleteFunc(slices.Clone(e.outcomes), func(o Outcome) bool { return !o.isExcused() })
	if len(excused) == 0 {
		return nil
	}
	return []string{reasons(inOrder(excused)) + "; " + e.check.Excuse}
}

// inOrder sorts outcomes by their relations' places in the check.
func inOrder(outcomes []Outcome) []Outcome {
	slices.SortStableFunc(outcomes, func(a, b Outcome) int { return cmp.Compare(a.Case.Row, b.Case.Row) })
	return outcomes
}

// reasons returns why each of some outcomes failed. What several steps were answered alike is one reason.
func reasons(outcomes []Outcome) string {
	var whys []string
	steps := map[string][]string{}
	for _, o := range outcomes {
		why := o.Why
		for n, step := range o.Case.Delivered {
			if rest, is := strings.CutPrefix(o.Why, step.Undemanding()+" was "); is {
				name := step.Undemanding()
				if n > 0 {
					name += " after " + o.Case.Delivered[0].Undemanding()
				}
				why = rest
				steps[why] = append(steps[why], name)
				break
			}
		}
		if !slices.Contains(whys, why) {
			whys = append(whys, why)
		}
	}
	for n, why := range whys {
		switch names := steps[why]; len(names) {
		case 0:
		case 1:
			whys[n] = names[0] + " was " + why
		default:
			whys[n] = result.And(names) + " were " + why
		}
	}
	return strings.Join(whys, "; ")
}
