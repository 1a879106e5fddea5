// Command growth measures the booking server as its tables grow. One durable PostgreSQL has two databases, a small and a large
// one, and each has its own server. The command delivers events to both in turn, round by round. Then it measures the
// operator's queries on the large database, and the bytes of its tables and indexes.
//
//	go run ./bench/growth                                     10,000,000 events and 1,000,000 bookings
//	go run ./bench/growth -events 100000 -bookings 150000     a quick look
//
// It needs a PostgreSQL on the machine, and about 1.6 kB in the temporary directory for each event. It deletes its databases
// at the end. Compare the ratios, not the rates: the rates depend on the machine and on its load.
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

// smallEvents is the number of events in the small database.
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

	small, err := newInstance(ctx, postgres, size{"growth_small", smallEvents, 2 * open, *payload})
	if err != nil {
		return err
	}
	defer small.close()
	began := time.Now()
	large, err := newInstance(ctx, postgres, size{"growth_large", *events, *bookings, *payload})
	if err != nil {
		return err
	}
	defer large.close()
	_, _ = fmt.Fprintf(out, "Loaded %d events and %d bookings in %s\n", *events, *bookings, time.Since(began).Round(time.Second))

	if err := rates(ctx, out, []*instance{small, large}, *rounds, *length); err != nil {
		return err
	}
	if err := questions(ctx, out, large); err != nil {
		return err
	}
	return storage(ctx, out, large)
}

// rates delivers to both instances in turn, so that host load affects both alike.
func rates(ctx context.Context, out io.Writer, instances []*instance, rounds int, length time.Duration) error {
	type key struct{ mix, database string }
	measured := map[key][]float64{}
	for range rounds {
		for _, mix := range []string{"unique", "duplicate"} {
			for _, i := range instances {
				rate, err := i.deliver(ctx, mix, length)
				if err != nil {
					return err
				}
				measured[key{mix, i.name}] = append(measured[key{mix, i.name}], rate)
			}
		}
	}
	_, _ = fmt.Fprintf(out, "\nDeliveries a second over %d connections, medians of %d rounds of %s\n\n", connections, rounds, length)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "what\tsmall\tspread\tlarge\tspread\tlarge : small\t")
	for _, mix := range []string{"unique", "duplicate"} {
		few, many := measured[key{mix, instances[0].name}], measured[key{mix, instances[1].name}]
		_, _ = fmt.Fprintf(table, "%s\t%.0f\t%.0f–%.0f\t%.0f\t%.0f–%.0f\t%.2f\t\n", mix, median(few), slices.Min(few), slices.Max(few),
			median(many), slices.Min(many), slices.Max(many), median(many)/median(few))
	}
	return table.Flush()
}

func median[N int64 | float64 | time.Duration](values []N) N {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// quiet returns a logger that formats each line and discards it.
func quiet() *slog.Logger { return slog.New(slog.NewJSONHandler(io.Discard, nil)) }

var errUsedUp = errors.New("all open bookings are used up; fewer or shorter rounds, please")
