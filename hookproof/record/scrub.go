package record

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Scrubber takes secrets and personal data out of events. Equal texts become equal placeholders as long
// as the scrubber is the same, so that what referred to each other still does. It is not safe for
// concurrent use.
type Scrubber struct {
	keep  map[string]bool
	known map[string]string // what a text became, by shape or prefix and the text
	count map[string]int    // placeholders made, by shape or prefix
}

// NewScrubber makes a scrubber that keeps the named fields, of metadata or elsewhere, as they are. A name
// that is never kept is an error.
func NewScrubber(keep []string) (*Scrubber, error) {
	s := &Scrubber{keep: map[string]bool{}, known: map[string]string{}, count: map[string]int{}}
	for _, name := range keep {
		if _, is := personal(name); is || containers[name] {
			return nil, fmt.Errorf("%q is not kept: it holds personal data or secrets by its name", name)
		}
		s.keep[name] = true
	}
	return s, nil
}

// Scrub is the event with all that the rule does not keep replaced by placeholders of the same JSON type,
// in the text: every other byte stays as it is. A body that is no JSON document in UTF-8 is an error,
// since nobody can tell what is in it.
func (s *Scrubber) Scrub(body []byte) ([]byte, error) {
	return rewrite(body, func(t token) []byte {
		switch value := t.value.(type) {
		case string:
			if t.isName {
				return quoted(value, s.name(t, value))
			}
			return quoted(value, s.text(t, value))
		case json.Number:
			return s.number(t)
		}
		return nil // true, false and null say nothing
	})
}

// quoted is a text as JSON, or nil if it has not changed: then its own notation stays.
func quoted(before, after string) []byte {
	if before == after {
		return nil
	}
	raw, _ := json.Marshal(after) // a string can always be marshalled
	return raw
}

// name decides about a member's name. Those in metadata are the seller's own words.
func (s *Scrubber) name(t token, name string) string {
	switch {
	case s.keep[name]:
		return name
	case !slices.Contains(t.path, "metadata") && fieldName.MatchString(name) && !phoneLike.MatchString(name):
		return name
	}
	return s.placeholder("key", name, func(n int) string { return fmt.Sprintf("key%d", n) })
}

// text decides about a text.
func (s *Scrubber) text(t token, value string) string {
	field := t.field()
	shape, is := personal(field)
	prefix, kind := id(value)
	switch {
	case value == "":
		return value
	case is:
		return s.shaped(shape, value)
	case s.keep[field]:
		return value
	case prefix != "" && kind == catalogue:
		return value
	case prefix != "":
		return s.placeholder(prefix, value, func(n int) string { return recordedID(prefix, n) })
	case within(t, containers):
	case kept[field] && word.MatchString(value) && !phoneLike.MatchString(value):
		return value
	case field == "api_version" && apiVersion.MatchString(value):
		return value
	case decimals[field] && decimal.MatchString(value):
		return value
	}
	for _, look := range looks {
		if look.like.MatchString(value) {
			return s.shaped(look.shape, value)
		}
	}
	return s.shaped(text, value)
}

// number decides about a number.
func (s *Scrubber) number(t token) []byte {
	field := t.field()
	_, is := personal(field)
	switch {
	case is:
	case s.keep[field]:
		return nil
	case numbers[field] || within(t, containers):
	case len(t.raw) <= longest || counted.MatchString(field):
		return nil
	}
	return []byte("1")
}

// within tells whether a value is in a member of one of the names, however deep.
func within(t token, names map[string]bool) bool {
	return slices.ContainsFunc(t.path, func(name string) bool { return names[name] })
}

// personal tells whether a field is never kept, and the shape of its placeholder.
func personal(field string) (shape, bool) {
	for shape, names := range never {
		if names[field] {
			return shape, true
		}
	}
	return text, false
}

func (s *Scrubber) shaped(as shape, value string) string {
	if as == secret {
		return "scrubbed"
	}
	return s.placeholder(fmt.Sprint(int(as)), value, func(n int) string {
		switch as {
		case email:
			return fmt.Sprintf("person%d@example.com", n)
		case phone:
			return fmt.Sprintf("+1500555%04d", n)
		case ip:
			return fmt.Sprintf("192.0.2.%d", 1+(n-1)%254)
		case digits:
			return fmt.Sprintf("%04d", n)
		case link:
			return fmt.Sprintf("https://example.com/scrubbed/%d", n)
		case uuid:
			return fmt.Sprintf("00000000-0000-4000-8000-%012d", n)
		}
		return fmt.Sprintf("Scrubbed%d", n)
	})
}

// placeholder is what stands for a value among those of its kind: the one of before, or the next.
func (s *Scrubber) placeholder(kind, value string, next func(n int) string) string {
	at := kind + "\x00" + value
	if _, is := s.known[at]; !is {
		s.count[kind]++
		s.known[at] = next(s.count[kind])
	}
	return s.known[at]
}
