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

// mutantsFlags are what the command line says of mutants.
type mutantsFlags struct {
	options                 mutants.Options
	suite                   string
	json                    *string
	html, markdown, compare string
}

func mutantsCommand() *cobra.Command {
	var m mutantsFlags
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
		RunE:                  func(cmd *cobra.Command, names []string) error { return m.run(cmd, names) },
	}
	m.add(cmd)
	return cmd
}

// add gives the command its flags.
func (m *mutantsFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&m.options.Root, "root", ".", "this repository's `DIRECTORY`")
	flags.BoolVar(&m.options.Alone, "alone", false, "run each mutant against its expected check alone, and a few of the correct variants, which is faster")
	flags.BoolVar(&m.options.Thorough, "thorough", false, "with --alone: run every correct variant")
	flags.IntVar(&m.options.Pairs, "pairs", 20, "how many mutants with two faults at once, for each endpoint")
	flags.IntVar(&m.options.Repeat, "repeat", 1, "how many runs on each correct variant; with --suite, of the test that is meant for each mutant, which must kill it in all")
	flags.IntVar(&m.options.Parallel, "parallel", 0, "how many variants at once; 0 is sixteen, since most of a run is waiting")
	flags.Uint64Var(&m.options.Seed, "seed", 1, "of what is drawn by chance: the pairs, and the orders that the judge samples")
	flags.StringVar(&m.suite, "suite", "", "make mutants of our own sources, `SUITE` server or judge")
	flags.BoolVar(&m.options.Fresh, "fresh", false, "with --suite: run every mutant, whatever the cache has of earlier runs")
	m.json = jsonOrFileFlag(cmd, "the matrix")
	flags.StringVar(&m.html, "html", "", "write it as one page to this `FILE`")
	flags.StringVar(&m.markdown, "markdown", "", "write it as Markdown to this `FILE`")
	flags.StringVar(&m.compare, "compare", "", "fail if this `FILE` is not the Markdown of this run, apart from what was measured")
}

func (m *mutantsFlags) run(cmd *cobra.Command, names []string) error {
	if _, err := os.Stat(filepath.Join(m.options.Root, "examples", "targets")); err != nil {
		return errors.New("mutants: there is no examples/targets here; give this repository's directory by --root")
	}
	switch o := m.options; {
	case o.Pairs < 0 || o.Repeat < 1 || o.Parallel < 0:
		return errors.New("mutants: --pairs and --parallel are 0 or more, --repeat is 1 or more")
	case m.markdown != "" && o.Alone && !o.Thorough:
		return errors.New("mutants: the page has every correct variant; add --thorough, or leave out --alone")
	case m.suite != "" && m.html+m.markdown+m.compare != "":
		return errors.New("mutants: a suite has no page of its own; write its score by --json, then the page without --suite")
	case m.suite != "" && *m.json != "" && (o.Alone || len(names) > 0):
		return errors.New("mutants: a score is the whole suite's; leave out --alone and the names")
	}
	m.options.Mutants, m.options.Progress = names, cmd.ErrOrStderr()
	if m.suite != "" {
		return m.runSuite(cmd)
	}
	return m.runMatrix(cmd)
}

// runSuite tests mutants of our own sources.
func (m *mutantsFlags) runSuite(cmd *cobra.Command) error {
	s, err := mutants.RunSuite(cmd.Context(), mutants.Files, m.suite, m.options)
	if err != nil {
		return err
	}
	if err := put(cmd, *m.json, s.Score); err != nil {
		return err
	}
	return tell(textTo(cmd, *m.json), s)
}

// runMatrix judges variants of endpoints.
func (m *mutantsFlags) runMatrix(cmd *cobra.Command) error {
	matrix, err := mutants.Run(cmd.Context(), mutants.Files, mutants.Hookproof(), m.options)
	if err != nil {
		return err
	}
	for _, wanted := range []struct {
		path  string
		write func(io.Writer) error
	}{{*m.json, func(w io.Writer) error { return json.NewEncoder(w).Encode(matrix) }}, {m.html, matrix.HTML}, {m.markdown, matrix.Markdown}} {
		if err := put(cmd, wanted.path, wanted.write); err != nil {
			return err
		}
	}
	failed := tell(textTo(cmd, *m.json), matrix)
	if m.compare != "" {
		if err := matrix.Compare(m.compare); err != nil {
			_, _ = fmt.Fprintln(cmd.ErrOrStderr(), err)
			return errFailed
		}
	}
	return failed
}

// put writes a file, or to standard output; a path of "" is nothing.
func put(cmd *cobra.Command, path string, write func(io.Writer) error) error {
	switch path {
	case "":
		return nil
	case toStdout:
		return write(cmd.OutOrStdout())
	}
	return writeFile(path, write)
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
