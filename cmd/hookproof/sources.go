package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// sources are the texts of an endpoint's program, by their paths from its directory.
type sources map[string][]byte

// How much of a directory is read.
const (
	mostSources = 2000
	mostSource  = 256 << 10
)

// sourceFile matches the names of programs' files.
var sourceFile = regexp.MustCompile(`\.(m?[jt]sx?|cjs|py|php|rb|go|java|kt|cs|rs|exs?)$`)

// foreign matches directories that have the programs of others, or none.
var foreign = regexp.MustCompile(`^(\..+|node_modules|vendor|venv|env|dist|build|target|__pycache__|testdata|tests?)$`)

// source reads the program of the process that listens, as far as its directory has it.
func (i *inquiry) source() sources {
	if i.sources != nil || i.process == nil {
		return i.sources
	}
	i.sources = sources{}
	walkSources(i.process.Directory, func(name, path string, _ fs.FileInfo) {
		if text, err := os.ReadFile(path); err == nil {
			i.sources[name] = text
		}
	})
	return i.sources
}

// walkSources visits the files of a program, as far as its directory has them. What cannot be read is left out.
func walkSources(root string, visit func(name, path string, info fs.FileInfo)) {
	if home, err := os.UserHomeDir(); root == "" || root == string(filepath.Separator) || err == nil && root == home {
		return // too much, and of too many programs
	}
	files := 0
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || files >= mostSources:
			return fs.SkipAll
		case entry.IsDir() && path != root && foreign.MatchString(entry.Name()):
			return fs.SkipDir
		case !entry.Type().IsRegular() || !sourceFile.MatchString(entry.Name()):
			return nil
		}
		files++
		if info, err := entry.Info(); err == nil && info.Size() <= mostSource {
			name, _ := filepath.Rel(root, path)
			visit(name, path, info)
		}
		return nil
	})
}

// newestSource is when a file of a program was changed last, in milliseconds; 0 if that is not known.
func newestSource(root string) (newest int64) {
	walkSources(root, func(_, _ string, info fs.FileInfo) { newest = max(newest, info.ModTime().UnixMilli()) })
	return newest
}

// find returns the first match of an expression, with its file and line; "" is no match.
func (s sources) find(e *regexp.Regexp) (match, where string) {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		at := e.FindSubmatchIndex(s[name])
		if at == nil {
			continue
		}
		line := 1 + bytes.Count(s[name][:at[0]], []byte("\n"))
		return string(s[name][at[len(at)-2]:at[len(at)-1]]), fmt.Sprintf("%s:%d", name, line)
	}
	return "", ""
}

// markers are event types that tell which life a program is about, the most telling first.
var markers = []struct {
	life string
	e    *regexp.Regexp
}{
	{"subscription", regexp.MustCompile(`customer\.subscription\.\w+`)},
	{"payment", regexp.MustCompile(`checkout\.session\.\w+`)},
	{"intent", regexp.MustCompile(`payment_intent\.\w+`)},
}

// livesOfSource proposes the life whose events the endpoint's program names.
func (i *inquiry) livesOfSource() proposal {
	for _, one := range markers {
		if match, where := i.source().find(one.e); where != "" {
			return propose(one.life, where+" names "+match)
		}
	}
	return proposal{}
}

// metadataKey matches where a program reads a key of an object's metadata: metadata?.orderId, metadata["order_id"], metadata.get('order_id').
var metadataKey = regexp.MustCompile(`(?i)metadata['"]?\]?\)?\s*(?:(?:,|\?\?|\|\|)\s*\{\}\s*\))?(?:\?\.|!\.|\.|->|\[)+(?:(?:get|fetch)\(\s*)?['":]?([A-Za-z_]\w*)`)

// metadataRead is the key by which an endpoint's program finds its object, and where it reads it; "" if none is found.
func (i *inquiry) metadataRead() (key, where string) {
	key, where = i.source().find(metadataKey)
	if slices.Contains([]string{"get", "fetch", "has", "keys"}, key) {
		return "", ""
	}
	return key, where
}

// metadataFromPath is the usual key for what a path makes: orderId for /api/orders.
func metadataFromPath(path string) string {
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	for _, part := range slices.Backward(parts) {
		if word := strings.TrimSuffix(part, "s"); regexp.MustCompile(`^[a-z]+$`).MatchString(word) {
			return word + "Id"
		}
	}
	return ""
}

// reads is where a program names a word, such as a variable; "" if it does not.
func (i *inquiry) reads(word string) (where string) {
	_, where = i.source().find(regexp.MustCompile(`\b(` + regexp.QuoteMeta(word) + `)\b`))
	return where
}
