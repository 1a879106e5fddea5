package main

import (
	"example.com/hookproof/hookproof/catalog"
	"example.com/hookproof/hookproof/life"
)

// knownChecks returns an error if one of some names is neither a check nor a family of some lives.
func knownChecks(names []string, lives []*life.Life) error {
	for _, name := range names {
		if err := catalog.Known(lives, name); err != nil {
			return err
		}
	}
	return nil
}
