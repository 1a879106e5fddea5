//go:build !release

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof/mutants"
)

func mutantsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mutants [NAME…]",
		Short: "Show that every check kills: run the checks on faulty and on correct endpoints",
		Long: `mutants builds the endpoints of examples/targets in many variants — faulty ones, with one fault each, most of
them reported in public, and correct ones that differ in what Stripe leaves open — and runs the checks on each, with a
private PostgreSQL. Each mutant must be killed by the check that is about it, no correct variant may be accused, and
every check must kill something. Names are mutants' or directories' of them; none is all of them. It needs Go and this
repository.

With --suite it makes mutants of this repository's own sources instead, the server's or the judge's. Each meets the
test that is meant for it and must be killed by it; where that passes, all others are run, too, but for --alone. A
mutant that nothing can kill must be argued in its file. --json writes the score, which the page of the matrix has.
A kill is cached by the sources, the tests and the mutant that it is made of; the output says how many are, and --fresh
runs every mutant.

Exit codes: 0 the matrix is as it should be, 1 it is not, 2 it could not be made.`,
		Example: `  hookproof mutants --alone
  hookproof mutants --alone --thorough
  hookproof mutants --html matrix.html --markdown docs/kill-matrix.md
  hookproof mutants no-dedupe check-then-act-race
  hookproof mutants --suite server --json hookproof/mutants/server/score.json`,
		DisableFlagsInUseLine: true,
	}
	var o mutants.Options
	var suite string
	var files struct{ json, html, markdown, compare string }
	flags := cmd.Flags()
	flags.StringVar(&o.Root, "root", ".", "this repository's `DIRECTORY`")
	flags.BoolVar(&o.Alone, "alone", false, "run each mutant against its expected check alone, and a few of the correct variants, which is faster")
	flags.BoolVar(&o.Thorough, "thorough", false, "with --alone: run every correct variant")
	flags.IntVar(&o.Pairs, "pairs", 20, "how many mutants with two faults at once, for each endpoint")
	flags.IntVar(&o.Repeat, "repeat", 1, "how many runs on each correct variant; with --suite, of the test that is meant for each mutant, which must kill it in all")
	flags.IntVar(&o.Parallel, "parallel", 0, "how many variants at once; 0 is sixteen, since most of a run is waiting")
	flags.Uint64Var(&o.Seed, "seed", 1, "of what is drawn by chance: the pairs, and the orders that the judge samples")
	flags.StringVar(&suite, "suite", "", "make mutants of our own sources, `SUITE` server or judge")
	flags.BoolVar(&o.Fresh, "fresh", false, "with --suite: run every mutant, whatever the cache has of earlier runs")
	asJSON := jsonOrFileFlag(cmd, "the matrix")
	flags.StringVar(&files.html, "html", "", "write it as one page to this `FILE`")
	flags.StringVar(&files.markdown, "markdown", "", "write it as Markdown to this `FILE`")
	flags.StringVar(&files.compare, "compare", "", "fail if this `FILE` is not the Markdown of this run, apart from what was measured")
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		files.json = *asJSON
		if _, err := os.Stat(filepath.Join(o.Root, "examples", "targets")); err != nil {
			return errors.New("mutants: there is no examples/targets here; give this repository's directory by --root")
		}
		if o.Pairs < 0 || o.Repeat < 1 || o.Parallel < 0 {
			return errors.New("mutants: --pairs and --parallel are 0 or more, --repeat is 1 or more")
		}
		if files.markdown != "" && o.Alone && !o.Thorough {
			return errors.New("mutants: the page has every correct variant; add --thorough, or leave out --alone")
		}
		o.Mutants, o.Progress = names, cmd.ErrOrStderr()
		if suite != "" {
			if files.html+files.markdown+files.compare != "" {
				return errors.New("mutants: a suite has no page of its own; write its score by --json, then the page without --suite")
			}
			if files.json != "" && (o.Alone || len(names) > 0) {
				return errors.New("mutants: a score is the whole suite's; leave out --alone and the names")
			}
			s, err := mutants.RunSuite(cmd.Context(), mutants.Files, suite, o)
			if err != nil {
				return err
			}
			if err := put(cmd, files.json, s.Score); err != nil {
				return err
			}
			return tell(textTo(cmd, files.json), s)
		}
		m, err := mutants.Run(cmd.Context(), mutants.Files, mutants.Hookproof(), o)
		if err != nil {
			return err
		}
		for _, wanted := range []struct {
			path  string
			write func(io.Writer) error
		}{{files.json, func(w io.Writer) error { return json.NewEncoder(w).Encode(m) }}, {files.html, m.HTML}, {files.markdown, m.Markdown}} {
			if err := put(cmd, wanted.path, wanted.write); err != nil {
				return err
			}
		}
		failed := tell(textTo(cmd, files.json), m)
		if files.compare != "" {
			if err := m.Compare(files.compare); err != nil {
				_, _ = fmt.Fprintln(cmd.ErrOrStderr(), err)
				return errFailed
			}
		}
		return failed
	}
	return cmd
}

// put writes a file, or to standard output; a path of "" is nothing.
func put(cmd *cobra.Command, path string, write func(io.Writer) error) error {
	switch path {
	case "":
		return nil
	case toStdout:
		return write(cmd.OutOrStdout())
	}
	return writeTo(path, write)
}

// textTo is where the text goes: beside a JSON document on standard output, to standard error.
func textTo(cmd *cobra.Command, json string) io.Writer {
	if json == toStdout {
		return cmd.ErrOrStderr()
	}
	return cmd.OutOrStdout()
}

// tell prints what was found; the error is errFailed if something is wrong with it.
func tell(out io.Writer, found interface {
	Text(io.Writer) error
	Objections() []string
}) error {
	if err := found.Text(out); err != nil {
		return err
	}
	if len(found.Objections()) > 0 {
		return errFailed
	}
	return nil
}

// writeTo writes a file whole, or not at all.
func writeTo(path string, write func(io.Writer) error) error {
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
