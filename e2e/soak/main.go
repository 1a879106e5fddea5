// Command soak lets random lives of some hundred bookings happen at once to two replicas of the booking server, while servers,
// PostgreSQL, the lines between them and Stripe fail in every way that it knows, and has an auditor of its own say what is lost,
// doubled, phantom, unaudited, or payable after its end.
//
//	go run ./e2e/soak                                one minute of rounds
//	go run ./e2e/soak -duration 1h -page docs/reliability.md
//	go run ./e2e/soak -seed 17 -rounds 1             the plan of one round again
//
// It needs nothing but this repository and a PostgreSQL, which it finds or downloads; it reaches loopback addresses only, ends by
// itself, and leaves neither a process nor a directory behind. The same seed gives the same plan; what happens first is up to
// the machine.
//
// Exit codes: 0 nothing was wrong, 1 something was, or the soak could not go on, 2 wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return
	case errors.As(err, new(usageError)):
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, "soak:", err)
	os.Exit(1)
}

// usageError is a command line that makes no sense.
type usageError struct{ error }

// options are what the command line says.
type options struct {
	rounds   int
	duration time.Duration
	seed     uint64
	bookings int
	storm    time.Duration
	settle   time.Duration
	server   string
	page     string
}

func parse(args []string, out io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.IntVar(&o.rounds, "rounds", 0, "how many rounds, however long they take; 0 is as many as begin within -duration")
	flags.DurationVar(&o.duration, "duration", time.Minute, "no round begins later than this after the first")
	flags.Uint64Var(&o.seed, "seed", 0, "the first round's seed; each further round has the next one; 0 is drawn from the clock")
	flags.IntVar(&o.bookings, "bookings", 300, "lives in a round")
	flags.DurationVar(&o.storm, "storm", 20*time.Second, "how long things fail in a round")
	flags.DurationVar(&o.settle, "settle", 150*time.Second, "how long the servers have to put right what a storm left half done")
	flags.StringVar(&o.server, "server", "", "a booking-server that is built already, in place of this repository's")
	flags.StringVar(&o.page, "page", "", "a page whose marked block gets the run's figures")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, usageError{err}
	}
	if flags.NArg() > 0 || o.rounds < 0 || o.duration <= 0 || o.bookings < 1 || o.bookings > 3000 || o.storm < time.Second || o.settle < time.Second {
		return o, usageError{errors.New("-rounds must be 0 or more, -bookings 1 to 3000, -storm and -settle 1s or more, and there are no arguments")}
	}
	if o.seed == 0 {
		o.seed = uint64(time.Now().UnixMilli()) % 1_000_000_000
	}
	return o, nil
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	o, err := parse(args, out)
	if err != nil {
		return err
	}
	h, err := newHouse(ctx, o.server, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	began, total := time.Now(), &figures{}
	more := func(n int) bool {
		if o.rounds > 0 {
			return n < o.rounds
		}
		return time.Since(began) < o.duration
	}
	for n := 0; more(n) && ctx.Err() == nil; n++ {
		f := &figures{}
		if err := oneRound(ctx, h, o, n, f, out); err != nil {
			if ctx.Err() != nil {
				break
			}
			return fmt.Errorf("round %d, seed %d: %w", n+1, o.seed+uint64(n), err)
		}
		total.add(f)
	}
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	_, _ = fmt.Fprintf(out, "%d rounds in %s: %s\n", total.rounds.Load(), time.Since(began).Round(time.Second), total)
	if total.rounds.Load() == 0 {
		return errors.New("there was no round, so nothing is known")
	}
	if o.page != "" {
		if err := writePage(o.page, total, time.Since(began)); err != nil {
			return err
		}
	}
	if total.wrong() > 0 {
		return fmt.Errorf("%d findings; their stories are above", total.wrong())
	}
	return nil
}

// oneRound is a storm, the calm after it, half an hour that passes, and the auditor's word.
func oneRound(ctx context.Context, h *house, o options, n int, f *figures, out io.Writer) (err error) {
	seed, began := o.seed+uint64(n), time.Now()
	r, err := newRound(ctx, h, newPlan(seed, o.bookings, customerCount, o.storm), n, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.storm(ctx); err != nil {
		return err
	}
	found, tables, err := r.settle(ctx, o.settle)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		f.unreachable.Add(int64(r.halfAnHour(tables)))
		if found, tables, err = r.settle(ctx, o.settle); err != nil {
			return err
		}
	}
	f.rounds.Add(1)
	f.bookings.Add(int64(len(tables.Bookings)))
	f.count(found)
	_, _ = fmt.Fprintf(out, "seed %d: %s; %s\n", seed, f, time.Since(began).Round(time.Second))
	if len(found) > 0 {
		r.tell(out, found)
		_, _ = fmt.Fprintf(out, "  again: go run ./e2e/soak -rounds 1 -seed %d -bookings %d -storm %s\n", seed, o.bookings, o.storm)
	}
	return nil
}
