package hookproof_test

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// step is a step of a workflow or of a composite action, as far as the tests look.
type step struct {
	ID    string
	Name  string
	If    string
	Uses  string
	Run   string
	Shell string
	With  map[string]string
	Env   map[string]string
	Dir   string `yaml:"working-directory"`
}

// action is action.yml; what is not known here is an error.
type action struct {
	Name, Description string
	Inputs            map[string]struct{ Description, Default string }
	Outputs           map[string]struct{ Description, Value string }
	Runs              struct {
		Using string
		Steps []step
	}
}

func readAction(t *testing.T) (read action, raw string) {
	t.Helper()
	bytesRead, err := os.ReadFile("action.yml")
	require.NoError(t, err)
	decoder := yaml.NewDecoder(bytes.NewReader(bytesRead))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(&read))
	return read, string(bytesRead)
}

func TestTheActionUsesItsInputs(t *testing.T) {
	t.Parallel()
	read, raw := readAction(t)
	require.Equal(t, "composite", read.Runs.Using)
	used := map[string]bool{}
	for _, match := range regexp.MustCompile(`inputs\.(\w+)`).FindAllStringSubmatch(raw, -1) {
		used[match[1]] = true
	}
	require.Equal(t, slices.Sorted(maps.Keys(read.Inputs)), slices.Sorted(maps.Keys(used)))
	for _, s := range read.Runs.Steps {
		require.NotContains(t, s.Run, "${{", "what an input says must not become a part of a script")
		require.Equal(t, s.Run != "", s.Shell != "", "a composite step that runs something names its shell")
	}
}

// Each language has an example workflow, which gives the action inputs that exist.
func TestTheExampleWorkflowsGiveInputsThatExist(t *testing.T) {
	t.Parallel()
	read, _ := readAction(t)
	files, err := filepath.Glob("examples/workflows/*.yml")
	require.NoError(t, err)
	require.Equal(t, []string{"examples/workflows/go.yml", "examples/workflows/node.yml", "examples/workflows/php.yml", "examples/workflows/python.yml"}, files)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		var workflow struct {
			Permissions map[string]string
			Jobs        map[string]struct{ Steps []step }
		}
		require.NoError(t, yaml.Unmarshal(raw, &workflow))
		require.Equal(t, map[string]string{"contents": "read"}, workflow.Permissions, file)
		calls := 0
		for _, s := range workflow.Jobs["hookproof"].Steps {
			if strings.Contains(s.Uses, "/hookproof@") {
				calls++
				require.Regexp(t, `^OWNER/hookproof@v\d+\.\d+\.\d+$`, s.Uses, "%s: the tag of a release tells the action what to run", file)
				for name := range s.With {
					require.Contains(t, read.Inputs, name, file)
				}
				require.True(t, (s.With["target"] == "") != (s.With["url"] == ""), file)
			}
		}
		require.Equal(t, 1, calls, file)
	}
}

// What others publish is called by the digest of a commit, which cannot be moved, with its version beside it for people.
func TestActionsOfOthersArePinned(t *testing.T) {
	t.Parallel()
	files := []string{"action.yml"}
	for _, pattern := range []string{".github/workflows/*.yml", "examples/workflows/*.yml"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		files = append(files, found...)
	}
	digests := map[string]string{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, line := range regexp.MustCompile(`(?m)^.*\buses: .*$`).FindAllString(string(raw), -1) {
			if strings.Contains(line, "OWNER/hookproof@") {
				continue
			}
			pinned := regexp.MustCompile(`uses: ([\w./-]+)@([0-9a-f]{40}) # v?\d+\.\d+\.\d+$`).FindStringSubmatch(line)
			require.NotNil(t, pinned, "%s: %s", file, line)
			if known := digests[pinned[1]]; known != "" {
				require.Equal(t, known, pinned[2], "%s: %s has one version everywhere", file, pinned[1])
			}
			digests[pinned[1]] = pinned[2]
		}
	}
	require.NotEmpty(t, digests)
}

