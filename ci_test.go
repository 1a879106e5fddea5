package hookproof_test

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// stepsOfCI are the names of .ci/run's steps, as it lists them to whoever names another.
func stepsOfCI(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("bash", ".ci/run", "lint", "no-such-step").CombinedOutput()
	var exited *exec.ExitError
	require.ErrorAs(t, err, &exited)
	require.Equal(t, 2, exited.ExitCode(), string(out))
	_, list, found := strings.Cut(string(out), "there is no step no-such-step; there are: ")
	require.True(t, found, string(out))
	require.NotContains(t, string(out), "===", "nothing is run")
	return strings.Fields(list)
}

// workflow is a GitHub workflow; what is not known here is an error.
type workflow struct {
	Name        string
	On          map[string]any
	Permissions map[string]string
	Jobs        map[string]struct {
		Name    string
		RunsOn  string `yaml:"runs-on"`
		Timeout int    `yaml:"timeout-minutes"`
		// Permissions are what a job has beyond the workflow's.
		Permissions map[string]string
		Strategy    struct {
			FailFast bool `yaml:"fail-fast"`
			Matrix   struct{ Step []string }
		}
		Steps []step
	}
}

func readWorkflow(t *testing.T, name string) (read workflow) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(".github", "workflows", name))
	require.NoError(t, err)
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(&read), name)
	return read
}

// Each step of .ci/run is a job of both workflows: a step that is in no job would never hold anything.
func TestTheWorkflowsRunEveryStep(t *testing.T) {
	t.Parallel()
	steps := stepsOfCI(t)
	require.Equal(t, "mutants", steps[len(steps)-1], "a group of steps, which are jobs each")
	for name, row := range map[string]struct{ event, command string }{
		"ci.yml":      {"pull_request", "bash .ci/run ${{ matrix.step }}"},
		"nightly.yml": {"schedule", "bash .ci/run --thorough ${{ matrix.step }}"},
	} {
		read := readWorkflow(t, name)
		require.Contains(t, read.On, row.event, name)
		require.Equal(t, map[string]string{"contents": "read"}, read.Permissions, name)
		job := read.Jobs["step"]
		require.Equal(t, steps[:len(steps)-1], job.Strategy.Matrix.Step, name)
		require.False(t, job.Strategy.FailFast, "%s: one step's failure hides no other's", name)
		require.Positive(t, job.Timeout, name)
		require.Equal(t, row.command, job.Steps[len(job.Steps)-1].Run, name)
	}
	require.Contains(t, readWorkflow(t, "nightly.yml").On, "workflow_dispatch")
}

// .ci/site says what it can do instead of doing something else.
func TestTheSiteRefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	for told, arguments := range map[string][]string{
		".ci/site: say serve, build or check; there is no command\n":   nil,
		".ci/site: say serve, build or check; there is no publish\n":   {"publish"},
		".ci/site: too many arguments: build bin/site bin/elsewhere\n": {"build", "bin/site", "bin/elsewhere"},
	} {
		command := exec.Command("bash", append([]string{".ci/site"}, arguments...)...)
		out, err := command.CombinedOutput()
		require.Equal(t, 2, command.ProcessState.ExitCode(), "%s %v", out, err)
		require.Equal(t, told, string(out))
	}
}

// Only a tag publishes, and only after a dry run of it has been tried.
func TestATagReleasesWhatWasTried(t *testing.T) {
	t.Parallel()
	read := readWorkflow(t, "release.yml")
	require.Equal(t, map[string]any{"push": map[string]any{"tags": []any{"v*"}}}, read.On)
	var order []string
	for _, one := range read.Jobs["release"].Steps {
		order = append(order, cmp.Or(one.Run, strings.Split(one.Uses, "@")[0]))
	}
	require.Equal(t, []string{"actions/checkout", "actions/setup-go", "bash .ci/run lint test release", "bash .ci/release publish", "bash .ci/release push",
		"actions/attest-build-provenance", "actions/attest-build-provenance", "bash .ci/release npm"}, order)
}

