package life

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"example.com/hookproof/fixtures"
)

// Type is one of Stripe's event types that hookproof sends.
type Type struct {
	Type     string
	Object   string   // what the event is about, as in data.object.object
	Words    []string // words of schedules for this type
	Versions []string // API versions in which it is sent
}

// Types returns all types of the built-in lives, sorted. A type without words is sent by 'hookproof replay' alone.
func Types() []Type { return slices.Clone(allTypes()) }

var allTypes = sync.OnceValue(func() []Type {
	types := map[string]Type{}
	for _, name := range fixtures.LifeNames() {
		l, err := BuiltIn(name)
		if err != nil {
			panic("hookproof: " + err.Error()) // embedded, and a test reads it
		}
		for _, one := range l.types() {
			all := types[one.Type]
			all.Type, all.Object = one.Type, one.Object
			all.Words = merged(all.Words, one.Words)
			all.Versions = merged(all.Versions, one.Versions)
			types[one.Type] = all
		}
	}
	shapeTypes(types)
	return slices.SortedFunc(maps.Values(types), func(a, b Type) int { return strings.Compare(a.Type, b.Type) })
})

// merged returns two lists as one, sorted.
func merged(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// types returns a life's types: one for each body, so that a type can be there several times.
func (l *Life) types() (list []Type) {
	for _, version := range l.versions {
		files, _ := fs.Glob(l.files, version+"/*.json") // a good pattern
		for _, file := range files {
			name := strings.TrimSuffix(path.Base(file), ".json")
			body, err := l.body(version, name)
			var read struct {
				Type string
				Data struct{ Object struct{ Object string } }
			}
			if err != nil || json.Unmarshal(body, &read) != nil {
				continue // the fixtures' own tests parse it
			}
			one := Type{Type: read.Type, Object: read.Data.Object.Object, Versions: []string{version}}
			for word, w := range l.Vocabulary {
				if w.Event == name && w.form == "" {
					one.Words = append(one.Words, word)
				}
			}
			list = append(list, one)
		}
	}
	return list
}

// Table returns the documentation of event types in Markdown: a row for each type, and a row for each word that every life has. Those of
// the granting event are of the payment life's.
func Table() string {
	var out strings.Builder
	out.WriteString("| type | about | lives | in schedules | API versions |\n|---|---|---|---|---|\n")
	for _, one := range Types() {
		words := make([]string, len(one.Words))
		for i, word := range one.Words {
			words[i] = "`" + word + "`"
		}
		lives := cmp.Or(strings.Join(livesWith(one.Type), ", "), "each")
		if len(words) == 0 {
			lives, words = "none", []string{"`hookproof replay` alone"}
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s |\n", one.Type, one.Object, lives, strings.Join(words, ", "), strings.Join(one.Versions, ", "))
	}
	out.WriteString("\n| in schedules | meaning |\n|---|---|\n")
	for _, word := range slices.Sorted(maps.Keys(Payment.Vocabulary)) {
		if _, own := Payment.Words[word]; !own && Payment.FormOf(word) == "" {
			fmt.Fprintf(&out, "| `%s` | %s |\n", word, Payment.Vocabulary[word].Says)
		}
	}
	return out.String()
}

// livesWith returns the built-in lives that have a word of their own of a type.
func livesWith(eventType string) (names []string) {
	for _, l := range BuiltIns() {
		if slices.ContainsFunc(l.Own(), func(w Word) bool { return w.Type == eventType }) {
			names = append(names, l.Name)
		}
	}
	return names
}
