package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/scenario"
)

func listCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list [checks|scenarios|events]",
		Short: "List what is built in",
		Long: `list prints the checks: the name, what the check needs of a target beyond a URL and a secret ("-" is
nothing), and what it demands. 'list scenarios' prints what replay knows in the same form. 'list events' prints the
event types that are sent, what each is about, and its names in schedules ("-" is sent by replay alone).`,
		Example: `  hookproof list
  hookproof list scenarios | grep refund`,
		ValidArgs: []string{"checks", "scenarios", "events"},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) == 1 && slices.Contains([]string{"checks", "scenarios", "events"}, args[0]) {
				return nil
			}
			return fmt.Errorf("list: there is no list %q; there are checks, scenarios and events", strings.Join(args, " "))
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch strings.Join(args, "") {
			case "scenarios":
				return listScenarios(cmd.OutOrStdout())
			case "events":
				return listEvents(cmd.OutOrStdout())
			}
			return listChecks(cmd.OutOrStdout())
		},
	}
}

// listScenarios prints the built-in scenarios.
func listScenarios(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	scenarios, err := scenario.BuiltInScenarios()
	if err != nil {
		return err
	}
	for _, s := range scenarios {
		needs := strings.Join(s.Needs, " ")
		if needs == "" {
			needs = "-"
		}
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\n", s.Name, needs, s.Description); err != nil {
			return err
		}
	}
	return table.Flush()
}

// listEvents prints the event types that are sent.
func listEvents(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, one := range life.Types() {
		words := strings.Join(one.Words, " ")
		if words == "" {
			words = "-"
		}
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\n", one.Type, one.Object, words); err != nil {
			return err
		}
	}
	return table.Flush()
}
