package mutants

import (
	"bytes"
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

	"example.com/hookproof/hookproof"
)

// suite is a package of tests of this repository that kills mutants of its sources.
type suite struct {
	name     string // and the directory of its mutants
	packages string // that are tested
	parallel int    // mutants at once
}

// suites are the sources that mutants are made of, and the tests that must kill them. What a mutant expects
// is a test's name, as go test -run takes it, after the suite's.
var suites = []suite{
	{"server", "./e2e", 2},
	{"judge", "./hookproof", 2},
}

// Suites are the names of RunSuite's suites.
func Suites() []string {
	var names []string
	for _, s := range suites {
		names = append(names, s.name)
	}
	return names
}

// RunSuite tests mutants of this repository's own sources, each in an overlay: nothing is written into the
// tree. A test that fails kills a mutant; one that does not compile is the mutant's trouble, not a kill.
func RunSuite(ctx context.Context, files fs.FS, name string, o Options) (Matrix, error) {
	began := time.Now()
	at := slices.IndexFunc(suites, func(s suite) bool { return s.name == name })
	if at < 0 {
		return Matrix{}, fmt.Errorf("there is no suite %q; there are %s", name, strings.Join(Suites(), " and "))
	}
	s := suites[at]
	all, err := Load(files, s.name)
	if err != nil {
		return Matrix{}, err
	}
	if o.Root, err = filepath.Abs(o.Root); err != nil {
		return Matrix{}, err
	}
	wanted := slices.DeleteFunc(all, o.unwanted)
	m := Matrix{Alone: o.Alone}
	parallel := s.parallel
	if o.Parallel > 0 {
		parallel = o.Parallel
	}
	gate, rows := make(chan struct{}, parallel), make(chan Row)
	var group sync.WaitGroup
	for _, mutant := range wanted {
		group.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			rows <- o.test(ctx, s, mutant)
		})
	}
	go func() { group.Wait(); close(rows) }()
	for row := range rows {
		m.Rows = append(m.Rows, row)
		o.tell(row, len(m.Rows), len(wanted))
	}
	m.sort()
	m.Took = time.Since(began)
	return m, ctx.Err()
}

var failing = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// test runs a suite on one mutant: the expected test first, and where that lets it live, all until one fails.
func (o Options) test(ctx context.Context, s suite, m Mutant) (row Row) {
	began := time.Now()
	row = Row{Name: m.Name, Kind: Faulty, Report: m.Report, Expect: m.expects(), Needs: m.Needs, Description: m.Description}
	trouble := func(err error) Row {
		row.Trouble, row.Took = err.Error(), time.Since(began)
		return row
	}
	var err error
	sources := os.DirFS(o.Root)
	if row.Diff, err = m.Diff(sources); err != nil {
		return trouble(err)
	}
	work, err := os.MkdirTemp("", "hookproof-mutant-")
	if err != nil {
		return trouble(err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	overlay, err := o.overlay(m, work)
	if err != nil {
		return trouble(err)
	}
	args := []string{"test", "-count=1", "-failfast", "-overlay", overlay, s.packages}
	said, err := o.goTool(ctx, append(args, "-run", pattern(strings.TrimPrefix(m.Expect, s.name+"/")))...)
	switch {
	case strings.Contains(said, "no tests to run"):
		return trouble(fmt.Errorf("there is no test %s", m.Expect))
	case err == nil && !o.Alone:
		said, err = o.goTool(ctx, args...)
	}
	finding := hookproof.Finding{Check: m.Expect, Verdict: hookproof.Pass}
	var exited *exec.ExitError
	switch {
	case err == nil:
	case ctx.Err() != nil || !errors.As(err, &exited):
		return trouble(err)
	default:
		finding.Verdict, finding.Why = hookproof.Fail, firstFailure(said)
		if !strings.Contains(finding.Why, strings.TrimPrefix(m.Expect, s.name+"/")) {
			finding.Check = s.name + "/" + finding.Why // another test than the expected one
		}
	}
	if strings.Contains(said, "[build failed]") || strings.Contains(said, "[setup failed]") {
		return trouble(fmt.Errorf("it does not compile: %s", said))
	}
	row.Judged.Findings, row.Took = []hookproof.Finding{finding}, time.Since(began)
	return row
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

func (o Options) goTool(ctx context.Context, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = o.Root
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	err := command.Run()
	return said.String(), err
}

// pattern is a test's name for -run: each part to the letter.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

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
