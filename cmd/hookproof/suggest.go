package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof/check"
)

// mostSuggested is how many names a message suggests.
const mostSuggested = 3

// unknownCheck is the error for a name that is neither a check nor a family.
func unknownCheck(name string) error {
	return fmt.Errorf("there is no check or family %q%s; 'hookproof list' lists them", name, didYouMean(name, checkNames()))
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

// didYouMean returns a question that names what was perhaps meant, to be put behind a message; "" if nothing is near.
func didYouMean(typed string, known []string) string {
	near := nearest(typed, known)
	if len(near) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(near[:min(len(near), mostSuggested)], " or ") + "?"
}

// nearest returns the known names that are most like a mistyped one. If none is, it compares only what stands behind the slash: the
// family may be missing, or another one.
func nearest(typed string, known []string) []string {
	if near := suggested(typed, known); len(near) > 0 {
		return near
	}
	var parts, whole []string
	for _, name := range known {
		if _, part, of := strings.Cut(name, "/"); of {
			parts = append(parts, part)
		}
	}
	for _, part := range suggested(typed[strings.LastIndex(typed, "/")+1:], parts) {
		for _, name := range known {
			if strings.HasSuffix(name, "/"+part) {
				whole = append(whole, name)
			}
		}
	}
	return whole
}

// suggested returns the names that cobra would suggest if they were commands: those that differ in few letters or begin as typed.
func suggested(typed string, names []string) []string {
	if typed == "" {
		return nil
	}
	parent := &cobra.Command{SuggestionsMinimumDistance: 2}
	for _, name := range names {
		parent.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}}) // only what can run is suggested
	}
	return parent.SuggestionsFor(typed)
}
