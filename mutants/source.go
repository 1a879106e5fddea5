package mutants

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// suites are packages of tests of this repository, by the directories of the mutants that they must kill. What
// such a mutant expects is a test's name, as go test -run takes it, after the suite's.
var suites = map[string]string{"server": "e2e", "judge": "hookproof"}

// atOnce is how many mutants of a suite are tested at once, if nothing else is asked for: tests that are short
// of time fail for nothing.
const atOnce = 4

// RunSuite tests mutants of this repository's own sources, each in an overlay: nothing is written into the
// tree. Each meets the test that is meant for it, and, where that passes, all others up to the first that fails;
// with o.Alone it meets no others.
func RunSuite(ctx context.Context, files fs.FS, name string, o Options) (Suite, error) {
	began := time.Now()
	s, err := newSuite(files, name, o.unwanted)
	if err != nil {
		return Suite{}, err
	}
	if o.Root, err = filepath.Abs(o.Root); err != nil {
		return Suite{}, err
	}
	if o.Alone { // whether all tests pass an argued mutant is not looked at
		s.Mutants = slices.DeleteFunc(s.Mutants, func(t Tested) bool { return t.Argued != "" })
		if len(s.Mutants) == 0 { // no pattern would be that of all tests
			return s, errors.New("an argued mutant has no test that is meant to kill it; ask without Alone")
		}
	}
	if err := o.sound(ctx, s); err != nil {
		return s, err
	}
	parallel := atOnce
	if o.Parallel > 0 {
		parallel = o.Parallel
	}
	gate, ready := make(chan struct{}, parallel), make(chan *Tested)
	var group sync.WaitGroup
	for i := range s.Mutants {
		group.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			t := &s.Mutants[i]
			started := time.Now()
			if err := o.test(ctx, s.Tests, t); err != nil {
				t.Trouble = err.Error()
			}
			t.Took = time.Since(started)
			ready <- t
		})
	}
	go func() { group.Wait(); close(ready) }()
	n := 0
	for t := range ready {
		n++
		o.tell(fmt.Sprintf("%3d/%d", n, len(s.Mutants)), t.Name, t.Took, t.Objection())
	}
	s.Took = time.Since(began)
	return s, ctx.Err()
}

// newSuite is a suite whose mutants have not been tested.
func newSuite(files fs.FS, name string, unwanted func(Mutant) bool) (Suite, error) {
	s := Suite{Name: name, Tests: suites[name]}
	if s.Tests == "" {
		return s, fmt.Errorf("there is no suite %q; there are server and judge", name)
	}
	all, err := Load(files, name)
	if err != nil {
		return s, err
	}
	for _, m := range slices.DeleteFunc(all, unwanted) {
		s.Mutants = append(s.Mutants, Tested{Mutant: m})
	}
	if len(s.Mutants) == 0 {
		return s, errors.New("there is no mutant of these names in the suite " + name)
	}
	return s, nil
}

// tests is a package's tests, built.
type tests struct {
	directory, binary string
	environment       []string // beside this process's
}

// buildTests builds a package's tests into a directory, with files in the place of others as an overlay says, if one does.
func (o Options) buildTests(ctx context.Context, name, work, overlay string) (tests, error) {
	b := tests{directory: filepath.Join(o.Root, name), binary: filepath.Join(work, "tests")}
	command := exec.CommandContext(ctx, "go", "test", "-c", "-o", b.binary, ".")
	command.Dir = b.directory
	if overlay != "" { // by GOFLAGS it also reaches the programs that tests build
		b.environment = []string{"GOFLAGS=" + goFlags(command.Environ()) + " -overlay=" + overlay}
		command.Env = append(command.Environ(), b.environment...)
	}
	if said, err := command.CombinedOutput(); err != nil {
		return b, fmt.Errorf("it does not compile: %w\n%s", err, said)
	}
	return b, nil
}

