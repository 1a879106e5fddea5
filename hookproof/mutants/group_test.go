package mutants

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sourceOfShapes is a program with a function, method or value of each shape that a group has to choose.
const sourceOfShapes = `package main

import (
	"errors"
	"fmt"
	"strings"
)

const (
	columns = "a, b"
	query   = "SELECT " + columns + " FROM t"
)

const limit = 16

var table = map[string]int{"one": 1, "two": 2}

var scale float64 = 2

var first, second = "first", "second"

type set[K comparable] map[K]bool

func (s set[K]) has(k K) bool { return s[k] }

func (set[K]) name() string { return "set" }

type counter struct{ n int }

func (c *counter) add(by ...int) {
	for _, n := range by {
		c.n += n
	}
}

func ignores(_ string, n int, _ ...string) int { return n }

func unnamed(string, int) string { return "unnamed" }

func join[T any](list []T, by string) string {
	var parts []string
	for _, item := range list {
		parts = append(parts, fmt.Sprint(item))
	}
	return strings.Join(parts, by)
}

func named(fails bool) (n int, err error) {
	defer func() {
		if err != nil {
			n = -1
		}
	}()
	if fails {
		return 5, errors.New("it fails")
	}
	return 5, nil
}

func recursive(n int) int {
	if n == 0 {
		return 0
	}
	return 1 + recursive(n-1)
}

func caught() (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	panic("a panic")
}

func silent() {}

var begun string

func init() { begun = "begun" }

func main() {
	var c counter
	c.add(1, 2)
	n, err := named(true)
	silent()
	fmt.Println(query, limit, table, scale, first, second, set[int]{1: true}.has(1), set[int]{}.name(), c.n, ignores("", 7, "x"), unnamed("", 1),
		join([]int{1, 2}, "+"), n, err, recursive(4), caught(), begun)
}
`

// What the program prints, each mutant of it changes in one place.
const outputOfShapes = "SELECT a, b FROM t 16 map[one:1 two:2] 2 first second true set 3 7 unnamed 1+2 -1 it fails 4 a panic begun\n"

// A process with a chosen mutant does what the mutant says and nothing else, and one without does what the sources do.
func TestAGroupIsItsMutants(t *testing.T) {
	t.Parallel()
	g := groupOfShapes(t)
	mutants := map[string][2]string{}
	for name, row := range map[string]struct{ find, replace, was, is string }{ // none where it does not fit
		"text":      {`"a, b"`, `"a"`, "a, b", "a"},
		"texttoo":   {`" FROM t"`, `" FROM u"`, "FROM t", "FROM u"},
		"number":    {"limit = 16", "limit = 17", "", ""},
		"entry":     {`"two": 2`, `"two": 3`, "two:2", "two:3"},
		"typed":     {"float64 = 2", "float64 = 3", " 2 first", " 3 first"},
		"pair":      {`"first", "second"`, `"first", "third"`, "second", "third"},
		"generic":   {"return s[k]", "return !s[k]", "true", "false"},
		"receiver":  {`return "set"`, `return "bag"`, "set", "bag"},
		"variadic":  {"c.n += n", "c.n -= n", " 3 7", " -3 7"},
		"blank":     {"int { return n }", "int { return n + 1 }", "3 7", "3 8"},
		"blanktoo":  {"int { return n }", "int { return n + 2 }", "3 7", "3 9"},
		"unnamed":   {`return "unnamed"`, `return "renamed"`, "unnamed", "renamed"},
		"type":      {"fmt.Sprint(item)", `fmt.Sprint(item, "!")`, "1+2", "1!+2!"},
		"result":    {"n = -1", "n = -2", "-1", "-2"},
		"recursive": {"return 1 + recursive", "return 2 + recursive", "fails 4", "fails 8"},
		"recover":   {`panic("a panic")`, `panic("a fault")`, "", ""},
		"silent":    {"func silent() {}", `func silent() { fmt.Print("not silent: ") }`, "SELECT", "not silent: SELECT"},
		"init":      {`begun = "begun"`, `begun = "gone"`, "begun", "gone"},
		"signature": {"func silent() {}", "func silent(...int) {}", "", ""},
		"import":    {"\"strings\"\n)", "\"strings\"\n\n\t_ \"os\"\n)", "", ""},
	} {
		fits, err := g.add(Mutant{Name: name, Edits: []Edit{{"main.go", row.find, row.replace}}}, name)
		require.NoError(t, err, name)
		require.Equal(t, row.was != "", fits, name)
		if fits {
			mutants[name] = [2]string{row.was, row.is}
		}
	}
	output := func(binary, chosen string) string {
		command := exec.Command(binary)
		command.Env = append(os.Environ(), chosenVariable+"="+chosen)
		out, err := command.CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	binary, complaint := buildOfGroup(t, g)
	require.Empty(t, complaint)
	require.Equal(t, outputOfShapes, output(binary, ""), "none is chosen")
	for name, change := range mutants {
		require.Equal(t, strings.Replace(outputOfShapes, change[0], change[1], 1), output(binary, name), name)
	}
	linked, complaint := buildOfGroup(t, g, "-ldflags="+g.linked("example.com/shapes", "entry"))
	require.Empty(t, complaint)
	require.Equal(t, output(binary, "entry"), output(linked, ""), "a program that a test builds may not get the environment")
}

func groupOfShapes(t *testing.T) *group {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("module example.com/shapes\n\ngo 1.26\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(root, "main.go"), []byte(sourceOfShapes), 0o600))
	return &group{root: root, files: map[string]*groupFile{}}
}

func buildOfGroup(t *testing.T, g *group, flags ...string) (binary, complaint string) {
	t.Helper()
	work := t.TempDir()
	replace, err := g.write(work)
	require.NoError(t, err)
	overlay := filepath.Join(work, "overlay.json")
	require.NoError(t, writeOverlay(overlay, replace))
	binary = filepath.Join(work, "program")
	command := exec.Command("go", append([]string{"build", "-overlay", overlay, "-o", binary}, append(flags, ".")...)...)
	command.Dir = g.root
	if out, err := command.CombinedOutput(); err != nil {
		complaint = string(out)
	}
	return binary, complaint
}

// The compiler's complaint names the mutant, which then meets its own build.
func TestAMutantThatDoesNotCompileIsNamed(t *testing.T) {
	t.Parallel()
	g := groupOfShapes(t)
	for name, edit := range map[string]Edit{
		"good":  {"main.go", `"two": 2`, `"two": 3`},
		"bad":   {"main.go", `"two": 2`, `"two": three`},
		"worse": {"main.go", `"two": 2`, `"two": "three"`},
		"body":  {"main.go", `return "set"`, "return sets"},
	} {
		fits, err := g.add(Mutant{Name: name, Edits: []Edit{edit}}, name)
		require.NoError(t, err)
		require.True(t, fits)
	}
	_, complaint := buildOfGroup(t, g)
	require.Equal(t, map[string]bool{"bad": true, "worse": true, "body": true}, blamed(complaint), complaint)
}
