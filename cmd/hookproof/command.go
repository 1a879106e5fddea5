package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/hookproof/hookproof/suggest"
)

// The exit codes.
const (
	passed   = 0
	failed   = 1
	unusable = 2
)

// errFailed ends a command that ran, and told what failed, with exit code 1, also where it is joined with another
// error, which is told on standard error. Any other error is one sentence there and exit code 2.
var errFailed = errors.New("something failed")

const about = `hookproof delivers Stripe webhooks to an endpoint, signed and forged, in every order, number and overlap, and
reports whether it did what it should. It needs no Stripe account and no network.

  1. hookproof check --url URL --secret SECRET    what can be judged from outside, in a few seconds
  2. hookproof init                               write down how to make an object and how to read it
  3. hookproof check --target hookproof.json      judge idempotence, order, meaning, faults
  4. hookproof explain CHECK                      what a check demands, why, and how to fix a breach

  hookproof replay SCENARIO… --url URL --secret SECRET    one behaviour at a time, or what was recorded

Targets must be on this machine, in a private network, or listed with --allow-host: hookproof forges, and must
not become a weapon. It takes no live API key for a secret.

Exit codes: 0 everything that was judged passed, 1 something failed, whatever else was not judged, 2 wrong usage,
an unreachable target, or something that could not be judged.

With --json standard output has one JSON document, and everything else is on standard error. Where a command ends with exit
code 2 and has nothing else to print, the document is {"error": "…"}. 'hookproof schema' has the schemas of all documents.`

// run does what the arguments say and answers the exit code. Whoever wants JSON gets one document on standard output, also of an error
// that leaves nothing else to print.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) int {
	args = joined(args)
	out, document := stdout, &touched{Writer: stdout}
	if wantsJSON(args) {
		out = document
	}
	root := rootCommand(args, getenv)
	root.SetIn(stdin)
	root.SetOut(out)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return passed
	case err == errFailed: // which was told
		return failed
	}
	_, _ = fmt.Fprintln(stderr, "hookproof:", err)
	if wantsJSON(args) && !document.was {
		_ = printJSON(stdout, errorDocument{err.Error()})
	}
	if errors.Is(err, errFailed) {
		return failed
	}
	return unusable
}

// rootCommand has all commands.
func rootCommand(args []string, getenv func(string) string) *cobra.Command {
	root := &cobra.Command{
		Use:     "hookproof",
		Short:   "Test a Stripe webhook endpoint",
		Version: versionText(debug.ReadBuildInfo()),
		Long:    about,
		Example: `  hookproof check --url http://127.0.0.1:3000/webhooks/stripe --secret whsec_…
  hookproof replay authenticity ack-policy --url http://127.0.0.1:3000/webhooks/stripe --secret whsec_…`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return noCommand(cmd.Root(), args[0])
		},
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(
		checkCommand(getenv),
		explainCommand(),
		replayCommand(getenv),
		recordCommand(),
		vectorsCommand(getenv),
		initCommand(getenv),
		listCommand(),
		schemaCommand(),
		mcpCommand(getenv),
		versionCommand(),
	)
	root.AddCommand(repositoryCommands()...)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if cmd == root && !strings.HasPrefix(args[0], "-") { // a flag of a command that there is not
			return noCommand(cmd.Root(), args[0])
		}
		return fmt.Errorf("%w; try '%s --help'", plainly(err), cmd.CommandPath())
	})
	root.SetArgs(args)
	return root
}

// kinds say what a flag takes, by the type of its value.
var kinds = map[string]string{
	"bool":     "true or false, or no value at all",
	"duration": "a time with its unit, such as 90s or 5m",
	"int":      "a whole number",
	"uint64":   "a whole number of 0 or more, of at most 20 digits",
}

// plainly says what is wrong with a flag without the words of the library that has read it.
func plainly(err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) || kinds[invalid.GetFlag().Value.Type()] == "" {
		return err
	}
	return fmt.Errorf("--%s takes %s, and not %q", invalid.GetFlag().Name, kinds[invalid.GetFlag().Value.Type()], invalid.GetValue())
}

func noCommand(root *cobra.Command, name string) error {
	var names []string
	for _, one := range root.Commands() {
		names = append(names, one.Name())
	}
	return fmt.Errorf("there is no command %q%s; try 'hookproof --help'", name, suggest.DidYouMean(name, names))
}

// noArguments is the check of a command that has flags alone.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 && cmd.Flags().Lookup("target") != nil && strings.HasSuffix(args[0], ".json") {
		return fmt.Errorf("%s takes no arguments; did you mean --target %s?", cmd.Name(), args[0])
	}
	if len(args) > 0 {
		return fmt.Errorf("%s takes no arguments, but there is %q; try '%s --help'", cmd.Name(), args[0], cmd.CommandPath())
	}
	return nil
}
