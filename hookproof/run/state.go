package run

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// normalized is a state with the subject's ids replaced by their names and the ignored places masked, so that the states of two
// subjects can be compared. It maps JSON pointers to leaves.
type normalized map[string]string

var eventID = regexp.MustCompile(`\bevt_\w+`)

// normalize takes the names of a subject's ids, as idNames has them.
func normalize(state any, names *strings.Replacer, ignore []string) (normalized, error) {
	raw, err := json.Marshal(state)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	c := normalized{}
	c.add("", value, names, ignore)
	return c, nil
}

// idNames replaces the subject's ids, and those that are made from them, by their names.
func idNames(l *life.Life, s event.Subject) *strings.Replacer {
	ids := l.Made(s)
	for name := range s {
		if s.IsLong(name) {
			ids[name] = s.Text(name)
		}
	}
	names := slices.SortedFunc(maps.Keys(ids), func(a, b string) int { // the longest value first, since one may be part of another
		return cmp.Or(len(ids[b])-len(ids[a]), cmp.Compare(a, b))
	})
	var pairs []string
	for _, name := range names {
		pairs = append(pairs, ids[name], "{{"+name+"}}")
	}
	return strings.NewReplacer(pairs...)
}

func (c normalized) add(pointer string, value any, names *strings.Replacer, ignore masks) {
	if ignore.hides(pointer) {
		c[pointer] = ignored
		return
	}
	switch v := value.(type) {
	case map[string]any:
		c.addMap(pointer, v, names, ignore)
	case []any:
		for i, element := range v {
			c.add(pointer+"/"+strconv.Itoa(i), element, names, ignore)
		}
		if len(v) == 0 {
			c[pointer] = "[]"
		}
	case string:
		named := names.Replace(v)
		if strings.Contains(named, "evt_") {
			named = eventID.ReplaceAllString(named, "evt_…")
		}
		text, _ := json.Marshal(named)
		c[pointer] = string(text)
	default:
		text, _ := json.Marshal(v)
		c[pointer] = string(text)
	}
}

// addMap adds a map's members. A member that is ignored by its name has a place even if it is absent, since its presence does not
// matter either.
func (c normalized) addMap(pointer string, members map[string]any, names *strings.Replacer, ignore masks) {
	before := len(c)
	if ignore.hidesAll(pointer) {
		for n := range len(members) {
			c[pointer+"/"+strconv.Itoa(n)] = ignored
		}
	} else {
		for name, member := range members {
			c.add(pointer+"/"+event.EscapePointer(names.Replace(name)), member, names, ignore)
		}
		for _, name := range ignore.within(pointer) {
			c[pointer+"/"+name] = ignored
		}
	}
	if len(c) == before {
		c[pointer] = "{}"
	}
}

// difference returns the places where two states differ, in order; none if they are equal.
func (c normalized) difference(other normalized) []string {
	var places []string
	for pointer, value := range c {
		if other[pointer] != value {
			places = append(places, pointer)
		}
	}
	for pointer := range other {
		if _, there := c[pointer]; !there {
			places = append(places, pointer)
		}
	}
	sort.Strings(places)
	return places
}

// without returns a state without some places.
func (c normalized) without(places []string) normalized {
	left := maps.Clone(c)
	for _, place := range places {
		delete(left, place)
	}
	return left
}

func (c normalized) equal(other normalized) bool { return len(c.difference(other)) == 0 }

// describe describes where a state differs from the expected one.
func (c normalized) describe(want normalized) string {
	all := slices.DeleteFunc(result.Differences(result.Leaves(want), result.Leaves(c)), func(d result.Difference) bool { return d.Element })
	var parts []string
	for _, d := range all[:min(3, len(all))] {
		parts = append(parts, d.Sentence(nameOf(d.Place)))
	}
	if more := len(all) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, ", ")
}

// String returns the first places of a state, in one line.
func (c normalized) String() string {
	var parts []string
	for _, pointer := range c.difference(nil) {
		if len(parts) == 3 {
			return strings.Join(parts, ", ") + " …"
		}
		parts = append(parts, nameOf(pointer)+" "+c.word(pointer))
	}
	return strings.Join(parts, ", ")
}

func nameOf(pointer string) string {
	switch {
	case pointer == "":
		return "the state"
	case strings.Contains(pointer, "/*"): // of a view, see outcomeOf
		return "the sum of " + pointer
	}
	return pointer
}

// word returns what is at a place, in words.
func (c normalized) word(pointer string) string { return result.Leaves(c).Word(pointer) }

// decoded returns the state for a report.
func (c normalized) decoded() result.State {
	if c == nil {
		return nil
	}
	s := result.State{}
	for pointer, raw := range c {
		var value any
		if json.Unmarshal([]byte(raw), &value) == nil {
			s[pointer] = value
		}
	}
	return s
}
