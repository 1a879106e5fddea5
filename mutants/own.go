package mutants

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"example.com/hookproof/hookproof"
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
	built, err := o.buildTests(ctx, ownSuite, work, "")
	for n := range max(1, o.Repeat) {
		list = append(list, job{mutant: own, kind: Correct, run: n + 1, own: &built})
	}
	return list, err
}

// judgeOwn runs that test, and answers what hookproof said in it and what is left behind: the test's temporary files are in
// a directory of their own, which must be empty afterwards, and no process may be called by its name.
func judgeOwn(ctx context.Context, built tests) (report hookproof.Report, left string, err error) {
	work, err := os.MkdirTemp("", "hookproof-own-")
	if err != nil {
		return report, "", err
	}
	defer func() { _ = os.RemoveAll(work) }()
	file, temporary := filepath.Join(work, "report.json"), filepath.Join(work, "tmp")
	// PostgreSQL may run as another user, who has to get there.
	if err := errors.Join(os.Chmod(work, 0o755), os.Mkdir(temporary, 0o755)); err != nil {
		return report, "", err
	}
	built.environment = append(built.environment, "E2E_BACKEND=local", ownReport+"="+file, "TMPDIR="+temporary)
	said, failed := built.run(ctx, pattern(ownTest))
	raw, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(raw, &report)
	}
	if failed != nil && report.Count(hookproof.Fail) == 0 { // else the report tells why
		err = fmt.Errorf("%s: %w\n%s", ownTest, failed, said)
	}
	return report, leftIn(temporary), err
}

// leftIn says what is left in a directory, or which process still has it in its arguments, or "". Where there is no
// /proc, no process is seen.
func leftIn(directory string) string {
	processes, _ := filepath.Glob("/proc/[0-9]*/cmdline") // only a bad pattern is an error
	for _, file := range processes {
		if line, err := os.ReadFile(file); err == nil && bytes.Contains(line, []byte(directory)) {
			return "a process still runs: " + strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	entries, err := os.ReadDir(directory)
	if err != nil {
		return err.Error()
	}
	if len(entries) > 0 {
		return "the file " + entries[0].Name()
	}
	return ""
}
