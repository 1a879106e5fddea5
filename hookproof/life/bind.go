package life

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
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
	return l.bindEvent(version, name, b, &Spec{}, telling{life: l, s: b.Subject, born: time.Unix(b.Created, 0), now: b.Created})
}

// telling is what the places of an event's body are bound to.
type telling struct {
	life   *Life
	s      event.Subject
	as     map[string]string // names and instants that stand for others
	born   time.Time         // when the story was born
	passed time.Duration     // how long before that it has begun
	now    int64             // when the event happens
}

// time returns an instant in seconds since 1970.
func (t telling) time(name string) int64 {
	name = cmp.Or(t.as[name], t.life.times[name].is, name)
	name = cmp.Or(t.life.times[name].is, name)
	if name == now {
		return t.now
	}
	at := t.life.times[name]
	return t.born.Add(at.since - t.passed).Unix()
}

// bindEvent is Bind with what a word says of the event.
func (l *Life) bindEvent(version, name string, b Bound, w *Spec, t telling) (event.Event, error) {
	version = APIVersionOf(version)
	shape := l.shapeOf(version)
	of, err := l.outline(shape, name)
	if err != nil {
		return event.Event{}, err
	}
	draft := event.NewDraft(of.body, of.places)
	if shape != version {
		if err := draft.Put("/api_version", version); err != nil {
			return event.Event{}, err
		}
	}
	if err := b.stamp(draft); err != nil {
		return event.Event{}, err
	}
	former := draft.Clone()
	t.as = aliases(w.became, w.becomes, w.as)
	if err := l.bindPlaces(draft, of, w, t, w.before, w.sets); err != nil {
		return event.Event{}, err
	}
	told := draft.Bytes()
	if of.previous && len(w.before[of.kind])+len(w.became) > 0 { // else the body says it, since the story does not
		t.as = aliases(w.became, w.as)
		err := l.bindPlaces(former, of, w, t, w.before)
		if err == nil {
			told, err = recall(told, former.Bytes(), "")
		}
		if err != nil {
			return event.Event{}, fmt.Errorf("event %s of %s: %w", name, version, err)
		}
	}
	return event.Event{ID: b.ID, Type: of.eventType, Body: told}, nil
}

// bindPlaces binds the places of a body, and makes the changes of its object.
func (l *Life) bindPlaces(body *event.Draft, of *outline, w *Spec, t telling, all ...changes) error {
	places, pointers := of.bind, of.pointers
	if len(w.bind) > 0 {
		places = of.bind.but(w.bind)
		pointers = slices.Sorted(maps.Keys(places))
	}
	for _, pointer := range pointers {
		if err := l.bindPlace(body, pointer, places[pointer].of(of.kind), t); err != nil {
			return err
		}
	}
	for _, c := range all {
		if err := l.change(body, of.kind, c, t); err != nil {
			return err
		}
	}
	return nil
}

// but returns the bindings with those of one word, which win. A place that a word binds to nothing is bound to nothing with all below it.
func (b bindings) but(own bindings) bindings {
	all := maps.Clone(b)
	maps.DeleteFunc(all, func(pointer string, _ bindTo) bool {
		for place, to := range own {
			if to.name == "" && to.byKind == nil && strings.HasPrefix(pointer+"/", place+"/") {
				return true
			}
		}
		return false
	})
	maps.Copy(all, own)
	return all
}

// aliases returns the names that stand for others, of which the later win.
func aliases(all ...map[string]string) map[string]string {
	as := map[string]string{}
	for _, one := range all {
		maps.Copy(as, one)
	}
	return as
}

// stamp sets what every event has, whatever it is about.
func (b Bound) stamp(body *event.Draft) error {
	for _, row := range []struct {
		pointer string
		value   any
	}{{"/id", b.ID}, {"/created", b.Created}, {"/livemode", b.Livemode}, {"/data/object/livemode", b.Livemode}} {
		if _, absent := body.Get(row.pointer); errors.Is(absent, event.ErrNoPlace) && row.pointer == "/data/object/livemode" {
			continue
		}
		if err := body.Put(row.pointer, row.value); err != nil {
			return err
		}
	}
	return nil
}

// bindPlace sets a place that the body has to the subject's value. An amount of 0 stays: nothing was paid, discounted or refunded.
// A null in place of an id, an instant or a sum stays: there is none, unless the subject itself gives an id that others derive.
func (l *Life) bindPlace(body *event.Draft, pointer, name string, t telling) error {
	if name == "" {
		return nil
	}
	value, err := body.Get(pointer)
	if errors.Is(err, event.ErrNoPlace) {
		return nil
	}
	if err != nil {
		return err
	}
	name = l.first(name, t)
	real, n := l.resolve(name, t)
	switch has := string(value); {
	case (has == "0" || has == `"0"`) && n.isSum(), has == "null" && (l.isTime(name) || n.isID() && !n.gives(real, t.s) || n.isSum()):
		return nil
	}
	return setPlace(body, pointer, l.value(name, t))
}

// setPlace sets a place that the body has to a value; nil leaves it as it is. A number is written as a text where the body has a text.
func setPlace(body *event.Draft, pointer string, value any) error {
	was, err := body.Get(pointer)
	if errors.Is(err, event.ErrNoPlace) || value == nil {
		return nil
	}
	if err != nil {
		return err
	}
	if n, is := value.(int64); is && was[0] == '"' {
		value = strconv.FormatInt(n, 10)
	}
	return body.Put(pointer, value)
}

// New returns an event of the default API version about a subject, by its fixture's name. A subject without a payment intent or
// session gets one, so that its later events agree.
func (l *Life) New(name string, subject event.Subject) (event.Event, error) {
	return l.Bind("", name, Bound{l.Completed(subject), event.NewID(), time.Now().Unix(), false})
}
