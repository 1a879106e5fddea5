package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
	runs "example.com/hookproof/hookproof/run"
	"example.com/hookproof/hookproof/target"
)

// checking is what a command line says of a check.
type checking struct {
	options     runs.Options
	target      *endpoint
	json        *string
	junit, html string
	bodies      string
	baseline    comparison
	annotate    bool
	verbose     bool
	watch       bool
	plain       bool // no colours
}

func checkCommand(getenv func(string) string) *cobra.Command {
	var c checking
	cmd := &cobra.Command{
		Use:   "check --target FILE | --url URL --secret SECRET",
		Short: "Judge an endpoint",
		Long: `check delivers signed and forged events in every order, number and overlap, and reports whether the endpoint
did what it should. With a URL and a secret alone it judges what can be seen from outside, in a few seconds.
A target file describes how to make an object of the endpoint and how to read its state; with it, check judges
idempotence, order, meaning and bookkeeping as well. With access to the database connection it also judges what
happens when the database fails at any message. 'hookproof init' writes such a file.

Exit codes: 0 everything that was judged passed or is in the baseline, and the headline names what was not judged; 1 a
check failed, whatever else was not judged, even if the run was interrupted afterwards; 2 no check failed, but: wrong usage,
an unreachable target, a hook that failed, an interruption, or something that could not be judged without evidence or time.

--json alone prints the report as JSON instead of the text; 'hookproof schema report' describes it. With exit code 2 and no check
judged it prints {"error": "…"}.`,
		Example: `  hookproof check --url http://127.0.0.1:3000/webhooks/stripe --secret whsec_…
  hookproof check --target hookproof.json --html report.html
  hookproof check --target hookproof.json --watch
  hookproof check --target hookproof.json --only idempotence --skip idempotence/later --seed 7`,
		Args:                  noArguments,
		DisableFlagsInUseLine: true,
		RunE:                  func(cmd *cobra.Command, _ []string) error { return c.start(cmd) },
	}
	c.target = endpointFlags(cmd, getenv)
	c.target.fileFlag(cmd)
	c.add(cmd)
	return cmd
}

// add gives the command its flags, but for those that name the target.
func (c *checking) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&c.options.Only, "only", nil, "run only these `CHECKS` or families, separated by commas")
	flags.StringSliceVar(&c.options.Skip, "skip", nil, "do not run these `CHECKS` or families")
	flags.StringSliceVar(&c.options.Lives, "life", nil, "judge only these `LIVES` of the target file, by their names")
	flags.Uint64Var(&c.options.Seed, "seed", 0, "the seed of random choices; each report has its own")
	flags.StringVar(&c.options.Profile, "profile", "strict", "strict, or stripe: demand only what Stripe's documentation does")
	flags.BoolVar(&c.options.Thorough, "thorough", false, "every order of lives of up to six events, and no limit of time or hook calls")
	flags.DurationVar(&c.options.Budget, "budget", target.DefaultTimings.Budget, "how long a run may take; a slow machine needs more")
	flags.IntVar(&c.options.HookCalls, "hook-calls", 0, "how many hook calls a run may make; 0 is no limit")
	c.json = jsonOrFileFlag(cmd, "the report")
	flags.StringVar(&c.junit, "junit", "", "write the report as JUnit XML to this `FILE`")
	flags.StringVar(&c.html, "html", "", "write the report as one page to this `FILE`")
	flags.StringVar(&c.bodies, "bodies", "", "write what was sent for each finding to this `DIR`, with a command that sends it again")
	flags.StringVar(&c.baseline.file, "baseline", "", "fail only on checks that are not in this `FILE`, and report which of it fail no more")
	flags.StringVar(&c.baseline.write, "write-baseline", "", "write the checks that fail to this `FILE`, with those of --baseline that are not judged now")
	flags.BoolVar(&c.annotate, "annotate", false, "print a line for each failed check that GitHub shows in a workflow's run, to standard error")
	flags.BoolVarP(&c.verbose, "verbose", "v", false, "print each check as it is decided, to standard error")
	flags.BoolVar(&c.watch, "watch", false, "after the run, run what failed again whenever a file of the endpoint changes, or it restarts, until Ctrl-C")
	for _, name := range []string{"only", "skip"} {
		_ = cmd.RegisterFlagCompletionFunc(name, completeChecks) // the flags are there
	}
	_ = cmd.RegisterFlagCompletionFunc("life", completeTargetLives)
}

