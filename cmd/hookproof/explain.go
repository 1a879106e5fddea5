package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof"
)

func explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain CHECK…",
		Short: "Tell what a check demands, and why",
		Long: `explain tells of a check or a family what is demanded and by whom, what a breach costs and how to mend it, the
relations between states that are tried, and the public reports of the fault.`,
		Example:           `  hookproof explain idempotence/overlapping`,
		ValidArgsFunction: completeChecks,
		RunE: func(cmd *cobra.Command, names []string) error {
			if len(names) == 0 {
				return fmt.Errorf("explain: name a check or a family; 'hookproof list' lists them")
			}
			for _, name := range names {
				checks := hookproof.ChecksNamed(name)
				if len(checks) == 0 {
					return fmt.Errorf("explain: there is no check or family %q; 'hookproof list' lists them", name)
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

func explain(out io.Writer, c hookproof.Check) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n  %s\n\n", c.Name, c.Demand)
	line := func(what, says string) {
		if says != "" {
			fmt.Fprintf(&text, "  %-12s %s\n", what, says)
		}
	}
	line("demanded by", c.Source)
	line("heading", c.Heading)
	line("says", c.Says)
	if c.Strict {
		line("profile", "strict; under --profile stripe a breach is told as info")
	}
	line("why", c.Why)
	line("mend", c.Fix)
	line("needs", strings.Join(c.Needs(), ", "))
	line("kills", strings.Join(c.Kills, ", "))
	line("reports", strings.Join(c.Reports(), ", "))
	for _, relation := range c.Relations {
		line("tried", relation.String())
		for _, word := range relation.Words() {
			line("", "  "+word)
		}
	}
	if c.WholeRun != "" {
		line("tried", "then every answer of the run that was given in calm is looked at")
	}
	_, err := fmt.Fprintln(out, text.String())
	return err
}

// listChecks prints all checks.
func listChecks(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, c := range hookproof.Checks() {
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
	var names []string
	seen := map[string]bool{}
	for _, c := range hookproof.Checks() {
		for _, name := range []string{c.Family(), c.Name} {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
