package main

import (
	"fmt"
	"slices"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/suggest"
)

// unknownCheck is the error for a name that is neither a check nor a family of some lives.
func unknownCheck(name string, lives []*life.Life) error {
	return fmt.Errorf("there is no check or family %q%s; 'hookproof list' lists them", name, suggest.DidYouMean(name, checkNames(lives)))
}

// knownChecks returns an error if one of some names is neither a check nor a family of some lives.
func knownChecks(names []string, lives []*life.Life) error {
	for _, name := range names {
		if !slices.ContainsFunc(lives, func(l *life.Life) bool { return len(named(l, name)) > 0 }) {
			return unknownCheck(name, lives)
		}
	}
	return nil
}

// named returns the check of that name, or the checks of that family, as they are asked of a life.
func named(l *life.Life, name string) []check.Check {
	return slices.DeleteFunc(check.Of(l), func(c check.Check) bool { return !c.Named(name) })
}

// checkNames returns the names of all families and checks of some lives.
func checkNames(lives []*life.Life) []string {
	var names []string
	seen := map[string]bool{}
	for _, l := range lives {
		for _, c := range check.Of(l) {
			for _, name := range []string{c.Family(), c.Name} {
				if !seen[name] {
					seen[name] = true
					names = append(names, name)
				}
			}
		}
	}
	return names
}
