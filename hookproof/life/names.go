package life

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/event"
)

// sum is a name's number and so much more.
type sum struct {
	Name string
	N    int64
}

// UnmarshalJSON reads a name and a number.
func (a *sum) UnmarshalJSON(raw []byte) error {
	var terms []json.RawMessage
	if json.Unmarshal(raw, &terms) != nil || len(terms) != 2 || json.Unmarshal(terms[0], &a.Name) != nil || json.Unmarshal(terms[1], &a.N) != nil {
		return errors.New("add is of a name and a whole number")
	}
	return nil
}

// circle returns the way on which a name's value would follow from itself, the name first and last; nil if there is none.
func (l *Life) circle(name string) []string {
	var from func(way []string) []string
	from = func(way []string) []string {
		n := l.Names[way[len(way)-1]]
		for _, other := range append(n.refersTo(), n.Of) {
			switch {
			case other == "" || other != name && slices.Contains(way, other):
			case other == name:
				return append(way, name)
			default:
				if circle := from(append(slices.Clip(way), other)); circle != nil {
					return circle
				}
			}
		}
		return nil
	}
	return from([]string{name})
}

// circleOf returns the way on which an id would follow from itself if names stand for others; nil if there is none. A name can stand for
// itself, and in another event of the story for another.
func (l *Life) circleOf(name string, stand map[string][]string) []string {
	var from func(way []string) []string
	from = func(way []string) []string {
		of := l.Names[way[len(way)-1]].Of
		if of == "" {
			return nil
		}
		for _, other := range append([]string{of}, stand[of]...) {
			if slices.Contains(way, other) {
				return append(way, other)
			}
			if circle := from(append(slices.Clip(way), other)); circle != nil {
				return circle
			}
		}
		return nil
	}
	return from([]string{name})
}

// first returns the first of several names, as in customer|invoiceCustomer, for which a subject has a value; else the last.
func (l *Life) first(names string, t telling) string {
	first, others, several := strings.Cut(names, "|")
	if !several {
		return names
	}
	value := l.value(first, t)
	if entries, are := value.(map[string]any); value == nil || are && len(entries) == 0 {
		return l.first(others, t)
	}
	return first
}

// gives reports whether a subject itself gives an id that hookproof would derive.
func (n LifeName) gives(name string, s event.Subject) bool {
	return n.Of != "" && strings.HasPrefix(s.Text(name), n.Prefix)
}

// refersTo returns the names that a name's value is made of.
func (n LifeName) refersTo() (names []string) {
	for _, name := range []string{n.Is, n.Like, n.Times, n.Each} {
		if name != "" {
			names = append(names, name)
		}
	}
	if n.Add != nil {
		names = append(names, n.Add.Name)
	}
	return names
}
