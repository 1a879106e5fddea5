package main

import (
	"fmt"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/suggest"
)

// unknownCheck is the error for a name that is neither a check nor a family.
func unknownCheck(name string) error {
	return fmt.Errorf("there is no check or family %q%s; 'hookproof list' lists them", name, suggest.DidYouMean(name, checkNames()))
}

// knownChecks returns an error if one of some names is neither a check nor a family.
func knownChecks(names []string) error {
	for _, name := range names {
		if len(check.Named(name)) == 0 {
			return unknownCheck(name)
		}
	}
	return nil
}
