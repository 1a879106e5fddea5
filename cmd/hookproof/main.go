// Command hookproof delivers Stripe webhooks to an endpoint, in every unpleasant way, and says whether it
// did what is demanded of it.
//
// Exit codes: 0 everything that ran passed, 1 something failed, 2 wrong usage, an unreachable target, or
// nothing ran.
package main

import (
	"os"

	"example.com/hookproof/hookproof/process"
)

func main() {
	ctx, stop := process.UntilInterrupted()
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv)
	stop()
	os.Exit(code)
}
