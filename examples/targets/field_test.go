package targets

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
	"example.com/hookproof/hookproof/scenario"
)

const field = "field"

// The targets of docs/field-notes.md are not run here: their packages are installed from a registry. What must not
// rot is whole: target files, what they start, the scenarios beside them, and versions that are exact and locked.
func TestFieldTargetsAreWhole(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(field + "/*/target.json")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 3)
	for _, script := range []string{"postgres", "target"} {
		info, err := os.Stat(filepath.Join(field, script))
		require.NoError(t, err)
		require.NotZero(t, info.Mode()&0o111, "%s is not executable", script)
	}
	for _, path := range files {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			t.Parallel()
			directory := filepath.Dir(path)
			target, err := hookproof.LoadTarget(path, nil)
			require.NoError(t, err)
			require.NoError(t, target.Check())
			require.NotNil(t, target.State)
			require.NotNil(t, target.Start)
			for _, name := range []string{"server.mjs", "README.md"} {
				require.FileExists(t, filepath.Join(directory, name))
			}
			requireLocked(t, directory)
			scenarios, err := filepath.Glob(directory + "/*.json")
			require.NoError(t, err)
			for _, s := range scenarios {
				raw, err := os.ReadFile(s)
				require.NoError(t, err)
				if json.Valid(raw) && regexp.MustCompile(`"steps"`).Match(raw) {
					_, err = scenario.ParseScenarios(s, raw)
					require.NoError(t, err)
				}
			}
		})
	}
}

// requireLocked demands that package.json names exact versions, and that package-lock.json has the same ones.
func requireLocked(t *testing.T, directory string) {
	t.Helper()
	read := func(name string, into any) {
		raw, err := os.ReadFile(filepath.Join(directory, name))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, into))
	}
	var wanted struct{ Dependencies map[string]string }
	var locked struct {
		Packages map[string]struct{ Version string }
	}
	read("package.json", &wanted)
	read("package-lock.json", &locked)
	require.NotEmpty(t, wanted.Dependencies)
	for name, version := range wanted.Dependencies {
		require.Regexp(t, `^\d+\.\d+\.\d+$`, version, name)
		require.Equal(t, version, locked.Packages["node_modules/"+name].Version, name)
	}
}
