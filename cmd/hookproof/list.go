package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/scenario"
	"example.com/hookproof/hookproof/suggest"
)

// lists are what list prints, by name. A life is named by --life; nil is none.
var lists = map[string]func(out io.Writer, of *life.Life) error{
	"checks": listChecks, "events": listEvents, "lives": listLives, "scenarios": listScenarios,
}

func listCommand() *cobra.Command {
	names := slices.Sorted(maps.Keys(lists))
	cmd := &cobra.Command{
		Use:   "list [" + strings.Join(names, "|") + "]",
		Short: "List what is built in",
		Long: `list prints the checks of a payment's life: the name, what the check needs of a target beyond a URL and a secret
("-" is nothing), and what it demands. 'list scenarios' prints what replay knows in the same form. 'list events' prints the event
types that are sent, what each is about, and its names in schedules ("-" is sent by replay alone). 'list lives' prints the lives:
the name, the names of which a subject binds one, and what it is the life of.

With --life it prints the checks of that life, or its events: the name in schedules, Stripe's type, and what it tells.`,
		Example: `  hookproof list
  hookproof list lives
  hookproof list --life subscription
  hookproof list events --life lives/invoice/life.json
  hookproof list scenarios | grep refund`,
		ValidArgs:             names,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) == 1 && lists[args[0]] != nil {
				return nil
			}
			typed := strings.Join(args, " ")
			return fmt.Errorf("list: there is no list %q%s; there are %s", typed, suggest.DidYouMean(typed, names), strings.Join(names, ", "))
		},
	}
	named := lifeFlag(cmd, "the `LIFE` whose checks or events are listed: a built-in one, or the path of a life.json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		what := append(args, "checks")[0]
		if *named == "" {
			return lists[what](cmd.OutOrStdout(), nil)
		}
		if what == "lives" || what == "scenarios" {
			return fmt.Errorf("list: --life goes with checks and events; %s are of no life", what)
		}
		l, err := namedLife(*named)
		if err != nil {
			return fmt.Errorf("list: %w", err)
		}
		return lists[what](cmd.OutOrStdout(), l)
	}
	return cmd
}

// rows prints lines of columns; a column of nothing is "-".
func rows[T any](out io.Writer, list []T, columns func(T) []string) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, one := range list {
		texts := columns(one)
		for n, text := range texts {
			texts[n] = cmp.Or(text, "-")
		}
		if _, err := fmt.Fprintln(table, strings.Join(texts, "\t")); err != nil {
			return err
		}
	}
	return table.Flush()
}

// listChecks prints the checks of a life.
func listChecks(out io.Writer, of *life.Life) error {
	return rows(out, check.Of(cmp.Or(of, life.Payment)), func(c check.Check) []string {
		return []string{c.Name, strings.Join(c.Needs(), " "), c.Demand}
	})
}

// listScenarios prints the built-in scenarios.
func listScenarios(out io.Writer, _ *life.Life) error {
	scenarios, err := scenario.BuiltInScenarios()
	if err != nil {
		return err
	}
	return rows(out, scenarios, func(s scenario.Scenario) []string {
		return []string{s.Name, strings.Join(s.Needs, " "), s.Description}
	})
}

// listEvents prints the event types that are sent, or the events of a life.
func listEvents(out io.Writer, of *life.Life) error {
	if of == nil {
		return rows(out, life.Types(), func(one life.Type) []string {
			return []string{one.Type, one.Object, strings.Join(one.Words, " ")}
		})
	}
	return rows(out, of.Own(), func(w life.Word) []string { return []string{w.Name, w.Type, w.Says} })
}

// listLives prints the built-in lives.
func listLives(out io.Writer, _ *life.Life) error {
	return rows(out, life.BuiltIns(), func(l *life.Life) []string {
		return []string{l.Name, l.WantedTies(), l.Says}
	})
}