// TestTheActionCallsHookproof runs the action's own script, with a stand-in that keeps its arguments.
func TestTheActionCallsHookproof(t *testing.T) {
	t.Parallel()
	read, _ := readAction(t)
	at := slices.IndexFunc(read.Runs.Steps, func(s step) bool { return s.ID == "check" })
	require.GreaterOrEqual(t, at, 0)
	check := read.Runs.Steps[at]
	for name, c := range map[string]struct {
		env   []string
		code  string
		calls string
		told  string // beside the verdict
	}{
		"a URL":                      {[]string{"ENDPOINT=http://127.0.0.1:1/a b", "ARGUMENTS=--seed 7 --thorough"}, "0", "--url|http://127.0.0.1:1/a b|--seed|7|--thorough|", ""},
		"arguments in lines":         {[]string{"TARGET=t.json", "ARGUMENTS=--seed 7\n--thorough\n"}, "0", "--target|t.json|--seed|7|--thorough|", ""},
		"a target file":              {[]string{"TARGET=my target.json", "ENDPOINT=ignored"}, "0", "--target|my target.json|", ""},
		"a baseline":                 {[]string{"TARGET=t.json", "BASELINE=known failures.json"}, "0", "--target|t.json|--baseline|known failures.json|", ""},
		"a failure is not swallowed": {[]string{"TARGET=t.json"}, "1", "--target|t.json|", ""},
		"nor is an incomplete run":   {[]string{"TARGET=t.json"}, "2", "--target|t.json|", "hookproof: incomplete\n"},
		"what could not be run":      {[]string{"TARGET=t.json", "UNRUN=1"}, "2", "--target|t.json|", "hookproof: incomplete\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			stand := "#!/usr/bin/env bash\nprintf '%s|' \"$@\" >\"$RUNNER_TEMP/called\"\necho \"$HOOKPROOF_SECRET\" >\"$RUNNER_TEMP/secret\"\necho THE VERDICT\n" +
				"[ -n \"$UNRUN\" ] || printf '{\\n  \"outcome\": \"failed\",\\n}\\n' >reports/report.json\necho progress >&2\n" +
				"[ " + c.code + " != 2 ] || echo 'hookproof: incomplete' >&2\nexit " + c.code + "\n"
			require.NoError(t, os.Mkdir(filepath.Join(dir, "reports"), 0o755))
			stale := filepath.Join(dir, "reports", "report.json")
			require.NoError(t, os.WriteFile(stale, []byte("{\n  \"outcome\": \"passed\",\n}\n"), 0o644))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "hookproof"), []byte(stand), 0o755))
			// As GitHub's runners call it.
			command := exec.Command("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", check.Run)
			command.Dir = dir
			given, secret := "", "whsec_of_the_job" // which stays where none is given
			if name == "a URL" {
				given, secret = "whsec_given", "whsec_given"
			}
			command.Env = append(os.Environ(), "HOOKPROOF_SECRET=whsec_of_the_job")
			for variable, value := range check.Env {
				if value == "${{ inputs.secret }}" {
					command.Env = append(command.Env, variable+"="+given)
				}
			}
			command.Env = append(command.Env, append([]string{"PROGRAM=" + dir + "/hookproof", "RUNNER_TEMP=" + dir, "GITHUB_STEP_SUMMARY=" + dir + "/summary", "GITHUB_OUTPUT=" + dir + "/output",
				"REPORTS=reports", "PROFILE=stripe"}, c.env...)...)
			out, _ := command.CombinedOutput()
			require.Equal(t, c.code, string(rune('0'+command.ProcessState.ExitCode())), string(out))
			kept := func(name string) string {
				raw, err := os.ReadFile(filepath.Join(dir, name))
				require.NoError(t, err)
				return string(raw)
			}
			require.Equal(t, secret+"\n", kept("secret"))
			require.Equal(t, "check|--annotate|--profile|stripe|--html|reports/report.html|--junit|reports/report.xml|--json|reports/report.json|"+c.calls, kept("called"))
			require.Equal(t, "### hookproof\n~~~text\nTHE VERDICT\n"+c.told+"~~~\n", kept("summary"))
			if slices.Contains(c.env, "UNRUN=1") {
				require.NoFileExists(t, stale, "of a call before")
				require.NoFileExists(t, filepath.Join(dir, "output"))
			} else {
				require.Equal(t, "outcome=failed\n", kept("output"))
			}
			require.Contains(t, string(out), "THE VERDICT")
		})
	}
}

// A package that the server's binary needs is in its image's build.
func TestTheImageHoldsItsPackages(t *testing.T) {
	t.Parallel()
	ignored, err := os.ReadFile(".dockerignore")
	require.NoError(t, err)
	raw, err := os.ReadFile("Dockerfile")
	require.NoError(t, err)
	for _, dep := range append(list(t, "./cmd/booking-server")[0].Deps, module+"cmd/booking-server") {
		if name, ours := strings.CutPrefix(dep, module); ours {
			top, _, _ := strings.Cut(name, "/") // with a directory come the packages below it
			require.True(t, slices.ContainsFunc([]string{name, top}, func(directory string) bool {
				return strings.Contains(string(raw), "\nCOPY "+directory+" "+directory+"\n") && strings.Contains(string(ignored), "\n!"+directory+"\n")
			}), "Dockerfile and .dockerignore lack %s", name)
		}
	}
}
