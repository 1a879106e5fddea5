package mutants

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A suite's tests may be of several packages: the one that has the test counts, whatever the others lack.
func TestTestsOfSeveralPackages(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":      "module example.com/small\n\ngo 1.26\n",
		"a/a_test.go": "package a\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {}\n",
		"b/b_test.go": "package b\n\nimport \"testing\"\n\nfunc TestB(t *testing.T) { t.Run(\"part\", func(t *testing.T) { t.Error() }) }\n",
		"c/c.go":      "package c\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o600))
	}
	built, err := Options{Root: root}.buildTests(t.Context(), []string{"a", "b", "c", "gone"}, t.TempDir(), nil)
	require.NoError(t, err)
	require.Len(t, built.packages, 2)
	_, err = built.run(t.Context(), "^TestA$")
	require.NoError(t, err)
	_, err = built.run(t.Context(), "^TestC$")
	require.ErrorIs(t, err, errNoTest)
	said, err := built.run(t.Context(), "^TestB$/^part$")
	require.Error(t, err)
	require.Equal(t, "TestB/part", killer(said, "TestB/part"))
}
