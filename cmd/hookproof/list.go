package main

import (
	"fmt"
	"slices"
	"strings"

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
			if of, err = life.Named(*named); err != nil {
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
		return list.Text(cmd.OutOrStdout())
	}
	return cmd
}
