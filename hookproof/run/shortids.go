package run

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"example.com/hookproof/hookproof/event"
)

// idPlaces are the places at which a state holds an id of its subject that is too short to be replaced everywhere: "2" may also be a
// count. A place holds such an id if it holds each subject's own in the states of two subjects.
type idPlaces struct {
	values map[string]string // pattern of places to the name of the id that they hold
	keys   map[string]string // pattern of maps to the name of the id that is their key
}

// shortIDs are the names of a subject's ids that are not replaced everywhere.
func shortIDs(s event.Subject) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if name != "amount" && name != "currency" && s.Text(name) != "" && !s.IsLong(name) {
			names = append(names, name)
		}
	}
	return names
}

// anyIndex returns a place with * for each number, which may be an index of a list.
func anyIndex(place string) string {
	tokens := strings.Split(place, "/")
	for n, token := range tokens {
		if _, err := strconv.Atoi(token); err == nil {
			tokens[n] = "*"
		}
	}
	return strings.Join(tokens, "/")
}

// learn finds such places by comparing the states of two subjects.
func (ids *idPlaces) learn(a, b normalized, of, other event.Subject) {
	for _, name := range shortIDs(of) {
		mine, others := of.Text(name), other.Text(name)
		if others == "" || mine == others {
			continue
		}
		for _, place := range a.difference(b) {
			held, holds := a[place]
			otherHeld, otherHolds := b[place]
			switch {
			case holds && otherHolds:
				if named := withName(held, mine, name); named != held && named == withName(otherHeld, others, name) {
					ids.learnt(&ids.values, anyIndex(place), name)
				}
			case holds:
				ids.learnKeys(place, a, b, mine, others, name)
			}
		}
	}
}

func (ids *idPlaces) learnt(which *map[string]string, pattern, name string) {
	if *which == nil {
		*which = map[string]string{}
	}
	if _, known := (*which)[pattern]; !known {
		(*which)[pattern] = name
	}
}

// learnKeys finds a map that has a subject's id as a key: the same place is below one id in one state, and below the other id in
// the other state.
func (ids *idPlaces) learnKeys(place string, a, b normalized, mine, others, name string) {
	tokens := strings.Split(place, "/")
	for n := 1; n < len(tokens); n++ {
		if tokens[n] != mine {
			continue
		}
		at := slices.Clone(tokens)
		at[n] = others
		if _, there := b[strings.Join(at, "/")]; there && !a.lists(tokens[:n]) && !b.lists(tokens[:n]) {
			ids.learnt(&ids.keys, anyIndex(strings.Join(tokens[:n], "/")), name)
		}
	}
}

// lists reports whether a place holds a list: it has an element 0.
func (c normalized) lists(tokens []string) bool {
	first := strings.Join(tokens, "/") + "/0"
	for place := range c {
		if place == first || strings.HasPrefix(place, first+"/") {
			return true
		}
	}
	return false
}

// mask replaces a subject's ids by their names, at the places that hold them.
func (ids *idPlaces) mask(c normalized, s event.Subject) normalized {
	masked := make(normalized, len(c))
	for place, value := range c {
		if name, known := ids.values[anyIndex(place)]; known {
			value = withName(value, s.Text(name), name)
		}
		tokens := strings.Split(place, "/")
		for n := 1; n < len(tokens); n++ {
			if name, known := ids.keys[anyIndex(strings.Join(tokens[:n], "/"))]; known && tokens[n] == s.Text(name) {
				tokens[n] = "{{" + name + "}}"
			}
		}
		masked[strings.Join(tokens, "/")] = value
	}
	return masked
}

// withName replaces an id in a value by its name, unless the id is part of a longer word or number.
func withName(value, id, name string) string {
	named := "{{" + name + "}}"
	if value == id && id != "" {
		return strconv.Quote(named)
	}
	if id == "" || !strings.HasPrefix(value, `"`) {
		return value
	}
	isPart := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }
	var out strings.Builder
	for from := 0; ; {
		at := strings.Index(value[from:], id)
		if at < 0 {
			return out.String() + value[from:]
		}
		at += from
		before, after := []rune(value[:at]), []rune(value[at+len(id):])
		out.WriteString(value[from:at])
		if len(before) > 0 && isPart(before[len(before)-1]) || len(after) > 0 && isPart(after[0]) {
			out.WriteString(id)
		} else {
			out.WriteString(named)
		}
		from = at + len(id)
	}
}

// holdsShortID reports whether a value holds a short id of the subject.
func holdsShortID(s event.Subject, value string) bool {
	return slices.ContainsFunc(shortIDs(s), func(name string) bool { return withName(value, s.Text(name), name) != value })
}
