package mutants

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/hookproof/pgserver"
)

// ownSources are packages of tests of this repository, and what their tests need.
type ownSources struct {
	tests    []string // the packages' directories
	programs []string // directories of programs that its tests build
	database bool     // its tests need PostgreSQL, and can share one
}

// suites are named by the directories of the mutants that they must kill. What such a mutant expects is a test's name, as
// go test -run takes it, after the suite's.
var suites = map[string]ownSources{
	"server": {tests: []string{"e2e"}, programs: []string{"cmd/booking-server"}, database: true},
	"judge":  {tests: []string{"hookproof", "hookproof/event", "hookproof/dbproxy", "hookproof/check", "hookproof/life", "hookproof/target", "hookproof/result", "hookproof/scenario", "hookproof/run", "hookproof/hookprooftest"}},
}

// atOnce is how many mutants of a suite are tested at once, if nothing else is asked for: tests that are short
// of time fail for nothing.
const atOnce = 4

// RunSuite tests mutants of this repository's own sources, in overlays: nothing is written into the tree. Each meets the
// test that is meant for it, and, where that passes, all others up to the first that fails; with o.Alone it meets no
// others. A mutant whose kill is in the cache is not tested, but for o.Fresh.
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
	known, err := o.verdicts(ctx, name)
	if err != nil {
		return s, err
	}
	var left []*Tested
	for i := range s.Mutants {
		t := &s.Mutants[i]
		if t.Cached = !o.Fresh && o.Repeat < 2 && known.killed(t.Mutant); t.Cached {
			t.Killer = t.meant()
		} else {
			left = append(left, t)
		}
	}
	if err := o.testAll(ctx, name, left, known); err != nil {
		return s, err
	}
	s.Took = time.Since(began)
	return s, ctx.Err()
}

