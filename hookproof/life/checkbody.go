package life

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/jsonfile"
	"example.com/hookproof/hookproof/suggest"
)

// checkEvent checks the bodies of an event: every API version has one, and each is one event of the same type. It returns the type.
func (l *Life) checkEvent(file string) (eventType string, err error) {
	if known, is := l.checked[file]; is {
		return known, nil
	}
	defer func() {
		if err == nil {
			l.checked[file] = eventType
		}
	}()
	if !strings.HasSuffix(file, ".json") {
		return "", fmt.Errorf("%q is no file that ends in .json", file)
	}
	var first string
	for _, version := range l.versions {
		name := path.Join(version, file)
		body, err := fs.ReadFile(l.files, name)
		if err != nil {
			return "", fmt.Errorf("there is no file %s", path.Join(l.folder, name))
		}
		read, err := typeOf(body)
		if err == nil && first != "" && read != eventType {
			err = place{"type"}.Wrong("it is %s, and that of %s is %s", read, first, eventType)
		}
		if err != nil {
			return "", jsonfile.In(path.Join(l.folder, name), body, err)
		}
		first, eventType = path.Join(l.folder, name), read
	}
	return eventType, nil
}

// typeOf returns the type of an event's body, or what is wrong with the body.
func typeOf(body []byte) (string, error) {
	if err := jsonfile.Check(body); err != nil {
		return "", err
	}
	var read struct {
		Type string
		Data struct{ Object map[string]json.RawMessage }
	}
	err := json.Unmarshal(body, &read)
	switch {
	case err != nil || read.Type == "":
		return "", fmt.Errorf("it is no event of Stripe's: a JSON object with a type and with data.object")
	case len(read.Data.Object) == 0:
		return "", place{"data", "object"}.Wrong("an event of Stripe's has its object there")
	}
	return read.Type, nil
}

// checkBodies checks that each body is about one subject, and has a place for what its words put there.
func (l *Life) checkBodies() error {
	for _, word := range slices.Sorted(maps.Keys(l.Words)) {
		w := l.Words[word]
		for _, version := range l.versions {
			of, err := l.outline(version, w.Event)
			if err == nil {
				err = l.isOfOne(of, &w)
			}
			for _, pointer := range slices.Sorted(maps.Keys(w.with)) {
				if err == nil && !of.canHave(pointer) {
					parent, _ := event.CutLast(pointer)
					return place{"words", word, "with", pointer}.Wrong("%s has no object at %s", path.Join(l.folder, version, w.Event+".json"), parent)
				}
			}
			if err != nil {
				return jsonfile.In(path.Join(l.folder, version, w.Event+".json"), of.body, err)
			}
		}
	}
	return l.checkBound()
}

// checkBound checks that each place that is bound is in a body: what a misspelt one was to set would be sent as it is.
func (l *Life) checkBound() error {
	bodies, has := l.bodies()
	check := func(places bindings, at ...string) error {
		for _, pointer := range slices.Sorted(maps.Keys(places)) {
			if !anyHas(has, pointer) {
				return jsonfile.At(place{pointer}.Wrong("no body of the life has that place%s", suggest.DidYouMean(pointer, besides(bodies, pointer))), at...)
			}
		}
		return nil
	}
	err := check(l.bind, "bind")
	for _, word := range slices.Sorted(maps.Keys(l.Words)) {
		if err == nil {
			err = check(l.Words[word].bind, "words", word, "bind")
		}
	}
	return err
}

// bodies returns all JSON of the folders of the life's API versions, and all places that it has: what no word sends may be sent by its name.
// Bodies that words send were read already.
func (l *Life) bodies() (bodies [][]byte, places event.Places) {
	places = event.Places{}
	l.outlines.Range(func(_, known any) bool {
		of := known.(*outline)
		bodies = append(bodies, of.body)
		maps.Copy(places, of.places)
		return true
	})
	for _, version := range l.versions {
		names, _ := fs.Glob(l.files, version+"/*.json") // the pattern is good
		for _, name := range names {
			if _, known := l.outlines.Load(strings.TrimSuffix(name, ".json")); known {
				continue
			}
			if body, err := fs.ReadFile(l.files, name); err == nil && json.Valid(body) {
				bodies = append(bodies, body)
				maps.Copy(places, event.PlacesOf(body))
			}
		}
	}
	return bodies, places
}

// indexed matches an index of a list in a JSON pointer.
var indexed = regexp.MustCompile(`/\d+(/|$)`)

// anyHas reports whether a body has a place. In a list it may be that of another element: a life is also for longer lists.
func anyHas(places event.Places, pointer string) bool {
	_, has := places.At(pointer)
	for n := 0; !has && n < 10 && indexed.MatchString(pointer); n++ {
		_, has = places.At(indexed.ReplaceAllString(pointer, fmt.Sprintf("/%d$1", n)))
	}
	return has
}

// besides returns the places of the bodies that stand in the same object as a place.
func besides(bodies [][]byte, pointer string) (places []string) {
	parent, _ := event.CutLast(pointer)
	for _, body := range bodies {
		at, err := event.Find(body, parent)
		var members map[string]json.RawMessage
		if err != nil || json.Unmarshal(body[at.Value.From:at.Value.To], &members) != nil {
			continue
		}
		for name := range members {
			places = append(places, parent+"/"+event.EscapePointer(name))
		}
	}
	slices.Sort(places)
	return slices.Compact(places)
}

// canHave reports whether the body has a place, or an object in which it can be put.
func (of *outline) canHave(pointer string) bool {
	parent, _ := event.CutLast(pointer)
	at, is := of.places.At(parent)
	return of.has(pointer) || is && of.body[at.From] == '{'
}

// isOfOne returns an error if a body has two ids at places that are bound to one name: it is of two objects then, and whatever is sent
// would be of none.
func (l *Life) isOfOne(of *outline, w *Spec) error {
	type seen struct{ pointer, id string }
	found := map[string]seen{}
	as := aliases(w.becomes, w.as)
	places := of.bind.but(w.bind)
	for _, pointer := range slices.Sorted(maps.Keys(places)) {
		bound := places[pointer].of(of.kind)
		name, n := l.resolve(bound, telling{life: l, as: as})
		if !n.isID() {
			continue
		}
		at, is := of.places.At(pointer)
		var id string
		if !is || json.Unmarshal(of.body[at.From:at.To], &id) != nil || !strings.HasPrefix(id, n.Prefix) {
			continue
		}
		if other, twice := found[name]; twice && other.id != id {
			return place(tokensOf(pointer)).Wrong("it has %s, and %s has %s: both are bound to %s, so the body is of two objects", id, other.pointer, other.id, name)
		}
		found[name] = seen{pointer, id}
	}
	return nil
}

// tokensOf takes a JSON pointer apart.
func tokensOf(pointer string) []string {
	tokens := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for n, token := range tokens {
		tokens[n] = event.Unescape(token)
	}
	return tokens
}
