package mutants

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/run"
	"example.com/hookproof/hookproof/target"
	"example.com/hookproof/pgserver"
)

// Options are a run's choices. Root is required.
type Options struct {
	Root     string    // of the repository: what is built is below it
	Mutants  []string  // names or directories of mutants to run; none is all
	Alone    bool      // each mutant against its expected check alone; of the correct variants only those of onEachChange
	Thorough bool      // every correct variant, with Alone too
	Pairs    int       // how many second-order mutants of each endpoint
	Seed     uint64    // of the pairs, and the judge's
	Repeat   int       // runs on each correct variant; 0 is one
	Parallel int       // variants at once; 0 is sixteen, since most of a run is waiting
	Cache    string    // directory of binaries; "" is in the user's cache directory
	Verdicts string    // directory of a suite's kills; "" is in the user's cache directory
	Fresh    bool      // each mutant of a suite is tested, whatever an earlier run has found
	Progress io.Writer // one line a variant; nil is silence

	Grace    time.Duration    // how long what a judge has ended may take to be gone; 0 is five seconds
	Postgres *pgserver.Server // has the variants' databases; nil is one that the run starts and ends
}

// Judge is what variants are judged by: Hookproof, but for tests.
type Judge struct {
	Checks []string            // all there are
	Kills  map[string][]string // the faults that each says of itself that it kills
	// Judge runs the checks that the options name on the target of a file, in which {{env.NAME}} is getenv's.
	Judge func(ctx context.Context, file string, getenv func(string) string, o run.Options) (result.Report, error)
}

// Hookproof is the judge.
func Hookproof() Judge {
	var names []string
	kills := map[string][]string{}
	for _, c := range check.Rows() {
		if _, known := kills[c.Name]; !known { // a check may have a row for one life and a row for another
			names = append(names, c.Name)
		}
		kills[c.Name] = append(kills[c.Name], c.Kills...)
	}
	return Judge{names, kills, func(ctx context.Context, file string, getenv func(string) string, o run.Options) (result.Report, error) {
		t, err := target.Load(file, getenv)
		if err != nil {
			return result.Report{}, err
		}
		return run.Judge(ctx, t, o)
	}}
}

// about are the checks that say of themselves that they kill a fault, beside the expected one.
func (j Judge) about(m Mutant) []string {
	return slices.DeleteFunc(slices.Clone(j.Checks), func(check string) bool {
		return check == m.Expect || !slices.Contains(j.Kills[check], m.Short())
	})
}

// The judge's limits for one variant: a faulty one takes longer, since each failure is looked at twice and
// made shorter.
const (
	judgeTime  = 5 * time.Minute
	judgeCalls = 5000
)

// job is one variant that is to be judged.
type job struct {
	endpoint endpoint
	mutant   Mutant
	kind     Kind
	expect   []Expectation
	run      int
	binary   string
	own      *tests // that judge the own server, and nothing else
}

// atOnceInMatrix is how many variants are judged at once, if nothing else is asked for: most of a run is waiting.
const atOnceInMatrix = 16

// Run makes the matrix. An error is one of the run's own; what is wrong with the variants or the judge is in
// the matrix. Nothing of it is left when it returns: no process, no proxy, no database.
func Run(ctx context.Context, files fs.FS, judge Judge, o Options) (_ Matrix, err error) {
	began := time.Now()
	m := Matrix{Checks: judge.Checks, Alone: o.Alone, Part: len(o.Mutants) > 0, Seed: o.Seed}
	if o.Root, err = filepath.Abs(o.Root); err != nil { // overlays and links want it so
		return m, err
	}
	if len(o.Mutants) == 0 {
		if m.Suites, err = LoadSuites(files); err != nil {
			return m, err
		}
		if m.Reports, err = LoadReports(files); err != nil {
			return m, err
		}
	}
	work, err := os.MkdirTemp("", "hookproof-mutants-")
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	ours, err := o.ownJobs(ctx, work)
	if err != nil {
		return m, err
	}
	jobs, err := o.jobs(ctx, files)
	if err != nil {
		return m, err
	}
	if jobs = append(ours, jobs...); len(jobs) == 0 {
		return m, fmt.Errorf("there is no mutant of the name %q", o.Mutants)
	}
	leftOut, jobs, err := o.leaveOut(jobs)
	if err != nil {
		return m, err
	}
	judged, err := o.judgeAll(ctx, judge, jobs)
	m.Rows = append(leftOut, judged...)
	m.sort()
	m.Took = time.Since(began)
	return m, err
}

