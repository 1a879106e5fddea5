package main

import (
	"slices"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// lifeFlag gives a command the flag that names a life.
func lifeFlag(cmd *cobra.Command, usage string) *string {
	name := cmd.Flags().String("life", "", usage)
	_ = cmd.RegisterFlagCompletionFunc("life", completeLives) // the flag is there
	return name
}

// completeLives offers the built-in lives, and files for the path of a life.json.
func completeLives(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return life.BuiltInNames(), cobra.ShellCompDirectiveDefault
}

// completeTargetLives offers the lives of the target file that the command line names.
func completeTargetLives(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	t, err := target.Load(cmd.Flags().Lookup("target").Value.String(), func(string) string { return "set later" })
	if err != nil {
		return life.BuiltInNames(), cobra.ShellCompDirectiveNoFileComp
	}
	all, _ := t.ByLife(nil) // all of them cannot be unknown
	var names []string
	for _, one := range all {
		names = append(names, one.LifeName)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// livesOf returns the lives that a target's checks are about, and the payment life, whose checks a target without hooks has.
func livesOf(t *target.Target) []*life.Life {
	all := []*life.Life{life.Payment}
	targets, _ := t.ByLife(nil) // all of them cannot be unknown
	for _, one := range targets {
		if one.Life != nil && !slices.Contains(all, one.Life) {
			all = append(all, one.Life)
		}
	}
	return all
}
