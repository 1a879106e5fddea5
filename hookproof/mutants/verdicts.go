package mutants

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// keepVerdicts is how long a verdict that no run asks for stays in the cache.
const keepVerdicts = 30 * 24 * time.Hour

// verdicts are the kills of earlier runs: an empty file for each, named by a hash of all that the kill was made of. Only a kill
// by the test that is meant for the mutant, at the first try, is kept.
type verdicts struct {
	directory string
	suite     string
	sources   []byte // a hash of the sources, the tests and the versions
}

// verdicts opens the cache for a suite's sources as they are.
func (o Options) verdicts(ctx context.Context, suite string) (verdicts, error) {
	v := verdicts{directory: o.Verdicts, suite: suite}
	if v.directory == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return v, err
		}
		v.directory = filepath.Join(user, "hookproof", "verdicts")
	}
	of := suites[suite]
	directories, versions, err := o.madeOf(ctx, slices.Concat(o.withTests(of.tests), of.programs))
	if err != nil {
		return v, err
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "%s\n%s\n", versions, os.Getenv("E2E_BACKEND"))
	for _, directory := range directories {
		if err := hashFiles(hash, o.Root, directory); err != nil {
			return v, err
		}
	}
	v.sources = hash.Sum(nil)
	return v, nil
}

// madeOf are the directories of this module's packages that packages' tests are built from, and the versions of all else.
func (o Options) madeOf(ctx context.Context, packages []string) (directories []string, versions string, err error) {
	ask := func(arguments ...string) string {
		if err != nil {
			return ""
		}
		command := exec.CommandContext(ctx, "go", arguments...)
		command.Dir = o.Root
		var said bytes.Buffer
		command.Stderr = &said
		var out []byte
		if out, err = command.Output(); err != nil {
			err = fmt.Errorf("go %s: %w\n%s", strings.Join(arguments, " "), err, &said)
		}
		return string(out)
	}
	versions = ask("env", "GOVERSION", "GOOS", "GOARCH", "GOFLAGS", "GOEXPERIMENT", "CGO_ENABLED")
	list := []string{"list", "-deps", "-test", "-f", "{{if .Module}}{{if .Module.Main}}{{.Dir}}{{end}}{{end}}"}
	for _, name := range packages {
		list = append(list, "./"+name)
	}
	for line := range strings.Lines(ask(list...)) {
		if line = strings.TrimSpace(line); line != "" {
			directories = append(directories, line)
		}
	}
	slices.Sort(directories)
	for _, file := range []string{"go.mod", "go.sum"} { // a module without dependencies has no sums
		text, failed := os.ReadFile(filepath.Join(o.Root, file))
		if failed != nil && !os.IsNotExist(failed) {
			return nil, "", failed
		}
		versions += string(text)
	}
	return slices.Compact(directories), versions, err
}

// hashFiles adds a package's files to a hash, and those of the directories below it that are no packages: data that it embeds or
// its tests read.
func hashFiles(hash interface{ Write([]byte) (int, error) }, root, directory string) error {
	return filepath.WalkDir(directory, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if file == directory {
				return nil
			}
			programs, err := filepath.Glob(filepath.Join(file, "*.go"))
			if err != nil || len(programs) > 0 || strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			return nil
		case !entry.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, file)
		if err == nil {
			_, err = fmt.Fprintf(hash, "%s %d\n%s", name, len(text), text)
		}
		return err
	})
}

// file is where a mutant's kill is kept.
func (v verdicts) file(m Mutant) string {
	hash := sha256.New()
	_, _ = hash.Write(v.sources)
	fmt.Fprintf(hash, "%q", m.Expect)
	for _, e := range m.Edits {
		fmt.Fprintf(hash, "%q %q %q", e.File, e.Find, e.Replace)
	}
	return filepath.Join(v.directory, v.suite+"-"+hex.EncodeToString(hash.Sum(nil)[:16]))
}

// killed tells whether the mutant was killed by the test that is meant for it in a run of the same sources.
func (v verdicts) killed(m Mutant) bool {
	file := v.file(m)
	if _, err := os.Stat(file); err != nil {
		return false
	}
	_ = os.Chtimes(file, time.Time{}, time.Now()) // in use: pruning goes by it
	return true
}

// keep keeps the kills, and forgets verdicts that no run has asked for lately.
func (v verdicts) keep(all []*Tested) error {
	if err := os.MkdirAll(v.directory, 0o755); err != nil {
		return err
	}
	for _, t := range all {
		if t.Killer != t.meant() || t.Second || t.Missed > 0 || t.Cached || t.Trouble != "" {
			continue
		}
		if err := os.WriteFile(v.file(t.Mutant), nil, 0o600); err != nil {
			return err
		}
	}
	return prune(v.directory, keepVerdicts)
}