// judgeAll judges several variants at once. It has a row for each that was judged, also if the context ends.
func (o Options) judgeAll(ctx context.Context, judge Judge, jobs []job) (rows []Row, err error) {
	server := o.Postgres
	if server == nil {
		if server, err = pgserver.Start(ctx, pgserver.Config{}); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, server.Close()) }()
	}
	var workers errgroup.Group
	workers.SetLimit(cmp.Or(o.Parallel, atOnceInMatrix))
	var mu sync.Mutex
	for _, j := range jobs {
		workers.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			row := o.one(ctx, server, judge, j)
			if row.Doubtful() { // machines are shared and noisy: what was not seen is looked for once more, and that is told
				first := row.Objection()
				row = o.one(ctx, server, judge, j)
				row.First = first
			}
			mu.Lock()
			defer mu.Unlock()
			rows = append(rows, row)
			o.tell(fmt.Sprintf("%3d/%d", len(rows), len(jobs)), row.Name, row.Took, row.Objection())
			return nil
		})
	}
	_ = workers.Wait() // what went wrong is in a variant's row
	return rows, ctx.Err()
}

// say writes a line of progress.
func (o Options) say(line string) {
	if o.Progress != nil {
		_, _ = fmt.Fprintln(o.Progress, line)
	}
}

func (o Options) tell(count, name string, took time.Duration, objection string) {
	if o.Progress == nil {
		return
	}
	_, _ = fmt.Fprintf(o.Progress, "%s  %-48s %6.1fs  %s\n", count, name, took.Seconds(), cmp.Or(objection, "as it should"))
}

// jobs are the variants to be judged, built.
func (o Options) jobs(ctx context.Context, files fs.FS) ([]job, error) {
	endpoints, err := endpointsOf(files, o.Root)
	if err != nil {
		return nil, err
	}
	var all []job
	for _, e := range endpoints {
		sources := os.DirFS(filepath.Join(o.Root, e.directory))
		faulty, err := Load(files, e.name)
		if err != nil {
			return nil, err
		}
		correct, err := Load(files, e.name+"/correct")
		if err != nil {
			return nil, err
		}
		correct = append([]Mutant{{Name: e.name + "/correct/as-it-is", Expect: None, Description: "The endpoint as it is."}}, correct...)
		var jobs []job
		for _, m := range slices.DeleteFunc(faulty, o.unwanted) {
			jobs = append(jobs, job{endpoint: e, mutant: m, kind: Faulty, expect: m.expects()})
		}
		for _, m := range slices.DeleteFunc(correct, o.unwanted) {
			for n := range max(1, o.Repeat) {
				jobs = append(jobs, job{endpoint: e, mutant: m, kind: Correct, run: n + 1})
			}
		}
		if len(o.Mutants) == 0 {
			pairs, err := pairs(faulty, sources, min(o.Pairs, len(faulty)/6), o.Seed) // of few mutants few pairs, since many touch the same text
			if err != nil {
				return nil, err
			}
			for _, p := range pairs {
				jobs = append(jobs, job{endpoint: e, mutant: p.Mutant, kind: Pair, expect: p.expect})
			}
		}
		wanted := slices.DeleteFunc(slices.Clone(jobs), func(j job) bool { return o.leavesOut(j.mutant) })
		if err := o.build(ctx, e, wanted); err != nil {
			return nil, err
		}
		jobs = append(wanted, slices.DeleteFunc(jobs, func(j job) bool { return !o.leavesOut(j.mutant) })...)
		all = append(all, jobs...)
	}
	slices.SortStableFunc(all, func(a, b job) int { return cmp.Compare(o.length(b), o.length(a)) })
	return all, nil
}

// length ranks jobs by how long they take: what is begun last should not be what ends long after all others.
func (o Options) length(j job) int {
	switch {
	case j.mutant.Long && (!o.Alone || j.kind == Correct):
		return 2
	case o.Alone && j.kind == Correct: // it meets all checks
		return 1
	}
	return 0
}

// unwanted tells whether a mutant was not asked for.
func (o Options) unwanted(m Mutant) bool {
	return len(o.Mutants) > 0 && !slices.ContainsFunc(o.Mutants, func(name string) bool {
		return m.Name == name || m.Short() == name || filepath.Dir(m.Name) == name
	})
}

