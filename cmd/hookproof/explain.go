package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/life"
)

func explainCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain CHECK…",
		Short: "Describe a check: its demand, its source, its cost and its fix",
		Long: `explain describes a check, or each check of a family: what it demands and which page demands it, what a breach costs and
how to fix it, the schedules and relations that it tries, and public reports of the fault. docs/checks has the same text.

Schedules have the events of a life: those of a payment, unless --life names another one, or only another one has the check.`,
		Example: `  hookproof explain idempotence/overlapping
  hookproof explain meaning/renewal
  hookproof explain order --life lives/invoice/life.json`,
		ValidArgsFunction: completeChecks,
	}
	of := lifeFlag(cmd, "the `LIFE` whose checks are described: a built-in one, or the path of a life.json")
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		if len(names) == 0 {
			return fmt.Errorf("explain: name a check or a family; 'hookproof list' lists them")
		}
		lives := life.BuiltIns()
		if *of != "" {
			l, err := namedLife(*of)
			if err != nil {
				return fmt.Errorf("explain: %w", err)
			}
			lives = []*life.Life{l}
		}
		if err := knownChecks(names, lives); err != nil {
			return fmt.Errorf("explain: %w", err)
		}
		for _, name := range names {
			for _, c := range firstNamed(lives, name) {
				if err := explain(cmd.OutOrStdout(), c); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return cmd
}

// firstNamed returns the check of that name, or the checks of that family, of the first life that has any.
func firstNamed(lives []*life.Life, name string) []check.Check {
	for _, l := range lives {
		if found := named(l, name); len(found) > 0 {
			return found
		}
	}
	return nil
}

// explain describes a check.
func explain(out io.Writer, c check.Check) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n  %s\n\n", c.Name, c.Demand)
	for _, e := range c.Entries() {
		fmt.Fprintf(&text, "  %-12s %s\n", e.Label, e.Text)
	}
	_, err := fmt.Fprintln(out, text.String())
	return err
}

// completeChecks offers the checks of the life that the command line names, or of all built-in ones.
func completeChecks(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	lives := life.BuiltIns()
	if flag := cmd.Flags().Lookup("life"); flag != nil && cmd.Flags().Lookup("target") == nil {
		if l, err := namedLife(flag.Value.String()); err == nil {
			lives = []*life.Life{l}
		}
	}
	return checkNames(lives), cobra.ShellCompDirectiveNoFileComp
}
