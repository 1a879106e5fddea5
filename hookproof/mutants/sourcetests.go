package mutants

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// tests are those of some packages, built.
type tests struct {
	packages    []builtTests
	environment []string // beside this process's
}

// builtTests are one package's.
type builtTests struct{ directory, binary string }

// buildError is what a compiler says of sources that do not compile.
type buildError struct {
	said string
	err  error
}

func (e *buildError) Error() string { return fmt.Sprintf("it does not compile: %s\n%s", e.err, e.said) }

func (e *buildError) Unwrap() error { return e.err }

// buildTests builds packages' tests into a directory, with files in the place of others. A package without tests is left out.
func (o Options) buildTests(ctx context.Context, names []string, work string, replace map[string]string) (b tests, err error) {
	if len(replace) > 0 { // by GOFLAGS it also reaches the programs that tests build
		overlay := filepath.Join(work, "overlay.json")
		if err := writeOverlay(overlay, replace); err != nil {
			return b, err
		}
		b.environment = []string{"GOFLAGS=" + goFlags(os.Environ()) + " -overlay=" + overlay}
	}
	for n, name := range o.withTests(names) {
		one := builtTests{directory: filepath.Join(o.Root, name), binary: filepath.Join(work, fmt.Sprint("tests", n))}
		command := exec.CommandContext(ctx, "go", "test", "-c", "-ldflags=-w", "-o", one.binary, ".") // no debugger will look at it
		command.Dir = one.directory
		command.Env = append(command.Environ(), b.environment...)
		if said, err := command.CombinedOutput(); err != nil {
			return b, &buildError{string(said), err}
		}
		b.packages = append(b.packages, one)
	}
	return b, nil
}

// withTests are the directories that have tests.
func (o Options) withTests(directories []string) []string {
	return slices.DeleteFunc(slices.Clone(directories), func(directory string) bool {
		found, err := filepath.Glob(filepath.Join(o.Root, directory, "*_test.go"))
		return err != nil || len(found) == 0
	})
}

func goFlags(environment []string) (flags string) {
	for _, variable := range environment {
		if value, is := strings.CutPrefix(variable, "GOFLAGS="); is {
			flags = value
		}
	}
	return flags
}

// in returns the tests of some of the packages, by their directories below root.
func (b tests) in(root string, directories []string) tests {
	b.packages = slices.DeleteFunc(slices.Clone(b.packages), func(one builtTests) bool {
		return !slices.ContainsFunc(directories, func(directory string) bool { return one.directory == filepath.Join(root, directory) })
	})
	return b
}

var errNoTest = errors.New("there is no such test")

// run runs the tests of a pattern, package by package, until one fails.
func (b tests) run(ctx context.Context, names string) (said string, err error) {
	err = errNoTest
	for _, one := range b.packages {
		out, failed := one.run(ctx, names, b.environment)
		said += out
		switch {
		case failed == nil && strings.Contains(out, "no tests to run"): // another may have it
		case failed == nil:
			err = nil
		default:
			return said, failed
		}
	}
	return said, err
}

func (b builtTests) run(ctx context.Context, names string, environment []string) (said string, err error) {
	command := exec.CommandContext(ctx, b.binary, "-test.paniconexit0", "-test.failfast", "-test.timeout=10m", "-test.run="+names)
	command.Dir = b.directory
	command.Env = append(command.Environ(), environment...)
	out, err := command.CombinedOutput()
	return string(out), err
}

// writeReplacements writes files into a directory, by their paths below root, and answers which takes the place of which.
func writeReplacements(root, work string, files map[string][]byte) (map[string]string, error) {
	replace := map[string]string{}
	for name, text := range files {
		at := filepath.Join(work, strings.ReplaceAll(name, "/", "-"))
		if err := os.WriteFile(at, text, 0o600); err != nil {
			return nil, err
		}
		replace[filepath.Join(root, name)] = at
	}
	return replace, nil
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
