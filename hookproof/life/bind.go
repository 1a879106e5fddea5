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

// bindings say which place of an event's body is tied to a subject, by its JSON pointer, and to what.
type bindings map[string]bindTo

// bindTo is the name that a place is bound to, or that it is bound to in each kind of object.
type bindTo struct {
	name   string
	byKind map[string]string
}

// of is the name for a kind of object; "" is none.
func (b bindTo) of(kind string) string { return cmp.Or(b.name, b.byKind[kind]) }

// Bound is what an event is bound to.
type Bound struct {
	Subject  event.Subject
	ID       string
	Created  int64
	Livemode bool
}

// APIVersionOf is an API version's name; "" is the default one.
func APIVersionOf(version string) string { return cmp.Or(version, fixtures.DefaultVersion) }

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

// Bind makes an event of a fixture for a subject. It says that it is of the API version that was asked for, in the
// shape that is known next to it.
func Bind(version, name string, b Bound) (event.Event, error) {
	return Payment.bindEvent(version, name, b, nil)
}

// bindEvent is as above, with places that are bound in this event alone.
func (l *Life) bindEvent(version, name string, b Bound, own bindings) (event.Event, error) {
	version = APIVersionOf(version)
	shape := shapeOf(version)
	body, err := fixtures.Event(shape, name)
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

// stamp puts in what every event has, whatever it is about.
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

// bindPlace puts a subject's value into a place that the body has. A sum of 0 stays, since nothing was to be paid, discounted
// or refunded then, and so does a null in place of an id that every subject has, since there is no such object.
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
	switch has := string(body[at.Value.From:at.Value.To]); {
	case has == "0" && l.Names[name].isSum(), has == "null" && l.Names[name].invented():
		return body, nil
	}
	raw, err := event.AsStripeWrites(pointer, value)
	if err != nil {
		return nil, err
	}
	return event.Replace(body, at.Value, raw), nil
}

// New is an event of the default API version about a subject, by its fixture's name. A subject
// without a payment intent or session is given one, so that its further events agree.
func New(name string, subject event.Subject) (event.Event, error) {
	return Bind("", name, Bound{Completed(subject), event.NewID(), time.Now().Unix(), false})
}
