package mutants

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// keep is how long a binary that no run asks for stays in the cache.
const keep = 24 * time.Hour

// goBinaries builds a Go program's variants, all in one invocation, and says where each is. The program is
// the directory below root. Binaries are kept in the cache under a hash of their sources.
func goBinaries(ctx context.Context, root, directory, cache string, variants []Mutant) (map[string]string, error) {
	sources := os.DirFS(filepath.Join(root, directory))
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp(cache, "building")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(work) }()

	binaries, missing := map[string]string{}, map[string]string{}
	overlay := map[string]string{}
	for i, m := range variants {
		files, err := variant(sources, m)
		if err != nil {
			return nil, err
		}
		binary := filepath.Join(cache, "bin-"+digest(files, sums))
		binaries[m.Name] = binary
		if _, err := os.Stat(binary); err == nil {
			_ = os.Chtimes(binary, time.Time{}, time.Now()) // in use; prune looks at it
			continue
		}
		// A package that exists in the overlay alone, whose name is the mutant's, so that the compiler
		// names the mutant too.
		name := fmt.Sprintf("m%d-%s", i, strings.ReplaceAll(m.Short(), "+", "-"))
		missing[name] = binary
		written, err := writeFiles(filepath.Join(work, name), files)
		if err != nil {
			return nil, err
		}
		for file, at := range written {
			overlay[filepath.Join(root, directory, "variants", name, file)] = at
		}
	}
	if len(missing) == 0 {
		return binaries, nil
	}
	if err := goBuild(ctx, root, work, overlay, "./"+filepath.ToSlash(directory)+"/variants/..."); err != nil {
		return nil, err
	}
	for name, binary := range missing {
		if err := os.Rename(filepath.Join(work, "out", name), binary); err != nil {
			return nil, err
		}
	}
	return binaries, prune(cache, keep)
}

// writeFiles writes files below a folder, and returns where each is.
func writeFiles(folder string, files map[string][]byte) (map[string]string, error) {
	written := map[string]string{}
	for file, text := range files {
		written[file] = filepath.Join(folder, file)
		if err := os.MkdirAll(filepath.Dir(written[file]), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(written[file], text, 0o600); err != nil {
			return nil, err
		}
	}
	return written, nil
}

// goBuild builds packages with an overlay into work/out.
func goBuild(ctx context.Context, root, work string, overlay map[string]string, packages string) error {
	file := filepath.Join(work, "overlay.json")
	if err := writeOverlay(file, overlay); err != nil {
		return err
	}
	out := filepath.Join(work, "out")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-ldflags=-s -w", "-overlay", file, "-o", out+string(filepath.Separator), packages)
	build.Dir = root
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("the variants do not compile: %w\n%s", err, said)
	}
	return nil
}

// writeOverlay writes what go's -overlay reads.
func writeOverlay(file string, replace map[string]string) error {
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	return os.WriteFile(file, raw, 0o600)
}

// variant is all of a program's files, as the mutant has them.
func variant(sources fs.FS, m Mutant) (map[string][]byte, error) {
	changed, err := m.Apply(sources)
	if err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(sources, ".")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() || changed[name] != nil || !slices.Contains([]string{".go", ".sql"}, filepath.Ext(name)) || strings.HasSuffix(name, "_test.go") {
			continue
		}
		if changed[name], err = fs.ReadFile(sources, name); err != nil {
			return nil, err
		}
	}
	return changed, nil
}

// digest is a hash of a program: its files, the versions of what it is built with.
func digest(files map[string][]byte, sums []byte) string {
	hash := sha256.New()
	fmt.Fprintf(hash, "%s %s/%s %d\n%s", runtime.Version(), runtime.GOOS, runtime.GOARCH, len(sums), sums)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(hash, "%s %d\n%s", name, len(files[name]), files[name])
	}
	return hex.EncodeToString(hash.Sum(nil)[:12])
}

// prune removes what no run has asked for lately.
func prune(cache string, keep time.Duration) error {
	entries, err := os.ReadDir(cache)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && time.Since(info.ModTime()) > keep {
			_ = os.RemoveAll(filepath.Join(cache, entry.Name()))
		}
	}
	return nil
}
