package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// nodePeer prepares a peer of peers/. Its dependencies are installed in the user's cache directory, once for each version of its
// files, so that the repository does not change.
func nodePeer(name string) func(context.Context, string, io.Writer) (program, error) {
	return func(ctx context.Context, _ string, out io.Writer) (program, error) {
		node, err := exec.LookPath("node")
		if err != nil {
			return program{}, errors.New("this machine has no Node.js; install version 20.19 or newer, with npm")
		}
		if _, err := exec.LookPath("npm"); err != nil {
			return program{}, errors.New("this machine has no npm; install it beside Node.js")
		}
		cache, err := os.UserCacheDir()
		if err != nil {
			return program{}, err
		}
		directory, err := installed(ctx, os.DirFS(filepath.Join("bench", "peers", name)), filepath.Join(cache, "hookproof-bench", name), out)
		return program{args: []string{node, "server.js"}, directory: directory}, err
	}
}

// installed returns the directory with a peer's files and its dependencies. It installs in a temporary directory and renames that at
// the end, so that a directory with the final name is complete.
func installed(ctx context.Context, source fs.FS, base string, out io.Writer) (directory string, err error) {
	files, sum, err := readPeer(source)
	if err != nil {
		return "", err
	}
	directory = base + "-" + sum[:16]
	if _, err := os.Stat(directory); err == nil {
		return directory, nil
	}
	_, _ = fmt.Fprintf(out, "Installing %s with npm in %s\n", filepath.Base(base), directory)
	if err := os.MkdirAll(filepath.Dir(base), 0o755); err != nil {
		return "", err
	}
	raw, err := os.MkdirTemp(filepath.Dir(base), ".installing-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(raw) }() // it does not exist after the renaming
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(raw, name), content, 0o644); err != nil {
			return "", err
		}
	}
	for _, args := range [][]string{
		{"ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"},
		{"run", "--if-present", "generate"},
	} {
		npm := exec.CommandContext(ctx, "npm", args...)
		npm.Dir = raw
		if said, err := npm.CombinedOutput(); err != nil {
			return "", fmt.Errorf("npm %s failed: %s", args[0], cmp.Or(oneLine(string(said)), err.Error()))
		}
	}
	if err := os.Rename(raw, directory); err != nil {
		if _, there := os.Stat(directory); there == nil {
			return directory, nil // another run was faster
		}
		return "", err
	}
	return directory, nil
}

// readPeer reads a peer's files, and hashes their names and contents.
func readPeer(source fs.FS) (files map[string][]byte, sum string, err error) {
	entries, err := fs.ReadDir(source, ".")
	if err != nil {
		return nil, "", fmt.Errorf("%w (run this from the repository's root)", err)
	}
	files, digest := map[string][]byte{}, sha256.New()
	for _, entry := range entries { // in the order of their names
		if entry.IsDir() {
			continue
		}
		content, err := fs.ReadFile(source, entry.Name())
		if err != nil {
			return nil, "", err
		}
		files[entry.Name()] = content
		_, _ = fmt.Fprintf(digest, "%s %d\n%s", entry.Name(), len(content), content)
	}
	return files, hex.EncodeToString(digest.Sum(nil)), nil
}
