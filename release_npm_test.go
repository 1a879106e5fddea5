package hookproof_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tarball is an npm package with nothing but its name and version.
func tarball(t *testing.T, name string) []byte {
	t.Helper()
	var raw bytes.Buffer
	zipped := gzip.NewWriter(&raw)
	w := tar.NewWriter(zipped)
	manifest := fmt.Appendf(nil, `{"name": %q, "version": "1.2.3"}`, name)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "package/package.json", Mode: 0o644, Size: int64(len(manifest))}))
	_, err := w.Write(manifest)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, zipped.Close())
	return raw.Bytes()
}

// A release whose npm packages are published in part goes on where it ended.
func TestARepeatedReleasePublishesWhatNPMLacks(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no node; .ci/run installs it")
	}
	dir := t.TempDir()
	write := func(path, text string) {
		path = filepath.Join(dir, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o755))
	}
	script, err := os.ReadFile(".ci/release")
	require.NoError(t, err)
	write(".ci/release", string(script))
	write("npm/build.mjs", "")
	for file, name := range map[string]string{"hookproof-linux-x64-1.2.3.tgz": "@hookproof/linux-x64", "hookproof-win32-x64-1.2.3.tgz": "@hookproof/win32-x64", "hookproof-1.2.3.tgz": "hookproof"} {
		write("dist/npm/"+file, string(tarball(t, name)))
	}
	write("bin/npm", `#!/bin/sh
case $1 in
  view) [ "$2" = @hookproof/linux-x64@1.2.3 ] && echo 1.2.3 || exit 1 ;;
  publish) for last; do :; done; echo "published $last" ;;
esac
`)
	command := exec.Command("bash", filepath.Join(dir, ".ci/release"), "npm")
	command.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"), "NPM_TOKEN=x", "GITHUB_REF_NAME=v1.2.3")
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, []string{
		"@hookproof/linux-x64@1.2.3 is published already, so that it is left as it is.",
		"published dist/npm/hookproof-win32-x64-1.2.3.tgz",
		"published dist/npm/hookproof-1.2.3.tgz",
	}, strings.Split(strings.TrimSpace(string(out)), "\n"))
}
