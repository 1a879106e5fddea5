package life

import (
	"encoding/json"
	"errors"
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

// circular reports whether a name shares the id of a name that shares its own.
func (l *Life) circular(name string) bool {
	of := l.Names[name].Of
	for range l.Names {
		if of == name {
			return true
		}
		of = l.Names[of].Of
	}
	return false
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
	for _, name := range []string{n.Is, n.Times, n.Each} {
		if name != "" {
			names = append(names, name)
		}
	}
	if n.Add != nil {
		names = append(names, n.Add.Name)
	}
	return names
}
