// Package mutants keeps faulty variants of correct programs as data, makes them run, and says which of
// hookproof's checks tell them from the correct ones: the kill matrix.
//
// A mutant is one text file: a few header lines, then pairs of what is found in a source file and what
// takes its place. The same form serves endpoints in any language, our own server's sources, and the
// judge's own.
package mutants

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/rogpeppe/go-internal/txtar"

	"example.com/hookproof/hookproof/result"
)

// None is what a correct variant expects: no check may fail.
const None = "none"

// Mutant is one variant of a program's sources.
type Mutant struct {
	Name        string         // directory and file, without the extension: go/no-dedupe
	Report      string         // where the fault really appeared, as owner/repository#number; "" if we know of none
	Expect      string         // the check that must kill it, or None
	Told        result.Verdict // what that check says then: fail, but for what cannot be called a fault for sure
	Argued      string         // why nothing can kill it, where that is so; only of mutants of our own sources
	Needs       []string
	Long        bool // it takes so much longer than others that it is begun first
	Description string
	Edits       []Edit
}

// Edit replaces text that occurs exactly once in a file.
type Edit struct{ File, Find, Replace string }

// needs are what makes a fault show: more than one delivery after the other.
var needs = []string{"overlap", "restart", "database", "time", "counters", "replicas"}

// Parse reads a mutant's file. Errors name it.
func Parse(name string, text []byte) (Mutant, error) {
	archive := txtar.Parse(text)
	m := Mutant{Name: name, Told: result.Fail}
	err := m.parseHeader(string(archive.Comment))
	if err == nil {
		err = m.parseEdits(archive.Files)
	}
	if err != nil {
		return Mutant{}, fmt.Errorf("mutant %s: %w", name, err)
	}
	return m, nil
}

// parseHeader reads the lines before the edits: some have a key, and the rest is the description.
func (m *Mutant) parseHeader(text string) error {
	var said []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "report":
			m.Report = value
		case "expect":
			m.Expect = value
		case "verdict":
			m.Told = result.Verdict(value)
		case "argued":
			m.Argued = value
		case "needs":
			m.Needs = strings.Split(value, "|")
		case "takes":
			m.Long = value == "long"
			if !m.Long {
				return fmt.Errorf("takes is %q; it can be long", value)
			}
		default:
			said = append(said, line)
		}
	}
	m.Description = strings.TrimSpace(strings.Join(said, " "))
	if m.Expect == "" || m.Description == "" {
		return errors.New("it must have a line with expect: and the check's name, and a description")
	}
	if !slices.Contains([]result.Verdict{result.Fail, result.Info, result.NotRun}, m.Told) {
		return fmt.Errorf("verdict is %q; it can be fail, info or not-run", m.Told)
	}
	for _, need := range m.Needs {
		if !slices.Contains(needs, need) {
			return fmt.Errorf("needs names %q; it can name %s", need, strings.Join(needs, ", "))
		}
	}
	return nil
}

// parseEdits reads the sections, two for each edit.
func (m *Mutant) parseEdits(sections []txtar.File) error {
	if len(sections) == 0 || len(sections)%2 != 0 {
		return errors.New("it must have pairs of sections, find FILE and replace")
	}
	for pair := range slices.Chunk(sections, 2) {
		file, is := strings.CutPrefix(pair[0].Name, "find ")
		if !is || pair[1].Name != "replace" || len(pair[0].Data) == 0 {
			return fmt.Errorf("after the header come pairs of sections, find FILE and replace; here are %q and %q", pair[0].Name, pair[1].Name)
		}
		if !fs.ValidPath(file) {
			return fmt.Errorf("%q is no path of a file below the program's directory", file)
		}
		m.Edits = append(m.Edits, Edit{file, string(pair[0].Data), string(pair[1].Data)})
	}
	return nil
}

