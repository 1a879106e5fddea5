// Package event makes what is delivered: the bodies of events, bound to a subject, edited by JSON pointer, and signed in every
// right and wrong way. A subject is one object of the target, as a map of the names that events are bound to.
package event

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Event is one event's body, ready to be signed.
type Event struct {
	ID   string
	Type string
	Body []byte
}

// AsStripeWrites encodes a value as Stripe does for a place in an event: indented by two spaces for each level.
func AsStripeWrites(pointer string, value any) ([]byte, error) {
	switch value.(type) {
	case string, int, int64, bool: // these have nothing to indent
		return json.Marshal(value)
	}
	return json.MarshalIndent(value, strings.Repeat("  ", strings.Count(pointer, "/")), "  ")
}

// Put sets the value at a JSON pointer, indented as Stripe does.
func Put(body []byte, pointer string, value any) ([]byte, error) {
	raw, err := AsStripeWrites(pointer, value)
	if err != nil {
		return nil, err
	}
	return setAt(body, pointer, raw)
}

// NewID returns a new event id.
func NewID() string { return "evt_1" + Random() }

// Override applies a scenario's with: pointers to values, {"remove": true}, and {{subject.name}} inside
// strings.
func Override(e Event, with map[string]json.RawMessage, subjects map[string]Subject) (Event, error) {
	for _, pointer := range slices.Sorted(maps.Keys(with)) {
		raw := with[pointer]
		var instruction struct{ Remove bool }
		var err error
		if json.Unmarshal(raw, &instruction) == nil && instruction.Remove {
			if e.Body, err = remove(e.Body, pointer); err != nil {
				return e, err
			}
			continue
		}
		raw, err = resolve(raw, subjects)
		if err != nil {
			return e, err
		}
		if e.Body, err = setAt(e.Body, pointer, raw); err != nil {
			return e, err
		}
	}
	var now struct{ ID, Type string }
	if json.Unmarshal(e.Body, &now) == nil { // if the new id is no string, the event keeps the old one in reports
		e.ID, e.Type = now.ID, now.Type
	}
	return e, nil
}

// resolve replaces each {{subject.name}} by the subject's value.
func resolve(raw []byte, subjects map[string]Subject) ([]byte, error) {
	filled, err := Fill(string(raw), func(name string) (string, error) {
		subject, of, dotted := strings.Cut(name, ".")
		value := subjects[subject].Text(of)
		switch {
		case !dotted: // a text of the scenario's own
			return "{{" + name + "}}", nil
		case value == "":
			return "", fmt.Errorf("{{%s}}: the scenario has no such subject, or it has no such value", name)
		}
		return Escape(value), nil
	})
	return []byte(filled), err
}

// Raw returns a body that is given literally.
func Raw(text string) Event {
	e := Event{Body: []byte(text)}
	var read struct{ ID, Type string }
	if json.Unmarshal(e.Body, &read) == nil {
		e.ID, e.Type = read.ID, read.Type
	}
	return e
}

// Pad fills a body with trailing spaces.
func (e Event) Pad(size int) Event {
	if missing := size - len(e.Body); missing > 0 {
		e.Body = append(append([]byte(nil), e.Body...), strings.Repeat(" ", missing)...)
	}
	return e
}

// WithID returns the same fact under another event id.
func (e Event) WithID(id string) (Event, error) {
	body, err := Put(e.Body, "/id", id)
	return Event{ID: id, Type: e.Type, Body: body}, err
}

func Created(now time.Time, offset int64) int64 { return now.Unix() + offset }
