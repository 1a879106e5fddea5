package life

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/jsonfile"
)

// lifeValue is the value of a place in one word's event; nil is none.
type lifeValue func(telling) any

// parseValues reads values by JSON pointers. Errors begin with the place.
func (l *Life) parseValues(given map[string]json.RawMessage) (values map[string]lifeValue, err error) {
	values = map[string]lifeValue{}
	for _, pointer := range slices.Sorted(maps.Keys(given)) {
		if !strings.HasPrefix(pointer, "/") {
			return nil, place{pointer}.Wrong("it is no JSON pointer, which begins with a slash")
		}
		if values[pointer], err = l.parseValue(given[pointer]); err != nil {
			return nil, jsonfile.At(err, pointer)
		}
	}
	return values, nil
}

// parseValue reads a constant or one of the forms.
func (l *Life) parseValue(raw json.RawMessage) (lifeValue, error) {
	if raw[0] != '{' {
		constant, err := constantOf(raw)
		return func(telling) any { return constant }, err
	}
	var form struct {
		Percent, Less        *int64
		Other, Subject, Time string
		JSON                 json.RawMessage
	}
	var members map[string]json.RawMessage
	if jsonfile.Decode(raw, &form) != nil || json.Unmarshal(raw, &members) != nil || len(members) != 1 {
		return nil, fmt.Errorf(`%s is no value; one is a constant, {"percent": N}, {"less": N}, {"other": NAME}, {"subject": NAME}, {"time": NAME} or {"json": VALUE}`, jsonfile.OneLine(raw))
	}
	switch {
	case form.Percent != nil:
		return func(t telling) any { return percentOf(l.number("amount", t.s), *form.Percent) }, nil
	case form.Less != nil:
		return func(t telling) any {
			amount := l.number("amount", t.s)
			return amount - percentOf(amount, *form.Less)
		}, nil
	case form.JSON != nil:
		return func(telling) any { return form.JSON }, nil
	case form.Time != "":
		if !l.isTime(form.Time) {
			return nil, fmt.Errorf("times has no %q", form.Time)
		}
		return func(t telling) any { return t.time(form.Time) }, nil
	}
	named, known := l.Names[form.Other+form.Subject]
	switch {
	case !known:
		return nil, errors.New(l.noName(form.Other + form.Subject))
	case form.Other != "" && named.Other == nil:
		return nil, fmt.Errorf("names.%s has no other value", form.Other)
	case form.Other != "":
		return func(t telling) any { return l.other(form.Other, t.s) }, nil
	}
	return func(t telling) any { return l.value(form.Subject, t) }, nil
}

// constantOf returns a text, a whole number, true, false or null; nil for no JSON.
func constantOf(raw json.RawMessage) (any, error) {
	if raw == nil {
		return nil, nil
	}
	if n, err := strconv.Atoi(string(raw)); err == nil { // most are, and each event asks for them
		return n, nil
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

// isID reports whether the name is of an object at Stripe that there may not be.
func (n LifeName) isID() bool { return n.invented() || n.Of != "" }

// isSum reports whether the name is of an amount.
func (n LifeName) isSum() bool {
	if n.isDerived() {
		return true
	}
	_, is := n.usual().(int)
	return is
}

// Usual returns the default of each name that has one, but for those that follow another name.
func (l *Life) Usual() map[string]any {
	values := map[string]any{}
	for name, n := range l.Names {
		if value := n.usual(); value != nil && n.Like == "" {
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

// value returns what a subject's events have for a name; nil leaves the fixture's value.
func (l *Life) value(name string, t telling) any {
	name = l.first(name, t)
	if prefix, is := strings.CutSuffix(name, "*"); is {
		return t.s.Entries(prefix)
	}
	if l.isTime(name) {
		return t.time(name)
	}
	name, n := l.resolve(name, t)
	_, there := t.s[name]
	switch {
	case n.isDerived():
		return l.number(name, t.s)
	case n.gives(name, t.s):
		return t.s.Text(name)
	case n.Of != "":
		return n.Prefix + l.idOf(n.Of, t) + n.Suffix
	case n.Optional && !strings.HasPrefix(t.s.Text(name), n.Prefix):
		return nil
	case !there && n.Default == nil:
		return nil
	case !there:
		return n.Default
	case n.usual() != nil: // a text or a number, as the target has it
		return t.s[name]
	}
	return t.s.Text(name) // an id, as Stripe has it
}

// resolve returns the name that a name stands for in an event.
func (l *Life) resolve(name string, t telling) (string, LifeName) {
	name = cmp.Or(t.as[name], name)
	if is := l.Names[name].Is; is != "" {
		name = is
	}
	if like := l.Names[name].Like; like != "" && t.s.Text(name) == "" && t.s.Text(like) != "" {
		name = like
	}
	return name, l.Names[name]
}

// idOf returns the id of a name without its prefix.
func (l *Life) idOf(name string, t telling) string {
	name = cmp.Or(t.as[name], name)
	n := l.Names[name]
	if n.Of != "" && !n.gives(name, t.s) {
		return l.idOf(n.Of, t) + n.Suffix
	}
	return strings.TrimPrefix(t.s.Text(name), n.Prefix)
}

// isDerived reports whether the name is a number that follows from others.
func (n LifeName) isDerived() bool {
	return n.Percent != 0 || n.Each != "" || n.Times != "" || n.Add != nil
}

// number returns a name's value as a whole number: an amount in minor units, or a quantity.
func (l *Life) number(name string, s event.Subject) int64 {
	n := l.Names[name]
	if !n.isDerived() {
		usual, _ := n.usual().(int)
		return s.Number(name, int64(usual))
	}
	if n.Add != nil {
		return l.number(n.Add.Name, s) + n.Add.N
	}
	value := l.number("amount", s)
	if n.Times != "" {
		value *= l.number(n.Times, s)
	}
	if n.Each != "" {
		value /= max(l.number(n.Each, s), 1)
	}
	return percentOf(value, cmp.Or(n.Percent, 100))
}

// percentOf returns a part of an amount, rounded down, so that what is taken off and what is left add up to it.
func percentOf(amount, percent int64) int64 {
	part := amount * percent
	if part < 0 && part%100 != 0 {
		return part/100 - 1
	}
	return part / 100
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