// start judges the target once, or again and again, if nothing is wrong with what the command line says.
func (c *checking) start(cmd *cobra.Command) error {
	c.plain = c.target.getenv("NO_COLOR") != ""
	if err := c.apart(); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	if c.options.Budget <= 0 {
		return errors.New("check: --budget must be more than 0; the default is 1m, and --thorough has no limit")
	}
	if c.options.HookCalls < 0 {
		return errors.New("check: --hook-calls must be 0 or more; 0 is no limit")
	}
	t, err := c.target.known()
	if err != nil {
		return err
	}
	if err := knownChecks(slices.Concat(c.options.Only, c.options.Skip), livesOf(t)); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	if _, err := t.ByLife(c.options.Lives); err != nil {
		return fmt.Errorf("check: --life: %w", err)
	}
	if err := c.baseline.read(livesOf(t)); err != nil {
		return fmt.Errorf("check: --baseline: %w", err)
	}
	if c.watch && *c.json == toStdout {
		return errors.New("check: --watch prints what has changed after each run, and --json one report; write the report to a file by --json=FILE")
	}
	if c.watch {
		return c.watched(cmd, t)
	}
	_, err = c.run(cmd, t)
	return err
}

// apart returns an error if a file that is to be written is also to be something else.
func (c *checking) apart() error {
	flags := map[string]string{}
	for _, one := range []struct{ flag, path string }{
		{"--target", c.target.file}, {"--baseline", c.baseline.file}, {"--json", *c.json}, {"--junit", c.junit}, {"--html", c.html}, {"--write-baseline", c.baseline.write},
	} {
		path := filepath.Clean(one.path)
		other := flags[path]
		switch {
		case one.path == "" || one.path == toStdout:
		case other == "" || other == "--baseline" && one.flag == "--write-baseline": // a baseline is written anew in its place
			flags[path] = one.flag
		default:
			return fmt.Errorf("%s and %s name the same file, %s; name two", other, one.flag, one.path)
		}
	}
	return nil
}

// run judges a target and tells what came of it, the report to standard output and the rest to standard error.
func (c *checking) run(cmd *cobra.Command, t *target.Target) (result.Report, error) {
	out, style := cmd.OutOrStdout(), report.Style{}
	if file, is := out.(*os.File); is {
		style = report.StyleOf(file, c.plain)
	}
	json, printed := *c.json, report.Text
	if json == toStdout {
		json, style = "", report.Style{}
		printed = func(w io.Writer, r result.Report, _ report.Style) error { return report.JSON(w, r) }
	}
	for _, path := range []string{json, c.junit, c.html, c.baseline.write} {
		if err := writable(path); err != nil {
			return result.Report{}, fmt.Errorf("check: %w", err)
		}
	}
	if c.bodies != "" {
		if err := fillable(c.bodies); err != nil {
			return result.Report{}, fmt.Errorf("check: %w", err)
		}
	}
	r, err := c.judge(cmd, t)
	if err != nil && len(r.Findings) == 0 {
		return r, afterwards(err, r.Afterwards)
	}
	wrong := []error{err}
	for _, wanted := range []struct {
		path  string
		write func(io.Writer, result.Report) error
	}{{json, report.JSON}, {c.junit, report.JUnit}, {c.html, report.HTML}, {c.baseline.write, c.baseline.of}} {
		if wanted.path != "" {
			wrong = append(wrong, writeFile(wanted.path, func(w io.Writer) error { return wanted.write(w, r) }))
		}
	}
	if c.bodies != "" {
		wrong = append(wrong, report.Bodies(c.bodies, r))
	}
	if c.annotate {
		wrong = append(wrong, report.Annotations(c.target.file)(cmd.ErrOrStderr(), r))
	}
	return r, ending(r, errors.Join(append(wrong, printed(out, r, style))...))
}

