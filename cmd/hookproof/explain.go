package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof/catalog"
	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/life"
)

func explainCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain CHECK…|RELATION",
		Short: "Describe a check: its demand, its source, its cost and its fix",
		Long: `explain describes a check, or each check of a family: what it demands and which page demands it, what a breach costs and
how to fix it, the schedules and relations that it tries, and public reports of the fault. docs/checks has the same text.

A relation or a schedule, as a report has it, stands for the checks that try it: 'S(paid*2) = S(paid)'.

Schedules have the events of a life: those of a payment, unless --life names another one, or only another one has the check.
--json prints the same for programs; 'hookproof schema explain' describes it.`,
		Example: `  hookproof explain idempotence/overlapping
  hookproof explain meaning/renewal
  hookproof explain 'S(paid*2) = S(paid)'
  hookproof explain order --life lives/invoice/life.json`,
		ValidArgsFunction: completeChecks,
	}
	of := lifeFlag(cmd, "the `LIFE` whose checks are described: a built-in one, or the path of a life.json")
	asJSON := jsonFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		if len(names) == 0 {
			return fmt.Errorf("explain: name a check or a family; 'hookproof list' lists them")
		}
		lives := life.BuiltIns()
		if *of != "" {
			l, err := life.Named(*of)
			if err != nil {
				return fmt.Errorf("explain: %w", err)
			}
			lives = []*life.Life{l}
		}
		var found []check.Check
		for _, name := range names {
			checks, err := catalog.Find(lives, name)
			if err != nil {
				return fmt.Errorf("explain: %w", err)
			}
			found = append(found, checks...)
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), catalog.Explain(found))
		}
		return catalog.Text(cmd.OutOrStdout(), found)
	}
	return cmd
}

// completeChecks offers the checks of the life that the command line names, or of all built-in ones.
func completeChecks(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	lives := life.BuiltIns()
	if flag := cmd.Flags().Lookup("life"); flag != nil && cmd.Flags().Lookup("target") == nil {
		if l, err := life.Named(flag.Value.String()); err == nil {
			lives = []*life.Life{l}
		}
	}
	return catalog.CheckNames(lives), cobra.ShellCompDirectiveNoFileComp
}
