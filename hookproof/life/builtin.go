package life

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof/suggest"
)

// Payment is the built-in life of a Checkout session: one payment, its refunds and its dispute.
var Payment = func() *Life {
	l, err := BuiltIn("payment")
	if err != nil {
		panic("hookproof: " + err.Error()) // embedded, and a test reads it
	}
	return l
}()

// builtIn has the built-in lives that were read: fixtures.LifeNames has their names.
var builtIn sync.Map

// BuiltIn returns a built-in life by its name. An error names those that there are.
func BuiltIn(name string) (*Life, error) {
	if l, read := builtIn.Load(name); read {
		return l.(*Life), nil
	}
	files, err := fixtures.Life(name)
	if err != nil {
		return nil, fmt.Errorf("there is no built-in life %q%s; built in are %s", name, suggest.DidYouMean(name, BuiltInNames()), strings.Join(BuiltInNames(), ", "))
	}
	l, err := readLife(files, "fixtures/lives/"+name, true)
	if err != nil {
		return nil, err
	}
	first, _ := builtIn.LoadOrStore(name, l)
	return first.(*Life), nil
}

// Named returns the life that a user names: a built-in one, or one of his own by the path of its life.json.
func Named(name string) (*Life, error) {
	if strings.HasSuffix(name, ".json") {
		return Load(name, name)
	}
	l, err := BuiltIn(name)
	if file := filepath.Join(name, lifeFile); err != nil && isFile(file) {
		return nil, fmt.Errorf("%s is a folder; name its %s: %s", filepath.ToSlash(name), lifeFile, filepath.ToSlash(file))
	}
	if err != nil {
		return nil, fmt.Errorf("%w; the path of a life.json names one of your own", err)
	}
	return l, nil
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.IsDir()
}

// BuiltInNames are the names of the built-in lives, sorted.
func BuiltInNames() []string { return fixtures.LifeNames() }

// BuiltIns returns all built-in lives, the payment life first.
func BuiltIns() []*Life {
	all := []*Life{Payment}
	for _, name := range BuiltInNames() {
		if name == Payment.Name {
			continue
		}
		l, err := BuiltIn(name)
		if err != nil {
			panic("hookproof: " + err.Error()) // embedded, and a test reads it
		}
		all = append(all, l)
	}
	return all
}
