package stripeapi

import (
	"maps"
	"slices"
	"strings"
)

// world is what is answered about: stories, and what requests have made and changed. The API's lock is held in all its methods.
type world struct {
	stories []*Story
	alone   []*Story            // those of events that nobody has planned
	named   map[string][]*Story // by what a request may name
	made    map[string]*entry   // by id, what a request has made
	order   []string            // their ids
	changes map[string]object   // by id, members that a request has changed
}

func newWorld() world {
	return world{named: map[string][]*Story{}, made: map[string]*entry{}, changes: map[string]object{}}
}

// find returns an object of the account and in the shape that a request asks for; nil if there is none. What an event has told counts most, then what a request has made, then
// what is made from others. Of several stories that have it the preferred one counts, else the latest.
func (w *world) find(c *call, id string, preferred *Story) (object, *Story) {
	var best *entry
	var of *Story
	for _, s := range w.about(id, preferred) {
		if e := s.entry(c, id); e != nil && e.account == c.account && (best == nil || best.told == never && e.told != never) {
			best, of = e, s
		}
	}
	if made := w.made[id]; made != nil && made.account == c.account && (best == nil || best.told == never) {
		best = made
	}
	if best == nil {
		return nil, nil
	}
	return w.changed(best.object), of
}

// about are the stories that may have an object, those that count most first.
func (w *world) about(id string, preferred *Story) []*Story {
	stories := slices.Clone(w.named[suffix(id)])
	for _, s := range w.named[id] {
		if !slices.Contains(stories, s) {
			stories = append(stories, s)
		}
	}
	slices.Reverse(stories)
	if i := slices.Index(stories, preferred); i > 0 {
		stories = slices.Insert(slices.Delete(stories, i, i+1), 0, preferred)
	}
	return stories
}

// entry returns an object or an event of a story.
func (s *Story) entry(c *call, id string) *entry {
	if !strings.HasPrefix(id, "evt_") {
		return s.now(c.catalog).find(id)
	}
	for i, t := range s.happened() {
		if t.id == id {
			return &entry{object: t.body, told: i, account: t.account}
		}
	}
	return nil
}

// changed returns a copy of an object with what requests have changed.
func (w *world) changed(o object) object {
	o = copyOf(o).(object)
	for key, v := range w.changes[idOf(o)] {
		change, isObject := v.(object)
		if has, both := o[key].(object); isObject && both && key == "metadata" {
			mergeMetadata(has, change)
			continue
		}
		o[key] = copyOf(v)
	}
	if o["deleted"] == true {
		return object{"id": o["id"], "object": o["object"], "deleted": true}
	}
	return o
}

// mergeMetadata takes in metadata as Stripe does: an empty value takes a key away.
func mergeMetadata(into, change object) {
	for key, v := range change {
		if v == "" {
			delete(into, key)
			continue
		}
		into[key] = v
	}
}

// listed is an object in a list, with what it is sorted by.
type listed struct {
	object object
	told   int
	story  *Story
}

// all returns the objects of a kind and an account, the newest first. A list by names is made of the stories that have them.
func (w *world) all(c *call, kind string, names []string) []listed {
	stories := w.stories
	for _, name := range names {
		if with := w.about(name, nil); len(name) >= 6 {
			stories = slices.DeleteFunc(slices.Clone(stories), func(s *Story) bool { return !slices.Contains(with, s) })
		}
	}
	found := map[string]listed{}
	for _, s := range stories {
		for _, e := range s.entriesOf(c, kind) {
			id := idOf(e.object)
			if old, has := found[id]; e.account == c.account && !e.gone && (!has || e.told != never || old.told == never) {
				found[id] = listed{e.object, e.told, s}
			}
		}
	}
	for i, id := range w.order {
		e := w.made[id]
		if old, has := found[id]; e != nil && e.account == c.account && !e.gone && kindOf(e.object) == kind && (!has || old.told == never) {
			found[id] = listed{e.object, i, nil}
		}
	}
	sorted := slices.Collect(maps.Values(found))
	for i := range sorted {
		sorted[i].object = w.changed(sorted[i].object)
	}
	sorted = slices.DeleteFunc(sorted, func(l listed) bool { return l.object["deleted"] == true })
	slices.SortFunc(sorted, func(a, b listed) int {
		if order := compare(int(integer(b.object["created"])), int(integer(a.object["created"]))); order != 0 {
			return order
		}
		if order := compare(b.told, a.told); order != 0 {
			return order
		}
		return strings.Compare(idOf(b.object), idOf(a.object))
	})
	return sorted
}

func (s *Story) entriesOf(c *call, kind string) (entries []*entry) {
	if kind != "event" {
		return s.now(c.catalog).kinds[kind]
	}
	for i, t := range s.happened() {
		entries = append(entries, &entry{object: t.body, told: i, account: t.account})
	}
	return entries
}
