package life

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof/event"
)

// bindings are the places of an event's body that are bound to a subject, by JSON pointer.
type bindings map[string]bindTo

// bindTo is the name to which a place is bound, or the name for each kind of object.
type bindTo struct {
	name   string
	byKind map[string]string
}

// of returns the name for a kind of object; "" is none.
func (b bindTo) of(kind string) string { return cmp.Or(b.name, b.byKind[kind]) }

// Bound is what an event is bound to.
type Bound struct {
	Subject  event.Subject
	ID       string
	Created  int64
	Livemode bool
}

// APIVersionOf returns an API version, or the default one for "".
func APIVersionOf(version string) string { return cmp.Or(version, fixtures.DefaultVersion) }

// shapeOf returns the newest API version with bodies that is not newer than the given one; if there is none, the oldest.
func (l *Life) shapeOf(version string) string {
	shape := l.versions[0]
	for _, one := range l.versions {
		if one <= version {
			shape = one
		}
	}
	return shape
}

// Bind makes an event of a fixture for a subject. The event names the given API version, and has the shape of the nearest known
// one.
func (l *Life) Bind(version, name string, b Bound) (event.Event, error) {
	return l.bindEvent(version, name, b, nil)
}

// bindEvent is Bind with additional bindings for this event.
func (l *Life) bindEvent(version, name string, b Bound, own bindings) (event.Event, error) {
	version = APIVersionOf(version)
	shape := l.shapeOf(version)
	body, err := l.body(shape, name)
	if err != nil {
		return event.Event{}, err
	}
	if shape != version {
		if body, err = event.Put(body, "/api_version", version); err != nil {
			return event.Event{}, err
		}
	}
	var read struct {
		Type string
		Data struct{ Object struct{ Object string } }
	}
	if err := json.Unmarshal(body, &read); err != nil {
		return event.Event{}, fmt.Errorf("event %s of %s: %w", name, version, err)
	}
	kind := read.Data.Object.Object
	if body, err = b.stamp(body); err != nil {
		return event.Event{}, err
	}
	all := maps.Clone(l.bind)
	maps.Copy(all, own)
	for _, pointer := range slices.Sorted(maps.Keys(all)) {
		if body, err = l.bindPlace(body, pointer, all[pointer].of(kind), b.Subject); err != nil {
			return event.Event{}, err
		}
	}
	return event.Event{ID: b.ID, Type: read.Type, Body: body}, nil
}

// stamp sets what every event has, whatever it is about.
func (b Bound) stamp(body []byte) ([]byte, error) {
	var err error
	for _, row := range []struct {
		pointer string
		value   any
	}{{"/id", b.ID}, {"/created", b.Created}, {"/livemode", b.Livemode}, {"/data/object/livemode", b.Livemode}} {
		if _, absent := event.Find(body, row.pointer); errors.Is(absent, event.ErrNoPlace) && row.pointer == "/data/object/livemode" {
			continue
		}
		if body, err = event.Put(body, row.pointer, row.value); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// bindPlace sets a place that the body has to the subject's value. An amount of 0 or null stays: nothing was paid, discounted or refunded.
// A null in place of an id stays, unless the target has given that very id: there is no such object.
func (l *Life) bindPlace(body []byte, pointer, name string, s event.Subject) ([]byte, error) {
	if name == "" {
		return body, nil
	}
	value := l.value(name, s)
	at, err := event.Find(body, pointer)
	if errors.Is(err, event.ErrNoPlace) || value == nil {
		return body, nil
	}
	if err != nil {
		return nil, err
	}
	n := l.Names[name]
	switch has := string(body[at.Value.From:at.Value.To]); {
	case (has == "0" || has == "null") && n.isSum(), has == "null" && (n.invented() || n.Of != "" && s.Text(name) == ""):
		return body, nil
	}
	raw, err := event.AsStripeWrites(pointer, value)
	if err != nil {
		return nil, err
	}
	return event.Replace(body, at.Value, raw), nil
}

// New returns an event of the default API version about a subject, by its fixture's name. A subject without a payment intent or
// session gets one, so that its later events agree.
func (l *Life) New(name string, subject event.Subject) (event.Event, error) {
	return l.Bind("", name, Bound{l.Completed(subject), event.NewID(), time.Now().Unix(), false})
}
