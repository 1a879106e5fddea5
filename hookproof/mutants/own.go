package mutants

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"example.com/hookproof/hookproof/result"
)

// own is this repository's own server. It is no endpoint with a target file: its hooks are functions of its end-to-end
// test's, which also knows how to make a booking before Stripe has answered, and how to make the line to the database bad.
var own = Mutant{Name: "server/correct/as-it-is", Expect: None, Description: "The booking server of this repository: two replicas, with every hook."}

const (
	ownSuite  = "e2e"
	ownTest   = "TestHookproof"
	ownReport = "E2E_REPORT" // the variable that names the file for what hookproof said there, as JSON
)

// ownJobs are the runs on the own server, if it was asked for; its tests are built into work.
func (o Options) ownJobs(ctx context.Context, work string) (list []job, err error) {
	if o.unwanted(own) {
		return nil, nil
	}
	built, err := o.buildTests(ctx, []string{ownSuite}, work, nil)
	for n := range max(1, o.Repeat) {
		list = append(list, job{mutant: own, kind: Correct, run: n + 1, own: &built})
	}
	return list, err
}

// judgeOwn runs that test, and answers what hookproof said in it and what is left behind of it: its temporary files are in a
// directory of their own.
func (o Options) judgeOwn(ctx context.Context, built tests) (report result.Report, left string, err error) {
	work, err := os.MkdirTemp("", "hookproof-own-")
	if err != nil {
		return report, "", err
	}
	defer func() { _ = os.RemoveAll(work) }()
	file, temporary := filepath.Join(work, "report.json"), filepath.Join(work, "tmp")
	if err := os.Mkdir(temporary, 0o700); err != nil {
		return report, "", err
	}
	for _, directory := range []string{work, temporary} { // PostgreSQL may run as another user, who has to get there
		if err := os.Chmod(directory, 0o755); err != nil {
			return report, "", err
		}
	}
	built.environment = append(built.environment, "E2E_BACKEND=local", ownReport+"="+file, "TMPDIR="+temporary)
	said, failed := built.run(ctx, pattern(ownTest))
	raw, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(raw, &report)
	}
	// A report that is whole, which one without a duration is not, tells itself why the test has failed.
	if failed != nil && (report.Took == 0 || report.Count(result.Fail) == 0) {
		err = fmt.Errorf("%s: %w\n%s", ownTest, failed, said)
	}
	return report, gone(o.Grace, func() string { return cmp.Or(processIn(temporary), fileIn(temporary)) }), err
}
