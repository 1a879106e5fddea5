package run

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/target"
)

// Looked is what a first look at a target has found, before there is a whole target file.
type Looked struct {
	Remedies  []Remedy // what its target file needs, with the reasons
	Shown     string   // how a payment changes the state
	Unseen    string   // why no payment shows in the state; "" if one does
	Refused   string   // why the events that were sent say nothing, though their signature is known; ""
	Unhandled []string // types of which no event changes the state
}

// mostRemedies is how often a look begins again with what the target file was found to lack.
const mostRemedies = 8

// Look delivers a genuine event to a target and finds out what its answer means. If the target has a subject and a state, it pays one subject as
// well, and finds out what differs between any two, and what shows. It looks as the beginning of a run does, and begins again with each remedy,
// so a run with all of them goes on. An error says why a run cannot.
func Look(ctx context.Context, t *target.Target) (Looked, error) {
	var found Looked
	one := *t
	for {
		x := newExecutor(&one, Options{Profile: "strict"})
		err := x.look(ctx, &found)
		x.sender.Close()
		var lacking *mendable
		var refused *typesRefused
		switch {
		case errors.As(err, &lacking) && len(found.Remedies) < mostRemedies:
			found.Remedies = append(found.Remedies, lacking.remedy)
			one = lacking.remedy.apply(one)
		case errors.As(err, &refused) && one.Subject == nil: // an event about an object of the target's may be accepted
			found.Refused = refused.Reason
			return found, nil
		default:
			return found, err
		}
	}
}

// apply returns a target with what the remedy says.
func (r Remedy) apply(t target.Target) target.Target {
	t.Ignore = append(slices.Clip(t.Ignore), r.Ignore...)
	t.APIVersion = cmp.Or(r.APIVersion, t.APIVersion)
	if r.Headers != nil {
		headers := maps.Clone(r.Headers)
		maps.Copy(headers, t.Headers)
		t.Headers = headers
	}
	return t
}

func (x *executor) look(ctx context.Context, found *Looked) error {
	err := x.calibrate(ctx)
	var unseen *unseenError
	if errors.As(err, &unseen) {
		found.Unseen = unseen.why
		return nil
	}
	if err != nil || x.target.Subject == nil || x.target.State == nil || x.references[x.roles.grant] == nil {
		return err
	}
	fresh, err := x.stateOf(ctx, "")
	if err != nil {
		return err
	}
	paid, err := x.stateOf(ctx, x.roles.grant)
	if err != nil {
		return err
	}
	found.Shown = paid.describe(fresh)
	found.Unhandled, err = x.withoutEffect(ctx)
	return err
}

// withoutEffect returns the types that the target acknowledges and whose effect its state does not show, though a check would need it as
// evidence.
func (x *executor) withoutEffect(ctx context.Context) ([]string, error) {
	p, err := planFor(check.Of(x.life), x.target, x.facts, x.options, x.minCopies())
	if err != nil {
		return nil, err
	}
	var wanted []check.Condition
	for _, cases := range p.cases {
		for _, c := range cases {
			if evidence, _ := c.Conditions(); evidence != nil && !evidence.Equal && !slices.Contains(wanted, *evidence) {
				wanted = append(wanted, *evidence)
			}
		}
	}
	var mu sync.Mutex
	types := map[string]bool{}
	err = each(wanted, atMost, func(c check.Condition) error {
		left, err := x.stateOf(ctx, c.Left)
		if err == nil {
			var right normalized
			if right, err = x.stateOf(ctx, c.Right); err == nil && left.equal(right) {
				mu.Lock()
				defer mu.Unlock()
				other := typesOnlyIn(x.life, c.Right, c.Left)
				for _, name := range typesOnlyIn(x.life, c.Left, c.Right) {
					types[name] = !slices.Contains(other, name)
				}
			}
		}
		if provesNothing(err) != nil {
			return nil
		}
		return err
	})
	return slices.DeleteFunc(slices.Sorted(maps.Keys(types)), func(name string) bool { return !types[name] }), err
}
