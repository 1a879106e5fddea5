// Command booking-server takes bookings, has them paid through Stripe Checkout, and confirms them by
// Stripe's signed webhooks.
//
// Exit codes: 0 a clean end, 1 a failure, 2 wrong usage.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := program{getenv: os.Getenv, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	err := p.run(ctx, os.Args[1:])
	if err != nil {
		complain(os.Stderr, err)
	}
	os.Exit(exitCode(err))
}

// complain prints an error. Nobody may be reading: that keeps the process from ending no longer than the
// last lines of its log do.
func complain(w io.Writer, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = fmt.Fprintln(w, err)
	}()
	select {
	case <-done:
	case <-time.After(lastLogTime):
	}
}

// program is what a command can reach of the process that it runs in.
type program struct {
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// usageError is a command line that makes no sense.
type usageError struct{ message string }

func (e usageError) Error() string {
	return "booking-server: " + e.message + "\nTry 'booking-server help'."
}

func exitCode(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return 2
	}
	return 1
}

const help = `booking-server takes bookings, paid through Stripe Checkout and confirmed by signed webhooks.

Usage:
  booking-server [serve]            migrate the database and serve, until SIGTERM or Ctrl-C
  booking-server migrate            apply pending migrations and end
  booking-server migrate --status   list the migrations and whether they are applied
  booking-server user create --email E --role CUSTOMER|OPS|ADMIN
                                    make a user; the password is read from standard input
  booking-server reconcile [--since 72h]
                                    fetch what Stripe has sent since then and apply what is missing
  booking-server healthcheck        exit 0 if the server on this machine answers at PORT
  booking-server help               this text

'migrate' and 'user create' need DATABASE_URL only; 'reconcile' needs STRIPE_SECRET_KEY, too.

Environment:
`

// run does what the arguments say.
func (p program) run(ctx context.Context, args []string) error {
	command := "serve"
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	switch command {
	case "serve":
		return p.serve(ctx, args)
	case "migrate":
		return p.migrate(ctx, args)
	case "user":
		return p.user(ctx, args)
	case "reconcile":
		return p.reconcile(ctx, args)
	case "healthcheck":
		return p.healthcheck(ctx, args)
	case "help", "-h", "--help":
		if _, err := io.WriteString(p.stdout, help); err != nil {
			return err
		}
		return printVariables(p.stdout)
	}
	return usageError{fmt.Sprintf("there is no command %q", command)}
}