// build builds what must be built, and drops the pairs that do not go together.
func (o Options) build(ctx context.Context, e endpoint, jobs []job) error {
	if len(jobs) == 0 {
		return nil
	}
	if !e.compiled() {
		return install(ctx, filepath.Join(o.Root, e.directory))
	}
	cache := o.Cache
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return err
		}
		cache = filepath.Join(user, "hookproof", "mutants")
	}
	variants := make([]Mutant, len(jobs))
	for i, j := range jobs {
		variants[i] = j.mutant
	}
	binaries, err := goBinaries(ctx, o.Root, e.directory, cache, variants)
	for i := range jobs {
		jobs[i].binary = binaries[jobs[i].mutant.Name]
	}
	return err
}

// install brings an endpoint's packages where npm has not done so yet, once for all of its variants.
func install(ctx context.Context, directory string) error {
	if _, err := os.Stat(filepath.Join(directory, "package-lock.json")); err != nil {
		return nil
	}
	if _, err := os.Stat(filepath.Join(directory, "node_modules")); err == nil {
		return nil
	}
	npm := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	npm.Dir = directory
	if said, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci in %s: %w\n%s", directory, err, said)
	}
	return nil
}

// one judges one variant.
func (o Options) one(ctx context.Context, server *pgserver.Server, judge Judge, j job) (row Row) {
	began := time.Now()
	row = Row{Name: j.mutant.Name, Kind: j.kind, Report: j.mutant.Report, Expect: j.expect, Needs: j.mutant.Needs, Description: j.mutant.Description, Run: j.run}
	if j.kind == Faulty {
		row.About = judge.about(j.mutant)
	}
	var failed error
	defer func() {
		row.Took = time.Since(began)
		if failed != nil {
			row.Trouble = failed.Error()
		}
	}()
	if j.own != nil {
		row.Judged, row.Left, failed = o.judgeOwn(ctx, *j.own)
		return row
	}
	if row.Diff, failed = j.mutant.Diff(os.DirFS(filepath.Join(o.Root, j.endpoint.directory))); failed != nil {
		return row
	}
	i, err := newInstance(ctx, server, o.Root, j.endpoint, j.mutant, j.binary)
	if err != nil {
		failed = err
		return row
	}
	defer func() { failed = errors.Join(failed, i.close()) }()
	// What the checks find is asked here, not what they find in a minute.
	options := run.Options{Seed: o.Seed, Budget: judgeTime, HookCalls: judgeCalls}
	if o.Alone {
		options.Only = row.wanted() // none for a correct variant: all
	}
	var gaveUp error
	if row.Judged, gaveUp = judge.Judge(ctx, i.target(), i.getenv, options); gaveUp != nil {
		row.Cut = gaveUp.Error()
	}
	row.Left = i.leftovers(o.Grace)
	return row
}

// pair is a second-order mutant and the checks that its faults expect.
type pair struct {
	Mutant
	expect []Expectation
}

// pairs draws second-order mutants: two faults with different expected checks that do not touch the same
// text, each fault at most twice.
func pairs(all []Mutant, sources fs.FS, count int, seed uint64) ([]pair, error) {
	draw := rand.New(rand.NewPCG(seed, 0))
	var drawn []pair
	used := map[string]int{}
	for tries := 0; len(drawn) < count; tries++ {
		if tries > 100*count {
			return nil, fmt.Errorf("only %d of %d pairs of mutants go together", len(drawn), count)
		}
		a, b := all[draw.IntN(len(all))], all[draw.IntN(len(all))]
		if a.Expect == b.Expect || used[a.Name] > 1 || used[b.Name] > 1 || importsBoth(a, b) {
			continue
		}
		both, err := Combine(a, b, sources)
		if errors.Is(err, errTogether) {
			continue
		}
		if err != nil {
			return nil, err
		}
		used[a.Name]++
		used[b.Name]++
		drawn = append(drawn, pair{both, append(a.expects(), b.expects()...)})
	}
	return drawn, nil
}

// importsBoth tells whether two mutants both change the imports of a file: together they may import a package
// twice, or one may need what the other takes away.
func importsBoth(a, b Mutant) bool {
	for _, one := range a.files() {
		if slices.Contains(b.files(), one) && importing(a, one) && importing(b, one) {
			return true
		}
	}
	return false
}
