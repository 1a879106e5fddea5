// Command attack floods the booking server in every way that a caller without an account has, and in one that takes an
// account, and measures what
// becomes of the server's memory and of genuine deliveries meanwhile.
//
//	go run ./e2e/attack                          every flood, with GOMEMLIMIT as in docker-compose.yml and without
//	go run ./e2e/attack -only stalled -time 5s   those whose name has that word, for a shorter time
//	go run ./e2e/attack -page docs/attacks.md    the page with the figures
//
// Each flood meets a server of its own: the binary, in a process of its own, with the limits of production. Floods
// and genuine deliveries come from addresses of their own in 127.0.0.0/8, which Linux has without further ado; all of
// it stays on this machine and ends by itself. It fails when a flood takes the server beyond 256 MiB, or when more
// than one genuine delivery in a hundred is not acknowledged at the first try.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if floodProcess(ctx) {
		return
	}
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "attack:", err)
		os.Exit(1)
	}
}

// What the server is held to.
const (
	mostMiB     = 256
	mostUnacked = 100 // one genuine delivery in so many
	memoryLimit = "200MiB"
	longest     = 10 * time.Minute // that a flood may last
)

// plan is what the flags ask for.
type plan struct {
	length  time.Duration // of each flood
	rest    time.Duration // after it, before the memory is looked at again
	rate    int           // genuine deliveries a second
	durable bool          // the database is, as in production
	paid    int           // bookings that there are to be paid
	only    string
	page    string
	binary  string
}

// floodProcess is what this program does as a flood's process: it ends by itself, whatever becomes of its parent.
func floodProcess(ctx context.Context) bool {
	ctx, stop := context.WithTimeout(ctx, longest)
	defer stop()
	return flooded(ctx)
}

func run(ctx context.Context, args []string, out io.Writer) error {
	p := plan{durable: true}
	flags := flag.NewFlagSet("attack", flag.ContinueOnError)
	flags.DurationVar(&p.length, "time", 10*time.Second, "length of each flood")
	flags.DurationVar(&p.rest, "rest", 5*time.Second, "time after a flood before the memory is looked at again")
	flags.IntVar(&p.rate, "rate", 50, "genuine deliveries a second")
	flags.StringVar(&p.only, "only", "", "run only the floods whose name has this text")
	flags.StringVar(&p.page, "page", "", "write the figures to this Markdown file")
	flags.StringVar(&p.binary, "binary", "", "the server to attack; built from ./cmd/booking-server if not given")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if p.length < time.Second || p.length > longest || p.rate < 1 || p.rate > 150 {
		return errors.New("-time must be 1s to 10m, and -rate 1 to 150: an address may deliver 200 times a second")
	}
	chosen := make([]flood, 0, len(floods))
	for _, f := range floods {
		if strings.Contains(f.name, p.only) {
			chosen = append(chosen, f)
		}
	}
	if len(chosen) == 0 {
		return fmt.Errorf("no flood has %q in its name", p.only)
	}
	p.paid = 2 * len(chosen) * (p.rate*int(p.length/time.Second+1) + 1)
	h, err := newHouse(ctx, p, out)
	if err != nil {
		return err
	}
	defer h.close()

	var tables []table
	var wrong []error
	for _, limit := range []string{memoryLimit, ""} {
		t := table{limit: limit}
		_, _ = fmt.Fprintf(out, "\n%s\n\n%s", t.title(), header)
		for _, f := range chosen {
			r, err := h.attack(ctx, f, limit)
			if err != nil {
				return err
			}
			t.rows = append(t.rows, r)
			_, _ = io.WriteString(out, r.line())
			if r.genuine.failure != "" {
				_, _ = fmt.Fprintf(out, "the last that was not acknowledged: %s\n", r.genuine.failure)
			}
			wrong = append(wrong, r.fault())
		}
		tables = append(tables, t)
	}
	if p.page != "" {
		if err := writePage(p, tables); err != nil {
			return err
		}
	}
	return errors.Join(wrong...)
}
