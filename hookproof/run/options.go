package run

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// Options are a run's choices. The zero value is a full run by the strict profile.
type Options struct {
	Only, Skip []string             // names of checks or families
	Checks     []check.Check        // to choose from; nil is check.All()
	Profile    string               // strict (our policy) or stripe (what Stripe's documentation demands); "" is strict
	Seed       uint64               // of the random choices; 0 picks one
	Thorough   bool                 // lives of up to six events in every order, and no budget
	Budget     time.Duration        // for the whole run; 0 is the timings'
	HookCalls  int                  // the most hook calls; 0 is no limit but the time
	Progress   func(result.Finding) // receives each finding as it is made, from one goroutine at a time; may be nil
	Phase      func(string)         // receives the name of each phase as it begins; may be nil
	Lives      []string             // names of the target's lives to judge; none is all

	share   time.Duration // of the budget, for one life; 0 is all of it
	further bool          // another life was judged before
}

// check returns what is wrong with the options for these lives.
func (o Options) check(lives []*target.Target) error {
	if o.Profile != "strict" && o.Profile != "stripe" {
		return &Unusable{fmt.Sprintf("there is no profile %q; it is strict or stripe", o.Profile)}
	}
	all := check.All()
	for _, one := range lives {
		all = append(all, o.rows(one)...)
	}
	for _, name := range slices.Concat(o.Only, o.Skip) {
		if !slices.ContainsFunc(all, func(c check.Check) bool { return c.Named(name) }) {
			return &Unusable{fmt.Sprintf("there is no check or family %q; hookproof list names them", name)}
		}
	}
	return nil
}

// rows returns the checks of a target's life to choose from.
func (o Options) rows(t *target.Target) []check.Check {
	l := cmp.Or(t.Life, life.Payment)
	if o.Checks == nil {
		return check.Of(l)
	}
	rows := slices.Clone(o.Checks)
	for n, c := range rows {
		if l != life.Payment {
			rows[n] = check.Asked(l, c)
		}
	}
	return rows
}

// selected returns the checks to run for a target's life. What does not depend on the life is asked in the first one alone.
func (o Options) selected(t *target.Target) []check.Check {
	return slices.DeleteFunc(o.rows(t), func(c check.Check) bool {
		skipped := slices.ContainsFunc(o.Skip, c.Named)
		picked := len(o.Only) == 0 || slices.ContainsFunc(o.Only, c.Named)
		return skipped || !picked || o.further && !c.IsAboutLife()
	})
}
