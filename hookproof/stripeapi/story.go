package stripeapi

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// View is how far a story is told to whoever asks.
type View int

const (
	Ahead  View = iota // every object as at the story's end, whatever has been delivered
	InStep             // every object as of the latest-happened event that has been delivered
)

// Story is what Stripe tells of one subject: events in the order in which they happened. Its methods may be called at any time.
type Story struct {
	api     *API
	events  []told
	view    View
	reached int // how many events have happened by the latest one that was delivered
	views   map[viewed]*view
	fault   *Fault          // that requests about it meet; nil is none
	names   map[string]bool // ids and texts by which a request can be about it
}

// told is one event of a story.
type told struct {
	id, kind, account string
	version           string // api_version
	created           int64
	raw               []byte
	body              object
	object            object // data.object
	previous          object // data.previous_attributes
}

// Tell makes a story of events' bodies, in the order in which they happened. It is told ahead until SetView says otherwise.
func (a *API) Tell(bodies ...[]byte) (*Story, error) {
	s := newStory(a)
	if err := s.Tell(bodies...); err != nil {
		return nil, err
	}
	return s, nil
}

func newStory(a *API) *Story {
	return &Story{api: a, names: map[string]bool{}, views: map[viewed]*view{}}
}

// Tell continues a story.
func (s *Story) Tell(bodies ...[]byte) error {
	events := make([]told, 0, len(bodies))
	for i, raw := range bodies {
		t, err := read(raw)
		if err != nil {
			return fmt.Errorf("event %d of the story: %w", i+1, err)
		}
		events = append(events, t)
	}
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	s.insert(len(s.events), events...)
	return nil
}

// Again tells an event a second time, under the id that its body has now: Stripe can send two events for one fact.
func (s *Story) Again(eventID string, raw []byte) error {
	t, err := read(raw)
	if err != nil {
		return fmt.Errorf("%s again: %w", eventID, err)
	}
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	at := slices.IndexFunc(s.events, func(one told) bool { return one.id == eventID })
	if at < 0 {
		return fmt.Errorf("the story has no event %s", eventID)
	}
	s.insert(at+1, t)
	return nil
}

// insert puts events into the story. The API's lock is held.
func (s *Story) insert(at int, events ...told) {
	s.events = slices.Insert(s.events, at, events...)
	if s.reached > at {
		s.reached += len(events)
	}
	clear(s.views)
	if !slices.Contains(s.api.stories, s) {
		s.api.stories = append(s.api.stories, s)
	}
	for _, t := range events {
		s.name(t.id)
		texts(t.object, s.name)
	}
}

func read(raw []byte) (told, error) {
	t := told{raw: slices.Clone(raw)}
	if err := decode(raw, &t.body); err != nil {
		return t, fmt.Errorf("is not JSON: %w", err)
	}
	t.id, t.kind, t.account, t.created, t.version = idOf(t.body), text(t.body["type"]), text(t.body["account"]), integer(t.body["created"]), text(t.body["api_version"])
	t.object, _ = first(t.body, "/data/object").(object)
	t.previous, _ = first(t.body, "/data/previous_attributes").(object)
	switch {
	case t.id == "":
		return t, fmt.Errorf("has no id")
	case t.object == nil:
		return t, fmt.Errorf("%s has no data.object", t.id)
	}
	return t, nil
}

// name remembers a text by which a request may be about the story: an id, its random part, an address, whatever is long enough.
func (s *Story) name(of string) {
	if len(of) < 6 || strings.ContainsAny(of, " /") {
		return
	}
	for _, n := range []string{of, suffix(of)} {
		if !s.names[n] && len(n) >= 6 {
			s.names[n] = true
			s.api.named[n] = append(s.api.named[n], s)
		}
	}
}

// SetView says how far the story is told.
func (s *Story) SetView(v View) {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	s.view = v
}

// Delivered says that an event is on its way to the endpoint: call it before the event is sent. It counts for InStep. It reports
// whether a story has the event.
func (a *API) Delivered(eventID string) (known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.named[eventID] {
		for i, t := range s.events {
			if t.id == eventID {
				s.reached, known = max(s.reached, i+1), true
			}
		}
	}
	return known
}

// DeliveredAlone is Delivered for an event that nobody has planned: what no story has becomes a part of the one about the same
// object, by the time at which it happened, or a story of its own.
func (a *API) DeliveredAlone(eventID string, raw []byte) error {
	if a.Delivered(eventID) {
		return nil
	}
	t, err := read(raw)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	object := idOf(t.object)
	at := slices.IndexFunc(a.alone, func(s *Story) bool { return s.names[object] })
	if at < 0 {
		at = len(a.alone)
		a.alone = append(a.alone, newStory(a))
	}
	s := a.alone[at]
	s.view = InStep
	place := slices.IndexFunc(s.events, func(other told) bool { return other.created > t.created })
	if place < 0 {
		place = len(s.events)
	}
	s.insert(place, t)
	s.reached = max(s.reached, place+1)
	return nil
}

// Forget takes the story out of the world.
func (s *Story) Forget() {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	for n := range s.names {
		s.api.named[n] = slices.DeleteFunc(s.api.named[n], func(other *Story) bool { return other == s })
		if len(s.api.named[n]) == 0 {
			delete(s.api.named, n)
		}
	}
	clear(s.names)
	s.api.stories = slices.DeleteFunc(s.api.stories, func(other *Story) bool { return other == s })
}

// happened returns the events that have happened as the story is told at present. The API's lock is held.
func (s *Story) happened() []told {
	if s.view == Ahead {
		return s.events
	}
	return s.events[:s.reached]
}

// now returns the world as the story is told at present, in the shapes of an API version. The API's lock is held.
func (s *Story) now(c *catalog) *view {
	which := viewed{c, len(s.happened())}
	v := s.views[which]
	if v == nil {
		v = s.build(c, which.events)
		s.views[which] = v
	}
	return v
}

// viewed is which view: how many events have happened, in which shapes.
type viewed struct {
	catalog *catalog
	events  int
}

// never is the place of what no event has told, before all events.
const never = math.MinInt
