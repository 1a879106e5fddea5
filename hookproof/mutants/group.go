package mutants

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Most of the time that a mutant of our own sources costs goes into its build, so one build holds many of them. A function
// that mutants change keeps its body, and gets a first statement that calls the chosen mutant's copy of it; a value that
// they change becomes a choice of values. A process reads once, when it starts, which mutant is chosen: the environment says
// so, or, in a program that a test has built, the linker. What the chosen mutant does not change is as in the sources, so
// such a process behaves as the mutant's own build does.

// chosenVariable is the environment variable that chooses a mutant of a group. Unset, the sources are as they are.
const chosenVariable = "HOOKPROOF_MUTANT"

// chooser is a file that each package with a mutant gets. The linker can only set a variable without a computed value.
const chooser = `package %s

import "os"

var mutantLinked string

var mutantChosen = func() string {
	if mutantLinked != "" {
		return mutantLinked
	}
	return os.Getenv(%q)
}()

func mutantPick[T any](mutant string, is, was T) T {
	if mutant == mutantChosen {
		return is
	}
	return was
}
`

// group is sources with mutants in them.
type group struct {
	root  string
	files map[string]*groupFile // by their paths below root
}

// groupFile is a file of a group, and what mutants have in the place of its parts.
type groupFile struct {
	source
	variants map[int][]variantOf
}

// variantOf is the text of a part as a mutant has it.
type variantOf struct{ mutant, text string }

// add puts a mutant into the group, under a name that can be part of an identifier. It answers false if the mutant changes
// what a group cannot choose: such a mutant needs its own build.
func (g *group) add(m Mutant, name string) (bool, error) {
	changed, err := m.Apply(os.DirFS(g.root))
	if err != nil {
		return false, err
	}
	variants := map[string]source{}
	for file, text := range changed {
		if err := g.read(file); err != nil {
			return false, err
		}
		variant, err := parseSource(text)
		if err != nil || g.files[file] == nil || !g.files[file].canChoose(variant) {
			return false, nil // where it does not parse, its own build says so best
		}
		variants[file] = variant
	}
	for file, variant := range variants {
		f := g.files[file]
		for _, n := range f.differing(variant) {
			f.variants[n] = append(f.variants[n], variantOf{name, variant.text(n)})
		}
	}
	return true, nil
}

// read reads a file of the sources, unless the group has it or it is not in Go.
func (g *group) read(file string) error {
	if g.files[file] != nil || path.Ext(file) != ".go" {
		return nil
	}
	raw, err := os.ReadFile(filepath.Join(g.root, file))
	if err != nil {
		return err
	}
	original, err := parseSource(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	g.files[file] = &groupFile{original, map[int][]variantOf{}}
	return nil
}

// write writes the group's files into a directory, and answers which takes the place of which.
func (g *group) write(work string) (map[string]string, error) {
	texts := map[string][]byte{}
	for name, f := range g.files {
		if len(f.variants) > 0 {
			texts[name] = f.combined()
			texts[path.Join(path.Dir(name), "mutant_chosen.go")] = fmt.Appendf(nil, chooser, f.tree.Name.Name, chosenVariable)
		}
	}
	return writeReplacements(g.root, work, texts)
}

// linked are the linker's flags that choose a mutant in a program that a test builds.
func (g *group) linked(module, mutant string) string {
	packages := map[string]bool{}
	for file, f := range g.files {
		if !f.has(mutant) {
			continue
		}
		if f.tree.Name.Name == "main" {
			packages["main"] = true
		} else {
			packages[path.Join(module, path.Dir(file))] = true
		}
	}
	var flags []string
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		flags = append(flags, "-X="+name+".mutantLinked="+mutant)
	}
	return strings.Join(flags, " ")
}

func (f *groupFile) has(mutant string) bool {
	for _, variants := range f.variants {
		if slices.ContainsFunc(variants, func(v variantOf) bool { return v.mutant == mutant }) {
			return true
		}
	}
	return false
}

// lineOf makes the compiler name a mutant where it complains of its text.
func lineOf(mutant string) string { return "/*line mutant-of-sources-" + mutant + ":1:1*/" }

var complaint = regexp.MustCompile(`mutant-of-sources-(\w+):\d+`)

// blamed are the mutants of a group that a compiler complains of.
func blamed(said string) map[string]bool {
	names := map[string]bool{}
	for _, match := range complaint.FindAllStringSubmatch(said, -1) {
		names[match[1]] = true
	}
	return names
}
