package life

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
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

// Types returns all types with a fixture, sorted. A type without words is sent by 'hookproof replay' alone.
func Types() []Type { return slices.Clone(allEventTypes()) }

var allEventTypes = sync.OnceValue(func() []Type {
	types := map[string]Type{}
	for _, version := range fixtures.Versions() {
		for _, name := range fixtures.EventNames(version) {
			body, err := fixtures.Event(version, name)
			if err != nil {
				continue // listed, so it can be read
			}
			var read struct {
				Type string
				Data struct{ Object struct{ Object string } }
			}
			if json.Unmarshal(body, &read) != nil {
				continue // the fixtures' own tests parse it
			}
			one := types[read.Type]
			one.Type, one.Object = read.Type, read.Data.Object.Object
			if !slices.Contains(one.Versions, version) {
				one.Versions = append(one.Versions, version)
			}
			for _, word := range slices.Sorted(maps.Keys(Vocabulary)) {
				if Vocabulary[word].Event == name && !slices.Contains(one.Words, word) {
					one.Words = append(one.Words, word)
				}
			}
			types[read.Type] = one
		}
	}
	shapeTypes(types)
	var list []Type
	for _, name := range slices.Sorted(maps.Keys(types)) {
		one := types[name]
		slices.Sort(one.Words)
		list = append(list, one)
	}
	return list
})

// Table returns the documentation of event types in Markdown: a row for each type, and a row for each word.
func Table() string {
	var out strings.Builder
	out.WriteString("| type | about | in schedules | API versions |\n|---|---|---|---|\n")
	for _, one := range Types() {
		words := make([]string, len(one.Words))
		for i, word := range one.Words {
			words[i] = "`" + word + "`"
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", one.Type, one.Object, cmp.Or(strings.Join(words, ", "), "`hookproof replay` alone"), strings.Join(one.Versions, ", "))
	}
	out.WriteString("\n| in schedules | meaning |\n|---|---|\n")
	for _, word := range slices.Sorted(maps.Keys(Vocabulary)) {
		if Vocabulary[word].Event != "" {
			fmt.Fprintf(&out, "| `%s` | %s |\n", word, Vocabulary[word].Says)
		}
	}
	return out.String()
}
