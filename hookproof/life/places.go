package life

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/jsonfile"
	"example.com/hookproof/hookproof/suggest"
)

// checkPlaces checks the places of bodies that the life names, so that none is misspelt.
func (l *Life) checkPlaces() error {
	known, err := l.knownPlaces()
	if err != nil {
		return err
	}
	if err := l.checkPuts(known); err != nil {
		return err
	}
	return l.checkBound(known)
}

// checkBound checks that each place that is bound or set is in a body of its kind: what a misspelt one was to change would be sent as it is.
func (l *Life) checkBound(known knownPlaces) error {
	check := func(places bindings, at ...string) error {
		for _, pointer := range slices.Sorted(maps.Keys(places)) {
			err := known.lacks("", pointer, "")
			for _, kind := range slices.Sorted(maps.Keys(places[pointer].byKind)) {
				if err == nil {
					err = jsonfile.At(known.lacks("", pointer, kind), kind)
				}
			}
			if err != nil {
				return jsonfile.At(err, append(at, pointer)...)
			}
		}
		return nil
	}
	err := check(l.bind, "bind")
	for _, word := range slices.Sorted(maps.Keys(l.Words)) {
		w := l.Words[word]
		if err == nil {
			err = check(w.bind, "words", word, "bind")
		}
		for _, kind := range slices.Sorted(maps.Keys(w.sets)) {
			for _, pointer := range slices.Sorted(maps.Keys(w.sets[kind])) {
				if err == nil {
					err = jsonfile.At(known.lacks("/data/object", pointer, kind), "words", word, "sets", kind, pointer)
				}
			}
		}
	}
	return err
}

// knownPlaces are the places of bodies of events by the kinds of their objects; "" has those of all. All elements of a list are one: a life
// is also for longer lists.
type knownPlaces map[string]map[string]bool

// knownPlaces returns the places of all JSON of the folders of the life's API versions, since what no word sends may be sent by its name,
// and of the bodies of words that are common to all lives.
func (l *Life) knownPlaces() (knownPlaces, error) {
	known, read := knownPlaces{"": {}}, map[string]bool{}
	add := func(name string, body []byte) {
		var whole any
		if read[name] || json.Unmarshal(body, &whole) != nil {
			return
		}
		read[name] = true
		var object struct {
			Data struct{ Object struct{ Object string } }
		}
		_ = json.Unmarshal(body, &object) // of another form is of no kind
		kind := object.Data.Object.Object
		if known[kind] == nil {
			known[kind] = map[string]bool{}
		}
		known.add(kind, whole, "")
	}
	for _, version := range l.versions {
		for _, word := range slices.Sorted(maps.Keys(l.Words)) {
			name := l.Words[word].Event
			of, err := l.outline(version, name)
			if err != nil {
				return nil, err
			}
			add(version+"/"+name+".json", of.body)
		}
		names, _ := fs.Glob(l.files, version+"/*.json") // the pattern is good
		for _, name := range names {
			if body, err := fs.ReadFile(l.files, name); err == nil {
				add(name, body)
			}
		}
	}
	return known, nil
}

// add adds the places of a value that is at a place.
func (known knownPlaces) add(kind string, value any, at string) {
	known[kind][at], known[""][at] = true, true
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			known.add(kind, member, at+"/"+anyElement(event.EscapePointer(name)))
		}
	case []any:
		for n := range v {
			known.add(kind, v[n], at+"/#")
		}
	}
}

// anyElement returns a token of a JSON pointer, or # for an index.
func anyElement(token string) string {
	if token != "" && strings.Trim(token, "0123456789") == "" {
		return "#"
	}
	return token
}

// has reports whether a body of a kind has a place.
func (known knownPlaces) has(pointer, kind string) bool { return known[kind][anyElements(pointer)] }

// anyElements returns a JSON pointer with # for each index.
func anyElements(pointer string) string {
	tokens := strings.Split(pointer, "/")
	for n, token := range tokens {
		tokens[n] = anyElement(token)
	}
	return strings.Join(tokens, "/")
}

// beside returns the places that stand in the same object as a place.
func (known knownPlaces) beside(pointer, kind string) (places []string) {
	parent, _ := event.CutLast(pointer)
	for place := range known[kind] {
		if in, name := event.CutLast(place); place != "" && in == anyElements(parent) {
			places = append(places, parent+"/"+event.EscapePointer(name))
		}
	}
	slices.Sort(places)
	return places
}

// lacks returns an error if no body of a kind has a place, told by a pointer from a root; "" is any kind.
func (known knownPlaces) lacks(root, pointer, kind string) error {
	which := "no body"
	switch {
	case known[kind] == nil:
		return errors.New("no body of the life is of that kind" + suggest.DidYouMean(kind, slices.Sorted(maps.Keys(known))))
	case known.has(root+pointer, kind):
		return nil
	case kind != "":
		which = "no " + kind
	}
	others := known.beside(root+pointer, kind)
	for n := range others {
		others[n] = strings.TrimPrefix(others[n], root)
	}
	return errors.New(which + " of the life has that place" + suggest.DidYouMean(pointer, others))
}

// checkPuts checks that each body has a place for what its words put there.
func (l *Life) checkPuts(known knownPlaces) error {
	for _, word := range slices.Sorted(maps.Keys(l.Words)) {
		w := l.Words[word]
		for _, version := range l.versions {
			of, err := l.outline(version, w.Event)
			if err != nil {
				return err
			}
			for _, pointer := range slices.Sorted(maps.Keys(w.with)) {
				if err := known.take(of, pointer, path.Join(l.folder, version, w.Event+".json")); err != nil {
					return jsonfile.At(err, "words", word, "with", pointer)
				}
			}
		}
	}
	return nil
}

// take returns why a value cannot be put at a place of a body. The body has the place, or an object in which Stripe's own type or another
// body of the same kind has such a member. Metadata has any.
func (known knownPlaces) take(of *outline, pointer, file string) error {
	if of.has(pointer) {
		return nil
	}
	parent, _ := event.CutLast(pointer)
	if at, is := of.places.At(parent); !is || of.body[at.From] != '{' {
		return fmt.Errorf("%s has no object at %s", file, parent)
	}
	is, kind, others := stripeKnows(of.body, pointer)
	if is || strings.HasSuffix(parent, "/metadata") || known.has(pointer, of.kind) {
		return nil
	}
	text := file + " does not have that place"
	if kind != "" {
		text += ", and hookproof knows of no such member of Stripe's " + kind
	}
	others = append(others, known.beside(pointer, of.kind)...)
	slices.Sort(others)
	return errors.New(text + suggest.DidYouMean(pointer, slices.Compact(others)))
}
