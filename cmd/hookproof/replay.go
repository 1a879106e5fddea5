package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof"
)

const help = `hookproof delivers Stripe webhooks to an endpoint and says whether it did what is demanded.

Usage:
  hookproof replay SCENARIO… --url URL --secret SECRET [--previous-secret SECRET] [-v]
  hookproof list
  hookproof help

SCENARIO is a file, a directory of files, or the name of a built-in scenario or family:
  hookproof replay authenticity --url http://127.0.0.1:3000/webhooks/stripe --secret whsec_…
  hookproof replay fixtures/scenarios/ack-policy/not-json.json --url … --secret …

With a URL and a secret alone, scenarios are judged by their ACKs, on objects that the target does not
know; those that need more of the target are not run, and the verdict counts them. Targets must be on
this machine or in a private network: hookproof forges, and must not become a weapon.

Exit codes: 0 everything that ran passed, 1 something failed, 2 wrong usage, an unreachable target, or
nothing ran.
`

const (
	passed   = 0
	failed   = 1
	unusable = 2
)

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	command := "help"
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	var code int
	var err error
	switch command {
	case "replay":
		code, err = replay(ctx, args, stdout)
	case "list":
		err = list(stdout)
	case "help", "-h", "--help":
		_, err = io.WriteString(stdout, help)
	default:
		err = fmt.Errorf("there is no command %q; try 'hookproof help'", command)
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "hookproof:", err)
		return unusable
	}
	return code
}

// list prints the built-in scenarios.
func list(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, name := range fixtures.ScenarioNames() {
		s, err := hookproof.LoadScenario(name)
		if err != nil {
			return err
		}
		needs := strings.Join(s.Needs, " ")
		if needs == "" {
			needs = "-"
		}
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\n", name, needs, s.Description); err != nil {
			return err
		}
	}
	return table.Flush()
}

func replay(ctx context.Context, args []string, out io.Writer) (int, error) {
	flags := flag.NewFlagSet("replay", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	target := &hookproof.Target{}
	flags.StringVar(&target.URL, "url", "", "")
	flags.StringVar(&target.Secret, "secret", "", "")
	flags.StringVar(&target.PreviousSecret, "previous-secret", "", "")
	flags.BoolVar(&target.Livemode, "livemode", false, "")
	verbose := flags.Bool("v", false, "")
	names, err := parseMixed(flags, args)
	if err != nil {
		return unusable, fmt.Errorf("replay: %w; try 'hookproof help'", err)
	}
	if len(names) == 0 {
		return unusable, errors.New("replay: name a scenario, a family or a file; 'hookproof list' lists what is built in")
	}
	scenarios, err := load(names)
	if err != nil {
		return unusable, err
	}
	if err := target.Check(); err != nil {
		return unusable, err
	}
	if err := reachable(target.URL); err != nil {
		return unusable, err
	}
	began := time.Now()
	counts := map[hookproof.Verdict]int{}
	for _, scenario := range scenarios {
		result := hookproof.Replay(ctx, target, scenario)
		if ctx.Err() != nil {
			return unusable, errors.New("interrupted")
		}
		counts[result.Verdict]++
		report(out, result, scenario, *verbose)
	}
	_, err = fmt.Fprintf(out, "\n%d passed, %d failed, %d not run (%s)\n", counts[hookproof.Pass], counts[hookproof.Fail],
		counts[hookproof.NotRun], time.Since(began).Round(time.Millisecond))
	switch {
	case err != nil:
		return unusable, err
	case counts[hookproof.Fail] > 0:
		return failed, nil
	case counts[hookproof.Pass] == 0:
		return unusable, errors.New("nothing ran: no scenario named can be judged with what is known of the target")
	}
	return passed, nil
}

// parseMixed lets flags stand before, between and after the other arguments.
func parseMixed(flags *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return rest, nil
		}
		rest = append(rest, flags.Arg(0))
		args = flags.Args()[1:]
	}
}

// report prints a scenario's line, and the deliveries of one that failed.
func report(out io.Writer, result hookproof.Result, scenario hookproof.Scenario, verbose bool) {
	word := map[hookproof.Verdict]string{hookproof.Pass: "PASS", hookproof.Fail: "FAIL", hookproof.NotRun: "----"}[result.Verdict]
	_, _ = fmt.Fprintf(out, "%s  %s", word, result.Scenario)
	if result.Verdict == hookproof.NotRun {
		_, _ = fmt.Fprintf(out, " (not run: %s)", result.Why)
	}
	_, _ = fmt.Fprintln(out)
	if result.Verdict == hookproof.Fail {
		_, _ = fmt.Fprintf(out, "      demanded: %s (%s)\n      but:      %s\n", scenario.Description, scenario.Requirement, result.Why)
	}
	if result.Verdict != hookproof.Fail && !verbose {
		return
	}
	for i, d := range result.Journal.Deliveries() {
		answer := fmt.Sprint(d.Status)
		if d.Err != nil {
			answer = d.Err.Error()
		}
		_, _ = fmt.Fprintf(out, "      %3d  %-28s %-17s %s %7.1f ms  %s\n", i+1, d.Label, d.Sign, answer, float64(d.Latency.Microseconds())/1000, d.EventID)
	}
}

// reachable asks once whether anybody listens.
func reachable(target string) error {
	u, err := url.Parse(target)
	if err != nil {
		return err
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(u.Hostname(), port), 5*time.Second)
	if err != nil {
		return fmt.Errorf("nothing listens at %s; is the target running?", u.Host)
	}
	return conn.Close()
}

// load finds scenarios by file, directory, built-in name or built-in family.
func load(names []string) ([]hookproof.Scenario, error) {
	var found []hookproof.Scenario
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			more, err := loadFiles(name, info.IsDir())
			if err != nil {
				return nil, err
			}
			found = append(found, more...)
			continue
		}
		before := len(found)
		for _, built := range fixtures.ScenarioNames() {
			if built != name && !strings.HasPrefix(built, strings.TrimSuffix(name, "/")+"/") {
				continue
			}
			scenario, err := hookproof.LoadScenario(built)
			if err != nil {
				return nil, err
			}
			found = append(found, scenario)
		}
		if len(found) == before {
			return nil, fmt.Errorf("%s is no file, and no scenario or family that is built in; 'hookproof list' lists those", name)
		}
	}
	return found, nil
}

func loadFiles(name string, directory bool) ([]hookproof.Scenario, error) {
	files := []string{name}
	if directory {
		files = nil
		err := filepath.WalkDir(name, func(file string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && strings.HasSuffix(file, ".json") {
				files = append(files, file)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("%s has no scenario files (*.json)", name)
		}
	}
	var found []hookproof.Scenario
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		scenario, err := hookproof.ParseScenario(file, raw)
		if err != nil {
			return nil, err
		}
		found = append(found, scenario)
	}
	return found, nil
}
