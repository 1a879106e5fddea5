// Command bench measures the booking server's handling of deliveries. It compares it with pgbench, which does the same writes in
// PostgreSQL without HTTP and so is the limit, and with peers in Node.js. All use one durable database server, and each round
// measures all of them in turn. Compare the ratios, not the rates: the rates depend on the machine and on its load.
//
//	go run ./bench                        five rounds of one second and a half, everything: about eight minutes
//	go run ./bench -rounds 1 -time 200ms  does it run?
//	go run ./bench -servers pgbench,booking-server -mixes unique,forged -connections 32
//	go run ./bench -engine                how fast package hookproof sends, and what it keeps
//
// It needs a PostgreSQL with pgbench on the machine, and for the peers Node.js with npm; docs/benchmark.md
// says what is measured and how. Everything runs on the loopback interface, and ends by itself.
//
// Exit status: 0 if all measurements that are possible here were made, whether or not the goals are reached; 1 if one failed, or
// if a delivery had an unexpected answer; 2 for wrong usage.
package main

import (
	"bytes"
	"context"
	"encoding/json"
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
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.As(err, &misuse{}):
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// misuse is an error in the command line.
type misuse struct{ error }

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := flags.Int("rounds", 5, "rounds of each measurement; the median counts")
	length := flags.Duration("time", 1500*time.Millisecond, "length of one round; pgbench rounds it to whole seconds")
	servers := flags.String("servers", "", "measure only these, of "+strings.Join(serverNames(), ", "))
	only := flags.String("mixes", "", "deliver only these, of unique, duplicate, forged, burst, realistic")
	connections := flags.String("connections", "1,8,32", "numbers of connections")
	image := flags.Bool("image", true, "build the production image for its size, where a Docker engine answers")
	engine := flags.Bool("engine", false, "measure package hookproof's sending instead")
	deliveries := flags.Int("deliveries", 1_000_000, "with -engine, how many are sent")
	target := flags.Bool("target", false, "be the endpoint that -engine sends to, until standard input ends")
	from := flags.String("from", "", "measure nothing: read this report, for -svg and -page")
	var to files
	flags.StringVar(&to.json, "json", "", "write the report to this file as well")
	flags.StringVar(&to.svg, "svg", "", "draw it in this file")
	flags.StringVar(&to.page, "page", "", "put its tables between the marks of this Markdown file")
	flags.SetOutput(io.Discard) // an error is one sentence, without the list of flags
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(out)
		flags.PrintDefaults()
		return err
	} else if err != nil {
		return misuse{err}
	}
	if flags.NArg() > 0 {
		return misuse{fmt.Errorf("%q is no flag; see -help", flags.Arg(0))}
	}
	if err := to.check(); err != nil {
		return err
	}
	switch {
	case *target:
		return beTarget(os.Stdin, out)
	case *engine && (to.svg != "" || to.page != ""):
		return misuse{errors.New("-svg and -page are of the whole measurement, and not of -engine")}
	case *engine:
		return measureEngine(ctx, *deliveries, to.json, out)
	case *from != "":
		report, err := readReport(*from)
		if err != nil {
			return misuse{err}
		}
		return report.show(out, to)
	}
	p, err := newPlan(*rounds, *length, *servers, *only, *connections)
	if err != nil {
		return misuse{err}
	}
	report, err := measureAll(ctx, p, *image, out)
	if err != nil {
		return err
	}
	return errors.Join(report.show(out, to), report.fault())
}

// measureAll runs a plan.
func measureAll(ctx context.Context, p plan, image bool, out io.Writer) (Report, error) {
	b, err := open(ctx, p, out)
	if err != nil {
		return Report{}, err
	}
	defer b.close()
	report, err := b.run(ctx)
	if err == nil && image {
		report.addImage(ctx)
	}
	return report, err
}

// addImage adds the size of the production image, or the reason why it is not measured.
func (r *Report) addImage(ctx context.Context) {
	size, err := imageMB(ctx)
	if err != nil {
		r.NotMeasured = append(r.NotMeasured, "the image is not measured: "+err.Error())
		return
	}
	r.Image = &size
}

// fault returns an error if a delivery had an unexpected answer: then the rates are not those of the mix.
func (r Report) fault() error {
	var wrong int64
	for _, row := range r.Rows {
		wrong += row.Refused
	}
	if wrong > 0 {
		return fmt.Errorf("%d deliveries had an unexpected answer", wrong)
	}
	return nil
}

// show judges a report, prints it, and writes the files.
func (r Report) show(out io.Writer, to files) error {
	r.Goals = judge(r, goals)
	if err := r.print(out); err != nil {
		return err
	}
	if to.json != "" {
		if err := writeJSON(to.json, r); err != nil {
			return err
		}
	}
	if to.svg != "" {
		if err := os.WriteFile(to.svg, picture(r), 0o644); err != nil {
			return err
		}
	}
	if to.page == "" {
		return nil
	}
	page, err := os.ReadFile(to.page)
	if err != nil {
		return err
	}
	if page, err = withTables(page, r); err != nil {
		return fmt.Errorf("%s: %w", to.page, err)
	}
	return os.WriteFile(to.page, page, 0o644)
}

// readReport reads what -json has written.
func readReport(name string) (r Report, err error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return r, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return r, fmt.Errorf("%s is no report of this program: %w", name, err)
	}
	return r, nil
}

func writeJSON(name string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(raw, '\n'), 0o644)
}