// newSuite is a suite whose mutants have not been tested.
func newSuite(files fs.FS, name string, unwanted func(Mutant) bool) (Suite, error) {
	s := Suite{Name: name, Tests: strings.Join(suites[name].tests, ", ")}
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

// suiteRun is what the tests of a suite's mutants share.
type suiteRun struct {
	Options
	name        string
	environment []string
	shared      tests // the sources with all mutants that can share a build, none of them chosen
	built       map[*Tested]tests
}

// testAll tests mutants, those that take long first. It is an error if the tests do not pass on the sources as they are, which
// is tried meanwhile.
func (o Options) testAll(ctx context.Context, name string, all []*Tested, known verdicts) (err error) {
	if len(all) == 0 {
		return nil
	}
	work, err := os.MkdirTemp("", "hookproof-suite-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	r := &suiteRun{Options: o, name: name}
	end, err := r.startDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	if err := r.buildShared(ctx, work, all); err != nil {
		return err
	}
	all = slices.SortedStableFunc(slices.Values(all), func(a, b *Tested) int { return cmp.Compare(b.rank(), a.rank()) })

	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	gate, ready := make(chan struct{}, cmp.Or(o.Parallel, atOnce)), make(chan *Tested)
	var running sync.WaitGroup
	begin := func(run func()) {
		gate <- struct{}{}
		running.Go(func() {
			defer func() { <-gate }()
			run()
		})
	}
	meant := meantTests(all)
	go func() {
		defer close(ready)
		defer running.Wait()
		begin(func() {
			if err := r.sound(ctx, meant); err != nil {
				stop(err)
			}
		})
		for _, t := range all {
			begin(func() {
				started := time.Now()
				if err := r.test(ctx, t); err != nil {
					t.Trouble = err.Error()
				}
				t.Took = time.Since(started)
				ready <- t
			})
		}
	}()
	n := 0
	for t := range ready {
		if n++; ctx.Err() == nil {
			o.tell(fmt.Sprintf("%3d/%d", n, len(all)), t.Name, t.Took, t.Objection())
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	now, err := o.verdicts(ctx, name)
	if err != nil || !bytes.Equal(now.sources, known.sources) { // somebody works on them
		o.say("The sources have changed during the run, so it leaves nothing in the cache.")
		return err
	}
	return known.keep(all)
}

// startDatabase starts one PostgreSQL for all runs of the suite's tests, unless the environment already says where they find one.
func (r *suiteRun) startDatabase(ctx context.Context) (end func() error, err error) {
	if !suites[r.name].database || os.Getenv("E2E_BACKEND") == "containers" || os.Getenv("E2E_POSTGRES") != "" {
		return func() error { return nil }, nil
	}
	server, err := pgserver.Start(ctx, pgserver.Config{})
	if err != nil {
		return nil, err
	}
	r.environment = append(r.environment, "E2E_BACKEND=local", "E2E_POSTGRES="+server.URL("postgres"))
	return server.Close, nil
}

// buildShared builds the sources once with all mutants that can share a build. A mutant that does not compile is left out, and
// meets its own build later, as do those that cannot share one.
func (r *suiteRun) buildShared(ctx context.Context, work string, all []*Tested) error {
	out := map[string]bool{}
	for {
		g := group{root: r.Root, files: map[string]*groupFile{}}
		members := map[string]*Tested{}
		for n, t := range all {
			name := fmt.Sprint(n)
			if out[name] {
				continue
			}
			if fits, err := g.add(t.Mutant, name); err == nil && fits { // an error is the mutant's: its own build tells it
				members[name] = t
			}
		}
		replace, err := g.write(work)
		if err != nil {
			return err
		}
		r.shared, err = r.buildTests(ctx, suites[r.name].tests, work, replace)
		var broken *buildError
		switch {
		case errors.As(err, &broken) && len(members) > 0:
			wrong := blamed(broken.said)
			maps.DeleteFunc(wrong, func(name string, _ bool) bool { return members[name] == nil })
			if len(wrong) == 0 {
				r.say("The mutants cannot share a build, so each gets its own: " + broken.Error())
				wrong = allOf(members)
			}
			maps.Copy(out, wrong)
			continue
		case err != nil:
			return err
		}
		return r.choose(ctx, &g, members)
	}
}

func allOf(members map[string]*Tested) map[string]bool {
	all := map[string]bool{}
	for name := range members {
		all[name] = true
	}
	return all
}

// choose says how each member of a group is run.
func (r *suiteRun) choose(ctx context.Context, g *group, members map[string]*Tested) error {
	list := exec.CommandContext(ctx, "go", "list", "-m")
	list.Dir = r.Root
	module, err := list.Output()
	if err != nil {
		return fmt.Errorf("go list -m in %s: %w", r.Root, err)
	}
	r.shared.environment = append(r.shared.environment, r.environment...)
	r.built = map[*Tested]tests{}
	for name, t := range members {
		b := r.shared
		b.environment = append(slices.Clone(b.environment), chosenVariable+"="+name,
			"GOFLAGS="+goFlags(b.environment)+" '-ldflags="+g.linked(strings.TrimSpace(string(module)), name)+"'")
		r.built[t] = b
	}
	return nil
}

// meantTests are the patterns of the tests that are meant to kill.
func meantTests(all []*Tested) (meant []string) {
	for _, t := range all {
		if name := pattern(t.meant()); !slices.Contains(meant, name) {
			meant = append(meant, name)
		}
	}
	return meant
}

// sound makes sure that what is meant to kill passes on the sources as they are: else it would kill whatever it is given.
func (r *suiteRun) sound(ctx context.Context, meant []string) error {
	if said, err := r.shared.run(ctx, strings.Join(meant, "|")); err != nil && !errors.Is(err, errNoTest) {
		return fmt.Errorf("the tests do not pass on the sources as they are, so they prove nothing of mutants: %s: %w", firstFailure(said), err)
	}
	return nil
}

// declaring are the directories of the suite's packages that have a test, so that no others are built for it.
func (r *suiteRun) declaring(test string) (directories []string) {
	name, _, _ := strings.Cut(test, "/")
	for _, directory := range suites[r.name].tests {
		files, _ := filepath.Glob(filepath.Join(r.Root, directory, "*_test.go")) // its pattern is well formed
		if slices.ContainsFunc(files, func(file string) bool {
			text, err := os.ReadFile(file)
			return err == nil && bytes.Contains(text, []byte("func "+name+"("))
		}) {
			directories = append(directories, directory)
		}
	}
	return directories
}

// test finds the test that kills a mutant.
func (r *suiteRun) test(ctx context.Context, t *Tested) error {
	built, is := r.built[t]
	if !is {
		work, err := os.MkdirTemp("", "hookproof-mutant-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(work) }()
		changed, err := t.Apply(os.DirFS(r.Root))
		if err != nil {
			return err
		}
		replace, err := writeReplacements(r.Root, work, changed)
		if err != nil {
			return err
		}
		directories := suites[r.name].tests
		if r.Alone {
			directories = r.declaring(t.meant())
		}
		if built, err = r.buildTests(ctx, directories, work, replace); err != nil {
			return err
		}
		built.environment = append(built.environment, r.environment...)
	}
	meant := built.in(r.Root, r.declaring(t.meant()))
	if r.Repeat > 1 {
		return r.repeat(ctx, meant, t)
	}
	// Machines are shared and noisy: a test that passes is tried once more, as the matrix does.
	for n, names := range []string{pattern(t.meant()), pattern(t.meant()), "."} {
		if names == "." && r.Alone {
			return nil
		}
		chosen := meant
		if names == "." {
			chosen = built
		}
		said, err := chosen.run(ctx, names)
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

// repeat runs the test that is meant for a mutant as often as was asked, and counts the runs that it passes: a test that sees a
// mutant by luck will miss it one day.
func (r *suiteRun) repeat(ctx context.Context, built tests, t *Tested) error {
	t.Runs = r.Repeat
	for range r.Repeat {
		said, err := built.run(ctx, pattern(t.meant()))
		var exited *exec.ExitError
		switch {
		case err == nil:
			t.Missed++
		case errors.Is(err, errNoTest):
			return fmt.Errorf("there is no test %s", t.meant())
		case ctx.Err() != nil || !errors.As(err, &exited):
			return err
		default:
			t.Killer = killer(said, t.meant())
		}
	}
	return nil
}
