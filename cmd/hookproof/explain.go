package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof/check"
)

func explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain CHECK…",
		Short: "Describe a check: its demand, its source, its cost and its fix",
		Long: `explain describes a check, or each check of a family: what it demands and which page demands it, what a breach costs and
how to fix it, the schedules and relations that it tries, and public reports of the fault. docs/checks.md has the same text.`,
		Example:           `  hookproof explain idempotence/overlapping`,
		ValidArgsFunction: completeChecks,
		RunE: func(cmd *cobra.Command, names []string) error {
			if len(names) == 0 {
				return fmt.Errorf("explain: name a check or a family; 'hookproof list' lists them")
			}
			for _, name := range names {
				checks := check.Named(name)
				if len(checks) == 0 {
					return fmt.Errorf("explain: %w", unknownCheck(name))
				}
				for _, c := range checks {
					if err := explain(cmd.OutOrStdout(), c); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
}

func explain(out io.Writer, c check.Check) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n  %s\n\n", c.Name, c.Demand)
	for _, e := range c.Entries() {
		fmt.Fprintf(&text, "  %-12s %s\n", e.Label, e.Text)
	}
	_, err := fmt.Fprintln(out, text.String())
	return err
}

// listChecks prints all checks.
func listChecks(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, c := range check.All() {
		needs := strings.Join(c.Needs(), " ")
		if needs == "" {
			needs = "-"
		}
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\n", c.Name, needs, c.Demand); err != nil {
			return err
		}
	}
	return table.Flush()
}

func completeChecks(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return checkNames(), cobra.ShellCompDirectiveNoFileComp
}

// checkNames returns the names of all families and checks.
func checkNames() []string {
	var names []string
	seen := map[string]bool{}
	for _, c := range check.All() {
		for _, name := range []string{c.Family(), c.Name} {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}
