// Command sandbox runs everything on one machine, with nothing to install or configure: a private
// PostgreSQL, Stripe's own stripe-mock, the booking server and some data, and takes a tour of what the
// server does with webhooks.
//
//	go run ./cmd/sandbox               the tour; then it stays up until Ctrl-C
//	go run ./cmd/sandbox --tour-only   the tour; exit 0 when every line was as the policy says, else 1
//
// Exit codes: 0 a clean end, 1 a failure or a tour that found a fault, 2 wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"example.com/hookproof/hookproof/process"
	stripemock "example.com/hookproof/stripe-mock"
)

func main() {
	restore, err := stripemock.Hush()
	if err != nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		os.Exit(1)
	}
	ctx, stop := process.UntilInterrupted()
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	restore()
	os.Exit(code)
}

const usage = `Usage: sandbox [--tour-only] [--data DIR]

  --tour-only   take the tour and end
  --data DIR    keep the data in DIR, and use what is there (else it is removed on exit)
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	tourOnly := flags.Bool("tour-only", false, "")
	data := flags.String("data", "", "")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		_, _ = io.WriteString(stdout, usage)
		return 0
	} else if err != nil || flags.NArg() > 0 {
		_, _ = fmt.Fprintf(stderr, "sandbox: %s\n%s", firstOf(err, "it takes no arguments"), usage)
		return 2
	}
	asItShould, err := visit(ctx, *data, *tourOnly, stdout)
	switch {
	case err != nil && ctx.Err() == nil:
		_, _ = fmt.Fprintln(stderr, "sandbox:", err)
		return 1
	case !asItShould && ctx.Err() == nil:
		_, _ = fmt.Fprintln(stderr, "sandbox: a line of the tour was not as the policy says")
		return 1
	}
	return 0
}

func firstOf(err error, otherwise string) string {
	if err != nil {
		return err.Error()
	}
	return otherwise
}

// visit starts everything, takes the tour, and stays unless told not to. It tells whether every line
// of the tour was as the policy says.
func visit(ctx context.Context, data string, tourOnly bool, out io.Writer) (asItShould bool, err error) {
	s, err := open(ctx, data, out)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	s.introduce(out)
	asItShould, err = s.tour(ctx, out)
	if err != nil || tourOnly {
		return asItShould, err
	}
	s.suggest(out)
	select {
	case <-ctx.Done():
		_, err = fmt.Fprintln(out, "\nStopping.")
		return true, err
	case err := <-s.served:
		s.served <- err // close waits for it
		return false, fmt.Errorf("the server ended: %w", err)
	}
}