// judge judges a target, and shows how far it is.
func (c *checking) judge(cmd *cobra.Command, t *target.Target) (result.Report, error) {
	progress := report.NewProgress(cmd.ErrOrStderr(), progressStyle(cmd.ErrOrStderr(), c.plain), c.verbose)
	c.options.Progress, c.options.Phase = progress.Finding, progress.Phase
	r, err := runs.Judge(cmd.Context(), t, c.options)
	progress.Done()
	r.Command = asTyped(os.Args[0], exec.LookPath, r.Command)
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted; faults were removed, and what was started was stopped")
	}
	c.baseline.mark(&r)
	return r, err
}

// ending is the error that a run ends with, and so its exit code. A check that failed outranks whatever was not judged
// beside it: ended is what ended the run before its end, such as a hook that failed, or kept a report from being written; or nil.
func ending(r result.Report, ended error) error {
	switch outcome := report.OutcomeOf(r); {
	case outcome == report.Failed && ended != nil:
		return fmt.Errorf("%w; also: %w", errFailed, ended)
	case outcome == report.Failed && outOfBudget(r) != "":
		return fmt.Errorf("%w; also incomplete: %s", errFailed, outOfBudget(r))
	case outcome == report.Failed:
		return errFailed
	case ended != nil:
		return ended
	case outcome == report.Incomplete:
		return fmt.Errorf("incomplete: %s", strings.Join(lacking(r), "; "))
	}
	return nil
}

// afterwards puts what is left to do after a run behind the error that has ended it, if no report tells it.
func afterwards(err error, left string) error {
	if left == "" {
		return err
	}
	return fmt.Errorf("%w\n%s", err, left)
}

// outOfBudget says what a run was out of, and which flag gives it more; "" is nothing.
func outOfBudget(r result.Report) string {
	for _, f := range r.Findings {
		for out, flag := range more {
			if f.Reason == result.OverBudget && strings.HasPrefix(f.Why, out) {
				return f.Why + "; " + flag + " gives more"
			}
		}
	}
	return ""
}

// more are the flags that give a run what it was out of.
var more = map[string]string{"out of time": "--budget", "out of hook calls": "--hook-calls"}

// lacking tells what a verdict was wanting for.
func lacking(r result.Report) []string {
	var list []string
	seen := map[string]bool{}
	for _, f := range r.Findings {
		if f.Incomplete() && !seen[f.Why] {
			seen[f.Why] = true
			why := f.Check + ": " + f.Why
			for out, flag := range more {
				if strings.HasPrefix(f.Why, out) {
					why += "; " + flag + " gives more"
				}
			}
			list = append(list, why)
		}
	}
	if len(list) == 0 {
		return []string{"nothing could be judged with these hooks"}
	}
	return list[:min(3, len(list))]
}

func progressStyle(w io.Writer, plain bool) report.Style {
	if file, is := w.(*os.File); is {
		return report.StyleOf(file, plain)
	}
	return report.Style{}
}

// writable tells before the work, and not after it, that a file cannot be put where it is wanted.
func writable(path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a directory; name a file", path)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".hookproof-*")
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, errors.Unwrap(err))
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// fillable makes a folder, or tells before the work that nothing can be put there.
func fillable(folder string) error {
	if info, err := os.Stat(folder); err == nil && !info.IsDir() {
		return fmt.Errorf("%s is a file; name a folder", folder)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return writable(filepath.Join(folder, "body.json"))
}

// writeFile writes a file whole, or not at all.
func writeFile(path string, write func(io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".hookproof-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // gone already when all went well
	if err := errors.Join(write(file), file.Chmod(0o644), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
