package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof/catalog"
	"example.com/hookproof/hookproof/life"
)

func listCommand() *cobra.Command {
	names := catalog.Names()
	cmd := &cobra.Command{
		Use:   "list [" + strings.Join(names, "|") + "]",
		Short: "List what is built in",
		Long: `list prints the checks of a payment's life: the name, what the check needs of a target beyond a URL and a secret
("-" is nothing), and what it demands. 'list scenarios' prints what replay knows in the same form. 'list events' prints the event
types that are sent, what each is about, and its names in schedules ("-" is sent by replay alone). 'list lives' prints the lives:
the name, the names of which a subject binds one, and what it is the life of.

With --life it prints the checks of that life, or its events: the name in schedules, Stripe's type, and what it tells. --json prints
the same for programs; 'hookproof schema list' describes it.`,
		Example: `  hookproof list
  hookproof list lives
  hookproof list --life subscription
  hookproof list events --life lives/invoice/life.json
  hookproof list scenarios | grep refund`,
		ValidArgs:             names,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) == 1 && slices.Contains(names, args[0]) {
				return nil
			}
			_, err := catalog.Listed(strings.Join(args, " "), nil)
			return fmt.Errorf("list: %w", err)
		},
	}
	named := lifeFlag(cmd, "the `LIFE` whose checks or events are listed: a built-in one, or the path of a life.json")
	asJSON := jsonFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var of *life.Life
		if *named != "" {
			var err error
			if of, err = namedLife(*named); err != nil {
				return fmt.Errorf("list: %w", err)
			}
		}
		list, err := catalog.Listed(append(args, "checks")[0], of)
		switch {
		case err != nil:
			return fmt.Errorf("list: %w", err)
		case *asJSON:
			return printJSON(cmd.OutOrStdout(), list)
		}
		return rows(cmd.OutOrStdout(), list.Items, columnsOf(list))
	}
	return cmd
}

// columnsOf tells what is in the columns of a list.
func columnsOf(list catalog.List) func(catalog.Item) []string {
	switch {
	case list.List == "lives":
		return func(i catalog.Item) []string { return []string{i.Name, life.OneOf(i.Binds), i.Says} }
	case list.List == "events" && list.Life == "":
		return func(i catalog.Item) []string { return []string{i.Type, i.Object, strings.Join(i.Words, " ")} }
	case list.List == "events":
		return func(i catalog.Item) []string { return []string{i.Name, i.Type, i.Says} }
	}
	return func(i catalog.Item) []string { return []string{i.Name, strings.Join(i.Needs, " "), i.Demands} }
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
