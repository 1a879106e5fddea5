package hookproof

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

// EventType is one of Stripe's event types that hookproof sends.
type EventType struct {
	Type     string
	Object   string   // that it is about, as data.object.object names it
	Words    []string // of schedules that are events of this type
	Versions []string // API versions in which it is sent
}

// EventTypes are all types that there are fixtures of, sorted. A type without words is sent by 'hookproof replay' alone.
func EventTypes() []EventType { return slices.Clone(allEventTypes()) }

var allEventTypes = sync.OnceValue(func() []EventType {
	types := map[string]EventType{}
	for _, version := range fixtures.Versions() {
		for _, name := range fixtures.EventNames(version) {
			body, err := fixtures.Event(version, name)
			if err != nil {
				continue // it is listed, so it is there
			}
			var read struct {
				Type string
				Data struct{ Object struct{ Object string } }
			}
			if json.Unmarshal(body, &read) != nil {
				continue // fixtures' own tests read it
			}
			one := types[read.Type]
			one.Type, one.Object = read.Type, read.Data.Object.Object
			if !slices.Contains(one.Versions, version) {
				one.Versions = append(one.Versions, version)
			}
			for _, word := range slices.Sorted(maps.Keys(vocabulary)) {
				if vocabulary[word].event == name && !slices.Contains(one.Words, word) {
					one.Words = append(one.Words, word)
				}
			}
			types[read.Type] = one
		}
	}
	var list []EventType
	for _, name := range slices.Sorted(maps.Keys(types)) {
		one := types[name]
		slices.Sort(one.Words)
		list = append(list, one)
	}
	return list
})

// EventTable is the documentation of event types: a table in Markdown, a row each, and one of what each word says.
func EventTable() string {
	var out strings.Builder
	out.WriteString("| type | about | in schedules | API versions |\n|---|---|---|---|\n")
	for _, one := range EventTypes() {
		words := make([]string, len(one.Words))
		for i, word := range one.Words {
			words[i] = "`" + word + "`"
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", one.Type, one.Object, cmp.Or(strings.Join(words, ", "), "`hookproof replay` alone"), strings.Join(one.Versions, ", "))
	}
	out.WriteString("\n| in schedules | meaning |\n|---|---|\n")
	for _, word := range slices.Sorted(maps.Keys(vocabulary)) {
		if vocabulary[word].event != "" {
			fmt.Fprintf(&out, "| `%s` | %s |\n", word, vocabulary[word].says)
		}
	}
	return out.String()
}

// typesOf are the types of Stripe's that some deliveries were of, in their order.
func typesOf(deliveries []Delivery) []string {
	var types []string
	for _, d := range deliveries {
		if d.EventType != "" && !slices.Contains(types, d.EventType) {
			types = append(types, d.EventType)
		}
	}
	return types
}

// typesTold are the types of the events that one schedule tells and another does not.
func typesTold(left, right string) []string {
	s, err := ParseSchedule(left)
	if err != nil {
		return nil
	}
	without, err := ParseSchedule(right)
	if err != nil {
		return nil
	}
	var types []string
	for _, item := range s {
		w := vocabulary[item.Event]
		if item.Verb != "" || w.event == "" || slices.ContainsFunc(without, item.tells) {
			continue
		}
		if name := fixtureType(w.event); !slices.Contains(types, name) {
			types = append(types, name)
		}
	}
	return types
}