// Load reads all mutants of a directory, in the order of their names; those of its subdirectories are
// not among them.
func Load(files fs.FS, directory string) ([]Mutant, error) {
	names, err := fs.Glob(files, path.Join(directory, "*.txtar"))
	if err != nil {
		return nil, err
	}
	all := make([]Mutant, len(names))
	for i, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		if all[i], err = Parse(strings.TrimSuffix(name, ".txtar"), text); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Short is the name without its directory.
func (m Mutant) Short() string { return path.Base(m.Name) }

// Correct tells that the variant is no fault.
func (m Mutant) Correct() bool { return m.Expect == None }

func (m Mutant) expects() []Expectation { return []Expectation{{m.Expect, m.Told}} }

// Apply is the content of the files that differ from the sources. Edits are looked for in the file as
// the edits before have left it.
func (m Mutant) Apply(sources fs.FS) (map[string][]byte, error) {
	changed := map[string][]byte{}
	for _, edit := range m.Edits {
		text, before := changed[edit.File]
		if !before {
			var err error
			if text, err = fs.ReadFile(sources, edit.File); err != nil {
				return nil, fmt.Errorf("mutant %s: %w", m.Name, err)
			}
		}
		find, replace := []byte(edit.Find), []byte(edit.Replace)
		if !bytes.Contains(text, find) { // a section ends with a line's end, but what is found may end within a line
			find, replace = bytes.TrimSuffix(find, []byte("\n")), bytes.TrimSuffix(replace, []byte("\n"))
		}
		if n := bytes.Count(text, find); n != 1 {
			return nil, fmt.Errorf("mutant %s: what it finds in %s is there %d times, and must be there once:\n%s", m.Name, edit.File, n, edit.Find)
		}
		changed[edit.File] = bytes.Replace(text, find, replace, 1)
	}
	return changed, nil
}

// Diff shows the mutant against its sources, as a unified diff.
func (m Mutant) Diff(sources fs.FS) (string, error) {
	changed, err := m.Apply(sources)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, file := range m.files() {
		before, err := fs.ReadFile(sources, file)
		if err != nil {
			return "", err
		}
		b.Write(diff.Diff(file, before, file, changed[file]))
	}
	return b.String(), nil
}

// files are those that it edits, each once.
func (m Mutant) files() []string {
	var files []string
	for _, edit := range m.Edits {
		if !slices.Contains(files, edit.File) {
			files = append(files, edit.File)
		}
	}
	return files
}

// errTogether is two mutants that edit the same text.
var errTogether = errors.New("they edit the same text")

// Combine is a mutant with both faults. It is an error if they touch the same text. Its Expect is a's:
// a pair has no check of its own.
func Combine(a, b Mutant, sources fs.FS) (Mutant, error) {
	pair := Mutant{
		Name: a.Name + "+" + b.Short(), Expect: a.Expect, Description: a.Description + " " + b.Description,
		Needs: slices.Compact(slices.Sorted(slices.Values(slices.Concat(a.Needs, b.Needs)))), Long: a.Long || b.Long,
		Edits: slices.Concat(a.Edits, b.Edits),
	}
	for _, one := range a.Edits {
		text, err := fs.ReadFile(sources, one.File)
		if err != nil {
			return Mutant{}, fmt.Errorf("mutant %s: %w", a.Name, err)
		}
		for _, other := range b.Edits {
			if one.File == other.File && overlap(text, one.Find, other.Find) {
				return Mutant{}, fmt.Errorf("mutants %s and %s: %w", a.Name, b.Name, errTogether)
			}
		}
	}
	// The other order must give the same: else one undoes what the other did.
	first, err := pair.Apply(sources)
	if err != nil {
		return Mutant{}, fmt.Errorf("%w: %w", errTogether, err)
	}
	turned := pair
	turned.Edits = slices.Concat(b.Edits, a.Edits)
	second, err := turned.Apply(sources)
	if err != nil {
		return Mutant{}, fmt.Errorf("%w: %w", errTogether, err)
	}
	for file, text := range first {
		if !bytes.Equal(text, second[file]) {
			return Mutant{}, fmt.Errorf("mutants %s and %s: %w", a.Name, b.Name, errTogether)
		}
	}
	return pair, nil
}

// overlap tells whether two finds share a byte of a text, or touch.
func overlap(text []byte, a, b string) bool {
	at := func(find *string) int {
		if !bytes.Contains(text, []byte(*find)) { // it ends within a line
			*find = strings.TrimSuffix(*find, "\n")
		}
		return bytes.Index(text, []byte(*find))
	}
	from, other := at(&a), at(&b)
	return from < 0 || other < 0 || (from <= other+len(b) && other <= from+len(a))
}

// importing tells whether a mutant edits a Go file's imports: a line that is a quoted path alone.
func importing(m Mutant, file string) bool {
	return slices.ContainsFunc(m.Edits, func(e Edit) bool {
		return e.File == file && (importLine.MatchString(e.Find) || importLine.MatchString(e.Replace))
	})
}

var importLine = regexp.MustCompile(`(?m)^\t"[\w./-]+"$`)