func goFlags(environment []string) (flags string) {
	for _, variable := range environment {
		if value, is := strings.CutPrefix(variable, "GOFLAGS="); is {
			flags = value
		}
	}
	return flags
}

var errNoTest = errors.New("there is no such test")

// run runs the tests of a pattern, until one fails.
func (b tests) run(ctx context.Context, names string) (said string, err error) {
	command := exec.CommandContext(ctx, b.binary, "-test.paniconexit0", "-test.failfast", "-test.timeout=10m", "-test.run="+names)
	command.Dir = b.directory
	command.Env = append(command.Environ(), b.environment...)
	out, err := command.CombinedOutput()
	if err == nil && strings.Contains(string(out), "no tests to run") {
		err = errNoTest
	}
	return string(out), err
}

// sound makes sure that what is meant to kill passes on the sources as they are: else it would kill whatever it is given.
func (o Options) sound(ctx context.Context, s Suite) error {
	work, err := os.MkdirTemp("", "hookproof-suite-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	built, err := o.buildTests(ctx, s.Tests, work, "")
	if err != nil {
		return err
	}
	var meant []string
	for _, t := range s.Mutants {
		if name := pattern(t.meant()); !slices.Contains(meant, name) {
			meant = append(meant, name)
		}
	}
	if said, err := built.run(ctx, strings.Join(meant, "|")); err != nil && !errors.Is(err, errNoTest) {
		return fmt.Errorf("the tests do not pass on the sources as they are, so they prove nothing of mutants: %s: %w", firstFailure(said), err)
	}
	return nil
}

// test finds the test of a package that kills a mutant.
func (o Options) test(ctx context.Context, name string, t *Tested) error {
	work, err := os.MkdirTemp("", "hookproof-mutant-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	overlay, err := o.overlay(t.Mutant, work)
	if err != nil {
		return err
	}
	built, err := o.buildTests(ctx, name, work, overlay)
	if err != nil {
		return err
	}
	// Machines are shared and noisy: a test that passes is tried once more, as the matrix does.
	for n, names := range []string{pattern(t.meant()), pattern(t.meant()), "."} {
		if names == "." && o.Alone {
			return nil
		}
		said, err := built.run(ctx, names)
		var exited *exec.ExitError
		switch {
		case err == nil:
			continue
		case errors.Is(err, errNoTest):
			return fmt.Errorf("there is no test %s", t.meant())
		case ctx.Err() != nil || !errors.As(err, &exited):
			return err
		case names == ".":
			t.Killer = firstFailure(said)
		default:
			t.Killer, t.Second = killer(said, t.meant()), n > 0
		}
		return nil
	}
	return nil
}

// overlay writes a mutant's files, and what go's -overlay reads.
func (o Options) overlay(m Mutant, work string) (string, error) {
	changed, err := m.Apply(os.DirFS(o.Root))
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for name, text := range changed {
		at := filepath.Join(work, strings.ReplaceAll(name, "/", "-"))
		if err := os.WriteFile(at, text, 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(o.Root, name)] = at
	}
	file := filepath.Join(work, "overlay.json")
	return file, writeOverlay(file, replace)
}

// pattern is a test's name for -run: each part to the letter.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// killer is the test that was asked for, if it failed or the process ended in it, or another that failed in its way:
// the test that it is a part of, before it came to that part.
func killer(said, asked string) string {
	failed := failing.FindAllStringSubmatch(said, -1)
	if len(failed) == 0 || slices.ContainsFunc(failed, func(match []string) bool { return match[1] == asked }) {
		return asked
	}
	return firstFailure(said)
}

var failing = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// firstFailure is the innermost test that failed first; Go prints a test before its subtests.
func firstFailure(said string) string {
	first := ""
	for _, match := range failing.FindAllStringSubmatch(said, -1) {
		if first != "" && !strings.HasPrefix(match[1], first+"/") {
			break
		}
		first = match[1]
	}
	if first == "" {
		first = "the process ended"
	}
	return first
}