// README.md's own run of the tests is CI's: the flags are added to what it shows, and what it shows is compared with what they print.
func TestATranscriptsTestsGetFlags(t *testing.T) {
	t.Parallel()
	directory, binary := t.TempDir(), transcriptOf(t)
	stand := "#!/bin/sh\necho \"go $*\"\n[ \"$FAIL\" != \"$1\" ]\n"
	require.NoError(t, os.WriteFile(filepath.Join(directory, "go"), []byte(stand), 0o700))
	for name, row := range map[string]struct {
		document  string
		arguments []string
		fail      string
		code      int
		told      string
	}{
		"flags are added": {"$ go test ./...\ngo test -race -count=1 ./...\n$ go version\ngo version\n", []string{"-test-flags", "-race -count=1"}, "", 0,
			"$ go test ./..., run as go test -race -count=1 ./...\ngo test -race -count=1 ./...\n"},
		"none are":            {"$ go test ./...\ngo test ./...\n", nil, "", 0, "ok ("},
		"other output":        {"$ go test ./...\nall is well\n", []string{"-test-flags", "-race"}, "", 1, "other output"},
		"the tests fail":      {"$ go test ./...\n…\n", []string{"-test-flags", "-race"}, "test", 1, "exit 1"},
		"there are no tests":  {"$ go vet ./...\ngo vet ./...\n", []string{"-test-flags", "-race"}, "", 2, "no command is go test"},
		"there is no command": {"", []string{"-test-flags", "-race"}, "", 2, "block without a command"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "README.md")
			require.NoError(t, os.WriteFile(file, []byte("```console\n"+row.document+"```\n"), 0o600))
			command := exec.Command(binary, append(row.arguments, file)...)
			command.Env = append(os.Environ(), "PATH="+directory+":"+os.Getenv("PATH"), "FAIL="+row.fail)
			out, err := command.CombinedOutput()
			require.Equal(t, row.code, command.ProcessState.ExitCode(), "%s %v", out, err)
			require.Contains(t, string(out), row.told)
		})
	}
}

// transcriptOf returns the path of .ci/transcript, which the tests share.
func transcriptOf(t *testing.T) (binary string) {
	t.Helper()
	binary, err := transcript()
	require.NoError(t, err)
	return binary
}

// shared is a directory for what the tests share.
var shared string

// transcript builds .ci/transcript once.
var transcript = sync.OnceValues(func() (binary string, err error) {
	binary = filepath.Join(shared, "transcript")
	if said, err := exec.Command("go", "build", "-o", binary, "./.ci/transcript").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building .ci/transcript: %w\n%s", err, said)
	}
	return binary, nil
})

func TestMain(m *testing.M) {
	var err error
	if shared, err = os.MkdirTemp("", "hookproof-root"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(shared)
	os.Exit(code)
}

// A program that listens where a page's own endpoint should would answer in its place.
func TestATranscriptNeedsItsPorts(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	command := exec.Command(transcriptOf(t), "page.md")
	command.Dir = t.TempDir()
	page := "```console\n$ true\n$ echo http://" + listener.Addr().String() + "/orders\n```\n"
	require.NoError(t, os.WriteFile(filepath.Join(command.Dir, "page.md"), []byte(page), 0o600))
	out, err := command.CombinedOutput()
	require.Equal(t, 2, command.ProcessState.ExitCode(), "%s %v", out, err)
	require.Equal(t, "page.md:3: something listens at "+listener.Addr().String()+" already, which this page's commands need; stop it\n", string(out))
}

// What a page has started ends with it, also where it ends too early to stop that itself.
func TestATranscriptLeavesNoProcess(t *testing.T) {
	t.Parallel()
	command := exec.Command(transcriptOf(t), "page.md")
	command.Dir = t.TempDir()
	page := "```console\n$ nohup sleep 600 >/dev/null 2>&1 &\n$ echo $! >pid\n$ false\n```\n"
	require.NoError(t, os.WriteFile(filepath.Join(command.Dir, "page.md"), []byte(page), 0o600))
	out, err := command.CombinedOutput()
	require.Equal(t, 1, command.ProcessState.ExitCode(), "%s %v", out, err)
	id, err := os.ReadFile(filepath.Join(command.Dir, "pid"))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		state, _ := exec.Command("ps", "-o", "stat=", "-p", strings.TrimSpace(string(id))).Output()
		return len(state) == 0 || state[0] == 'Z'
	}, 10*time.Second, 20*time.Millisecond, "sleep still runs")
}

