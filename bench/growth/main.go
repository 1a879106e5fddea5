// Command growth measures what becomes of the booking server as its tables grow: two databases on one
// durable PostgreSQL, a small and a large one, each with a server of its own, are delivered to in turn,
// round by round. Then the large one is asked what the operator asks, and weighed.
//
//	go run ./bench/growth                                     10,000,000 events and 1,000,000 bookings
//	go run ./bench/growth -events 100000 -bookings 150000     a quick look
//
// It needs a PostgreSQL on the machine, and about 1.6 kB of the temporary directory for an event. What it
// made is deleted at the end. The ratios are what counts, not the rates: machines are shared and noisy.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"example.com/hookproof/pgserver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

// smallEvents is what the large database's rates are compared with.
const smallEvents = 10_000

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("growth", flag.ContinueOnError)
	events := flags.Int("events", 10_000_000, "rows of \"PaymentEvent\"")
	bookings := flags.Int("bookings", 1_000_000, "rows of \"Booking\"; 100,000 of them are still to be paid")
	payload := flags.Int("payload", 500, "bytes of a loaded event's payload, too few to be compressed")
	rounds := flags.Int("rounds", 3, "rounds of each measurement; the median counts")
	length := flags.Duration("time", 3*time.Second, "length of one round")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *events < 1 || *bookings < 2*open || *payload < 1 || *rounds < 1 || *length < 100*time.Millisecond {
		return fmt.Errorf("-events, -payload and -rounds must be 1 or more, -bookings %d or more, and -time 100ms or more", 2*open)
	}
	postgres, err := pgserver.Start(ctx, pgserver.Config{Durable: true, Progress: out})
	if err != nil {
		return err
	}
	defer func() { _ = postgres.Close() }()

	small, err := newHouse(ctx, postgres, size{"growth_small", smallEvents, 2 * open, *payload})
	if err != nil {
		return err
	}
	defer small.close()
	began := time.Now()
	large, err := newHouse(ctx, postgres, size{"growth_large", *events, *bookings, *payload})
	if err != nil {
		return err
	}
	defer large.close()
	_, _ = fmt.Fprintf(out, "Loaded %d events and %d bookings in %s\n", *events, *bookings, time.Since(began).Round(time.Second))

	if err := rates(ctx, out, []*house{small, large}, *rounds, *length); err != nil {
		return err
	}
	if err := questions(ctx, out, large); err != nil {
		return err
	}
	return weigh(ctx, out, large)
}

// rates delivers in turn, so that what else the machine does falls on both alike.
func rates(ctx context.Context, out io.Writer, houses []*house, rounds int, length time.Duration) error {
	type key struct{ mix, database string }
	measured := map[key][]float64{}
	for range rounds {
		for _, mix := range []string{"unique", "duplicate"} {
			for _, h := range houses {
				rate, err := h.deliver(ctx, mix, length)
				if err != nil {
					return err
				}
				measured[key{mix, h.name}] = append(measured[key{mix, h.name}], rate)
			}
		}
	}
	_, _ = fmt.Fprintf(out, "\nDeliveries a second over %d connections, medians of %d rounds of %s\n\n", connections, rounds, length)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "what\tsmall\tspread\tlarge\tspread\tlarge : small\t")
	for _, mix := range []string{"unique", "duplicate"} {
		few, many := measured[key{mix, houses[0].name}], measured[key{mix, houses[1].name}]
		_, _ = fmt.Fprintf(table, "%s\t%.0f\t%.0f–%.0f\t%.0f\t%.0f–%.0f\t%.2f\t\n", mix, median(few), slices.Min(few), slices.Max(few),
			median(many), slices.Min(many), slices.Max(many), median(many)/median(few))
	}
	return table.Flush()
}

func median[N int64 | float64 | time.Duration](values []N) N {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// quiet is where the servers log to: the lines are made, and nobody reads them.
func quiet() *slog.Logger { return slog.New(slog.NewJSONHandler(io.Discard, nil)) }

var errUsedUp = errors.New("all open bookings are used up; fewer or shorter rounds, please")
