package hookproof_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// release is what a release has for one platform: an archive with a program that says which it is.
func release(t *testing.T, archive string) []byte {
	t.Helper()
	program := []byte("#!/bin/sh\necho the program of " + archive + "\n")
	var raw bytes.Buffer
	if filepath.Ext(archive) == ".zip" {
		w := zip.NewWriter(&raw)
		file, err := w.Create("hookproof")
		require.NoError(t, err)
		_, err = file.Write(program)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		return raw.Bytes()
	}
	zipped := gzip.NewWriter(&raw)
	w := tar.NewWriter(zipped)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "hookproof", Mode: 0o755, Size: int64(len(program))}))
	_, err := w.Write(program)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, zipped.Close())
	return raw.Bytes()
}

// The action downloads the release that is asked for, and runs nothing whose checksum is another than the release's.
func TestTheActionRunsWhatItHasVerified(t *testing.T) {
	t.Parallel()
	read, _ := readAction(t)
	get := read.Runs.Steps[slices.IndexFunc(read.Runs.Steps, func(s step) bool { return s.ID == "get" })]
	const linux = "hookproof_linux_amd64.tar.gz"
	for name, c := range map[string]struct {
		env     []string
		archive string // that the release has
		sums    string // instead of its checksums.txt
		told    string // where it fails
	}{
		"the tag it is called by":     {[]string{"REF=v1.2.3"}, linux, "", ""},
		"a version":                   {[]string{"REF=main", "VERSION=v1.2.3"}, linux, "", ""},
		"on arm64":                    {[]string{"REF=v1.2.3", "RUNNER_ARCH=ARM64"}, "hookproof_linux_arm64.tar.gz", "", ""},
		"on macOS":                    {[]string{"REF=v1.2.3", "RUNNER_OS=macOS", "RUNNER_ARCH=ARM64"}, "hookproof_darwin_arm64.tar.gz", "", ""},
		"on Windows":                  {[]string{"REF=v1.2.3", "RUNNER_OS=Windows"}, "hookproof_windows_amd64.zip", "", ""},
		"a branch":                    {[]string{"REF=main"}, linux, "", "'main' is no release: give version, such as v1.2.3"},
		"a text that is more":         {[]string{"VERSION=v1.2.3/../x", "REF=v1.2.3"}, linux, "", "'v1.2.3/../x' is no release"},
		"another release":             {[]string{"REF=v1.2.4"}, linux, "", "checksums.txt of release v1.2.4 of shop/hookproof cannot be downloaded"},
		"another machine":             {[]string{"REF=v1.2.3", "RUNNER_ARCH=S390X"}, linux, "", "there is no release of hookproof for Linux on S390X"},
		"a private repository":        {[]string{"REF=v1.2.5", "TOKEN=t0ken"}, linux, "", ""},
		"without a token that reads":  {[]string{"REF=v1.2.5", "TOKEN=another"}, linux, "", "cannot be downloaded; if the repository is private, give token, which may read it"},
		"an archive that was changed": {[]string{"REF=v1.2.3"}, linux, fmt.Sprintf("%064d  %s\n", 0, linux), "has the SHA-256 "},
		"an archive without its sum":  {[]string{"REF=v1.2.3"}, linux, "abc  other.tar.gz\n", "checksums.txt says nothing of it; it is not run"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			served := filepath.Join(dir, "github.com", "shop", "hookproof", "releases", "download", "v1.2.3")
			require.NoError(t, os.MkdirAll(served, 0o755))
			archive := release(t, c.archive)
			sums := c.sums
			if sums == "" {
				sums = fmt.Sprintf("%x  other.tar.gz\n%x  %s\n", sha256.Sum256(nil), sha256.Sum256(archive), c.archive)
			}
			require.NoError(t, os.WriteFile(filepath.Join(served, c.archive), archive, 0o644))
			require.NoError(t, os.WriteFile(filepath.Join(served, "checksums.txt"), []byte(sums), 0o644))
			// The API, as a private repository has it, whose files are nowhere else.
			private := filepath.Join(dir, "api.github.com", "repos", "shop", "hookproof", "releases")
			for path, content := range map[string][]byte{
				"assets/1": archive, "assets/2": []byte(sums),
				"tags/v1.2.5": fmt.Appendf(nil, `{"url": "https://api.github.com/repos/shop/hookproof/releases/7", "name": "v1.2.5", "assets": [
  {
    "url": "https://api.github.com/repos/shop/hookproof/releases/assets/1",
    "id": 1, "name": %q, "uploader": {"url": "https://api.github.com/users/shop"}
  },
  {"url": "https://api.github.com/repos/shop/hookproof/releases/assets/2", "id": 2, "name": "checksums.txt", "uploader": {"id": 3}}]}`, c.archive),
			} {
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(private, path)), 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(private, path), content, 0o644))
			}
			// curl and unzip are stand-ins: the one takes what is served from a folder, and the other need not be there.
			for tool, script := range map[string]string{
				"curl": "to=/dev/stdout; while [ $# -gt 1 ]; do [ $1 != --output ] || to=$2; shift; done\n" +
					"case $1 in *://api.*) grep -qx 'Authorization: Bearer t0ken' || exit 22 ;; esac\n" +
					"cat \"" + dir + "/${1#https://}\" 2>/dev/null >\"$to\"\n",
				"unzip": "python3 -m zipfile -e \"$2\" .\nchmod +x hookproof\n",
			} {
				require.NoError(t, os.WriteFile(filepath.Join(dir, tool), []byte("#!/bin/sh\n"+script), 0o755))
			}
			command := exec.Command("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", get.Run) // as GitHub's runners call it
			command.Env = append(append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "RUNNER_TEMP="+dir, "GITHUB_OUTPUT="+dir+"/output",
				"REPOSITORY=shop/hookproof", "VERSION=", "REF=", "TOKEN=", "RUNNER_OS=Linux", "RUNNER_ARCH=X64"), c.env...)
			out, err := command.CombinedOutput()
			if c.told != "" {
				require.Equal(t, 2, command.ProcessState.ExitCode(), "%s %v", out, err)
				require.Contains(t, string(out), "::error title=hookproof::")
				require.Contains(t, string(out), c.told)
				require.NoFileExists(t, filepath.Join(dir, "output"))
				return
			}
			require.NoError(t, err, string(out))
			output, err := os.ReadFile(filepath.Join(dir, "output"))
			require.NoError(t, err)
			program := filepath.Join(dir, "hookproof-release", "hookproof")
			require.Equal(t, "program="+program+"\n", string(output))
			out, err = exec.Command(program).CombinedOutput()
			require.NoError(t, err)
			require.Equal(t, "the program of "+c.archive+"\n", string(out))
		})
	}
}
