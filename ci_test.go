package hookproof_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
		Name     string
		RunsOn   string `yaml:"runs-on"`
		Timeout  int    `yaml:"timeout-minutes"`
		Strategy struct {
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

// README.md's own run of the tests is CI's: the flags are added to what it shows, and what it shows is compared with what they print.
func TestATranscriptsTestsGetFlags(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	binary := filepath.Join(directory, "transcript")
	out, err := exec.Command("go", "build", "-o", binary, "./.ci/transcript").CombinedOutput()
	require.NoError(t, err, string(out))
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
		"there is no command": {"", []string{"-test-flags", "-race"}, "", 2, "there is no console block"},
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
