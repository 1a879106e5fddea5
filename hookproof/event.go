package hookproof

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"example.com/hookproof/fixtures"
)

// Event is one event's body, ready to be signed.
type Event struct {
	ID   string
	Type string
	Body []byte
}

// bindings say which place of an event's body is tied to a subject, by its JSON pointer, and to what.
type bindings map[string]bindTo

// bindTo is the name that a place is bound to, or that it is bound to in each kind of object.
type bindTo struct {
	name   string
	byKind map[string]string
}

// of is the name for a kind of object; "" is none.
func (b bindTo) of(kind string) string { return cmp.Or(b.name, b.byKind[kind]) }

// bound is what an event is bound to.
type bound struct {
	subject  Subject
	id       string
	created  int64
	livemode bool
}

// apiVersionOf is an API version's name; "" is the default one.
func apiVersionOf(version string) string { return cmp.Or(version, fixtures.DefaultVersion) }

// shapeOf is the newest API version of which there are events that is no newer than the one asked for, or the oldest.
func shapeOf(version string) string {
	known := fixtures.Versions()
	shape := known[0]
	for _, one := range known {
		if one <= version {
			shape = one
		}
	}
	return shape
}

// bindEvent makes an event of a fixture for a subject. It says that it is of the API version that was asked for, in the
// shape that is known next to it.
func bindEvent(version, name string, b bound) (Event, error) {
	return payment.bindEvent(version, name, b, nil)
}

// bindEvent is as above, with places that are bound in this event alone.
func (l *life) bindEvent(version, name string, b bound, own bindings) (Event, error) {
	version = apiVersionOf(version)
	shape := shapeOf(version)
	body, err := fixtures.Event(shape, name)
	if err != nil {
		return Event{}, err
	}
	if shape != version {
		if body, err = put(body, "/api_version", version); err != nil {
			return Event{}, err
		}
	}
	var read struct {
		Type string
		Data struct{ Object struct{ Object string } }
	}
	if err := json.Unmarshal(body, &read); err != nil {
		return Event{}, fmt.Errorf("event %s of %s: %w", name, version, err)
	}
	kind := read.Data.Object.Object
	if body, err = b.stamp(body); err != nil {
		return Event{}, err
	}
	all := maps.Clone(l.bind)
	maps.Copy(all, own)
	for _, pointer := range slices.Sorted(maps.Keys(all)) {
		if body, err = l.bindPlace(body, pointer, all[pointer].of(kind), b.subject); err != nil {
			return Event{}, err
		}
	}
	return Event{ID: b.id, Type: read.Type, Body: body}, nil
}

// stamp puts in what every event has, whatever it is about.
func (b bound) stamp(body []byte) ([]byte, error) {
	var err error
	for _, row := range []struct {
		pointer string
		value   any
	}{{"/id", b.id}, {"/created", b.created}, {"/livemode", b.livemode}, {"/data/object/livemode", b.livemode}} {
		if _, absent := find(body, row.pointer); errors.Is(absent, errNoPlace) && row.pointer == "/data/object/livemode" {
			continue
		}
		if body, err = put(body, row.pointer, row.value); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// bindPlace puts a subject's value into a place that the body has. A sum of 0 stays, since nothing was to be paid, discounted
// or refunded then, and so does a null in place of an id that every subject has, since there is no such object.
func (l *life) bindPlace(body []byte, pointer, name string, s Subject) ([]byte, error) {
	if name == "" {
		return body, nil
	}
	value := l.value(name, s)
	at, err := find(body, pointer)
	if errors.Is(err, errNoPlace) || value == nil {
		return body, nil
	}
	if err != nil {
		return nil, err
	}
	switch has := string(body[at.value.from:at.value.to]); {
	case has == "0" && l.names[name].isSum(), has == "null" && l.names[name].invented():
		return body, nil
	}
	raw, err := asStripeWrites(pointer, value)
	if err != nil {
		return nil, err
	}
	return replace(body, at.value, raw), nil
}

// asStripeWrites is a value by the line, two spaces deeper each time, as all of an event.
func asStripeWrites(pointer string, value any) ([]byte, error) {
	return json.MarshalIndent(value, strings.Repeat("  ", strings.Count(pointer, "/")), "  ")
}

// put writes a value as Stripe writes all of an event: by the line, two spaces deeper each time.
func put(body []byte, pointer string, value any) ([]byte, error) {
	raw, err := asStripeWrites(pointer, value)
	if err != nil {
		return nil, err
	}
	return splice(body, pointer, raw)
}

// newEventID is an id that no event had before.
func newEventID() string { return "evt_1" + random() }

var placeholder = regexp.MustCompile(`\{\{(\w+)\.([\w.]+)\}\}`)

// override applies a scenario's with: pointers to values, {"remove": true}, and {{subject.name}} inside
// strings.
func override(e Event, with map[string]json.RawMessage, subjects map[string]Subject) (Event, error) {
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
		if e.Body, err = splice(e.Body, pointer, raw); err != nil {
			return e, err
		}
	}
	var now struct{ ID, Type string }
	if json.Unmarshal(e.Body, &now) == nil { // one whose id is no string stays known by its old one
		e.ID, e.Type = now.ID, now.Type
	}
	return e, nil
}

// resolve puts subjects' values in the place of {{subject.name}}.
func resolve(raw []byte, subjects map[string]Subject) ([]byte, error) {
	var missing error
	out := placeholder.ReplaceAllFunc(raw, func(match []byte) []byte {
		parts := placeholder.FindSubmatch(match)
		value := subjects[string(parts[1])].text(string(parts[2]))
		if value == "" {
			missing = fmt.Errorf("%s: the scenario has no such subject, or it has no such value", match)
		}
		quoted, _ := json.Marshal(value) // a string can always be marshalled
		return quoted[1 : len(quoted)-1]
	})
	return out, missing
}

// rawEvent is a body given literally.
func rawEvent(text string) Event {
	e := Event{Body: []byte(text)}
	var read struct{ ID, Type string }
	if json.Unmarshal(e.Body, &read) == nil {
		e.ID, e.Type = read.ID, read.Type
	}
	return e
}

// pad fills a body with trailing spaces.
func (e Event) pad(size int) Event {
	if missing := size - len(e.Body); missing > 0 {
		e.Body = append(append([]byte(nil), e.Body...), strings.Repeat(" ", missing)...)
	}
	return e
}

// withID is the same fact under a fresh id.
func (e Event) withID(id string) (Event, error) {
	body, err := put(e.Body, "/id", id)
	return Event{ID: id, Type: e.Type, Body: body}, err
}

func created(now time.Time, offset int64) int64 { return now.Unix() + offset }

// NewEvent is an event of the default API version about a subject, by its fixture's name. A subject
// without a payment intent or session is given one, so that its further events agree.
func NewEvent(name string, subject Subject) (Event, error) {
	return bindEvent("", name, bound{subject.completed(), newEventID(), time.Now().Unix(), false})
}
