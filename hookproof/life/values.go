package life

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/event"
)

// lifeValue is the value of a place in one word's event.
type lifeValue func(event.Subject) any

// parseValue reads a constant or one of the forms.
func (l *Life) parseValue(raw json.RawMessage) (lifeValue, error) {
	if raw[0] != '{' {
		constant, err := constantOf(raw)
		return func(event.Subject) any { return constant }, err
	}
	var form struct {
		Percent, Less  *int64
		Other, Subject string
	}
	var members map[string]json.RawMessage
	if decodeStrictly(raw, &form) != nil || json.Unmarshal(raw, &members) != nil || len(members) != 1 {
		return nil, fmt.Errorf(`%s is no value; one is a constant, {"percent": N}, {"less": N}, {"other": NAME} or {"subject": NAME}`, raw)
	}
	if form.Percent != nil {
		return func(s event.Subject) any { return l.part(s, *form.Percent) }, nil
	}
	if form.Less != nil {
		return func(s event.Subject) any { return l.part(s, 100) - l.part(s, *form.Less) }, nil
	}
	named, known := l.Names[form.Other+form.Subject]
	switch {
	case !known:
		return nil, fmt.Errorf("names has no %q", form.Other+form.Subject)
	case form.Other != "" && named.Other == nil:
		return nil, fmt.Errorf("names.%s has no other value", form.Other)
	case form.Other != "":
		return func(s event.Subject) any { return l.other(form.Other, s) }, nil
	}
	return func(s event.Subject) any { return l.value(form.Subject, s) }, nil
}

// constantOf returns a text, a whole number, true, false or null; nil for no JSON.
func constantOf(raw json.RawMessage) (any, error) {
	if raw == nil {
		return nil, nil
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	switch v := value.(type) {
	case nil:
		return json.RawMessage("null"), nil
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			return nil, fmt.Errorf("%s is no whole number", v)
		}
		return int(n), nil
	case string, bool:
		return v, nil
	}
	return nil, errors.New("a constant is a text, a whole number, true, false or null")
}

// usual returns what events have for a name if the subject has no value; nil for none and for null.
func (n LifeName) usual() any {
	value, err := constantOf(n.Default)
	if _, null := value.(json.RawMessage); err != nil || null {
		return nil
	}
	return value
}

// invented reports whether hookproof makes up such an id if the target has none.
func (n LifeName) invented() bool { return n.Prefix != "" && n.Of == "" && !n.Optional }

// isSum reports whether the name is of an amount.
func (n LifeName) isSum() bool {
	_, is := n.usual().(int)
	return is
}

// Usual returns the default of each name that has one.
func (l *Life) Usual() map[string]any {
	values := map[string]any{}
	for name, n := range l.Names {
		if value := n.usual(); value != nil {
			values[name] = value
		}
	}
	return values
}

// IDs returns the names that hookproof invents, sorted, and new values for them.
func (l *Life) IDs() (names []string, values map[string]string) {
	values = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(l.Names)) {
		if n := l.Names[name]; n.invented() {
			names = append(names, name)
			values[name] = n.Prefix + event.Random()
		}
	}
	return names, values
}

// value returns what a subject's events have for a name; nil leaves the fixture's value. Of several names, as in
// charge.metadata.*|metadata.*, it is the first that has any.
func (l *Life) value(name string, s event.Subject) any {
	if first, others, several := strings.Cut(name, "|"); several {
		switch value := l.value(first, s).(type) {
		case nil:
		case map[string]any:
			if len(value) > 0 {
				return value
			}
		default:
			return value
		}
		return l.value(others, s)
	}
	if prefix, is := strings.CutSuffix(name, "*"); is {
		return s.Entries(prefix)
	}
	n := l.Names[name]
	_, there := s[name]
	switch {
	case n.Of != "" && strings.HasPrefix(s.Text(name), n.Prefix): // the target's own
		return s.Text(name)
	case n.Of != "":
		id, _ := l.value(n.Of, s).(string)
		return n.Prefix + strings.TrimPrefix(id, l.Names[n.Of].Prefix) + n.Suffix
	case n.Optional && !strings.HasPrefix(s.Text(name), n.Prefix):
		return nil
	case !there && n.Default == nil:
		return nil
	case !there:
		return n.Default
	case n.usual() != nil: // a text or a number, as the target has it
		return s[name]
	}
	return s.Text(name) // an id, as Stripe has it
}

// part returns a percentage of a subject's amount, in minor units.
func (l *Life) part(s event.Subject, percent int64) int64 {
	usual, _ := l.Names["amount"].usual().(int)
	return s.Number("amount", int64(usual)) * percent / 100
}

// other returns a value of a name that the subject does not have.
func (l *Life) other(name string, s event.Subject) any {
	n := l.Names[name]
	other, _ := constantOf(n.Other)
	if fmt.Sprint(other) == s.Text(name) {
		return n.usual()
	}
	return other
}
