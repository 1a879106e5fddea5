package main

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// withPrograms makes a PATH of the named programs, each of which notes what it is called with and ends with a status.
func withPrograms(t *testing.T, status string, names ...string) (calls string) {
	t.Helper()
	bin := t.TempDir()
	calls = filepath.Join(bin, "calls")
	for _, name := range names {
		script := "#!/bin/sh\necho \"$0 $*\" >> " + calls + "\necho \"npm error the registry is away\"\nexit " + status + "\n"
		require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755))
	}
	t.Setenv("PATH", bin)
	return calls
}

func TestWithoutNodeAPeerIsReportedMissing(t *testing.T) {
	prepare := nodePeer("express-pg")
	withPrograms(t, "0")
	_, err := prepare(t.Context(), "", t.Output())
	require.ErrorContains(t, err, "has no Node.js")
	withPrograms(t, "0", "node")
	_, err = prepare(t.Context(), "", t.Output())
	require.ErrorContains(t, err, "has no npm")
}

func TestAPeerIsInstalledOnce(t *testing.T) {
	calls := withPrograms(t, "0", "npm")
	peer := fstest.MapFS{"package.json": {Data: []byte("{}")}, "server.js": {Data: []byte("1")}, "node_modules/left/index.js": {Data: []byte("2")}}
	base := filepath.Join(t.TempDir(), "cache", "peer")
	first, err := installed(t.Context(), peer, base, t.Output())
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(first, "server.js"))
	require.NoDirExists(t, filepath.Join(first, "node_modules"), "what lies about in the tree is no part of it")
	said, err := os.ReadFile(calls)
	require.NoError(t, err)
	require.Contains(t, string(said), "npm ci --ignore-scripts")

	again, err := installed(t.Context(), peer, base, t.Output())
	require.NoError(t, err)
	require.Equal(t, first, again)
	saidAgain, err := os.ReadFile(calls)
	require.NoError(t, err)
	require.Equal(t, string(said), string(saidAgain), "nothing is installed twice")

	peer["server.js"] = &fstest.MapFile{Data: []byte("3")}
	changed, err := installed(t.Context(), peer, base, t.Output())
	require.NoError(t, err)
	require.NotEqual(t, first, changed, "a change is installed anew")
}

func TestAFailedInstallationLeavesNothing(t *testing.T) {
	withPrograms(t, "1", "npm")
	cache := t.TempDir()
	_, err := installed(t.Context(), fstest.MapFS{"package.json": {Data: []byte("{}")}}, filepath.Join(cache, "peer"), t.Output())
	require.EqualError(t, err, "npm ci failed: npm error the registry is away")
	left, err := os.ReadDir(cache)
	require.NoError(t, err)
	require.Empty(t, left)
}