// Each command that a page shows is run by a step of CI, or is marked as not run, with a reason.
func TestEveryPagesCommandsAreRunOrMarked(t *testing.T) {
	t.Parallel()
	var pages []string
	require.NoError(t, filepath.WalkDir(".", func(path string, entry os.DirEntry, err error) error {
		if entry.IsDir() && slices.Contains([]string{".git", ".cache", ".run", "bin", "node_modules", "testdata"}, entry.Name()) {
			return filepath.SkipDir
		}
		if filepath.Ext(path) == ".md" {
			pages = append(pages, path)
		}
		return err
	}))
	require.Contains(t, pages, "docs/target.md")
	out, err := exec.Command(transcriptOf(t), append([]string{"-list"}, pages...)...).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "run  $ go build -o bin/ ./cmd/hookproof\n")
}

func TestATranscriptRefusesWhatItWouldNotRun(t *testing.T) {
	t.Parallel()
	binary := transcriptOf(t)
	shown := filepath.Join(t.TempDir(), "shown.sh")
	require.NoError(t, os.WriteFile(shown, []byte("echo shown\n"), 0o600))
	for name, row := range map[string]struct {
		page string
		code int
		told string
	}{
		"an indented command":           {"Build it:\n\n    go build ./cmd/hookproof\n", 2, "page.md:3: an indented block"},
		"a list's second line":          {"- an item\n\n    and its second line\n\n```console\n$ true\n```\n", 0, "1 commands, 0 wrong"},
		"a fence of no language":        {"```\n$ true\n```\n", 2, "page.md:1: a block in \"\""},
		"a script":                      {"```sh\ntrue\n```\n", 2, "page.md:1: a script that is not run"},
		"a command as text":             {"```text\ngo build ./cmd/hookproof\n```\n", 2, "page.md:1: a command that is not run: go build"},
		"a picture":                     {"```text\na ─▶ b\n```\n\n```console\n$ true\n```\n", 0, "1 commands, 0 wrong"},
		"marked":                        {"<!-- not run: needs Windows -->\n\n```console\n$ false\n```\n\n```console\n$ true\n```\n", 0, "page.md:3: not run: needs Windows"},
		"a mark is of one block":        {"<!-- not run: needs Windows -->\n\n```console\n$ true\n```\n\n```console\n$ false\n```\n", 1, "exit 1"},
		"a mark stands before its own":  {"<!-- not run: needs Windows -->\n\nOther text.\n\n```console\n$ false\n```\n", 1, "exit 1"},
		"a mark without a reason":       {"<!-- not run: -->\n\n```sh\ntrue\n```\n", 2, "a script that is not run"},
		"a file":                        {"<!-- file: " + shown + " -->\n\n```sh\necho shown\n```\n\n```console\n$ true\n```\n", 0, "0 wrong"},
		"a file that differs":           {"<!-- file: " + shown + " -->\n\n```sh\necho other\n```\n", 2, "it is not what is in " + shown},
		"a file that there is not":      {"<!-- file: " + shown + "x -->\n\n```sh\n```\n", 2, "it shows a file that there is not"},
		"an exit code that is shown":    {"```console\n$ (exit 3)\n$ echo $?\n3\n```\n", 0, "2 commands, 0 wrong"},
		"an exit code that is another":  {"```console\n$ (exit 3)\n$ echo $?\n4\n```\n", 1, "other output"},
		"an exit code that is not 0":    {"```console\n$ (exit 3)\n$ true\n```\n", 1, "exit 3"},
		"nothing to run":                {"Only prose.\n", 2, "there is no console block to run"},
		"a transcript without commands": {"```console\nall is well\n```\n", 2, "a ```console block without a command"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := exec.Command(binary, "page.md")
			command.Dir = t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(command.Dir, "page.md"), []byte(row.page), 0o600))
			out, err := command.CombinedOutput()
			require.Equal(t, row.code, command.ProcessState.ExitCode(), "%s %v", out, err)
			require.Contains(t, string(out), row.told)
		})
	}
}
