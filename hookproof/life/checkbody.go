package life

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/jsonfile"
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
	versions := l.versions
	if l.builtIn {
		versions = versions[:1]
	}
	for _, version := range versions {
		name := path.Join(version, file)
		body, err := fs.ReadFile(l.files, name)
		if err != nil {
			return "", fmt.Errorf("there is no file %s", path.Join(l.folder, name))
		}
		read, err := l.typeOf(body)
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
func (l *Life) typeOf(body []byte) (string, error) {
	if !l.builtIn {
		if err := jsonfile.Check(body); err != nil {
			return "", err
		}
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

// checkBodies checks that each body is about one subject, and has the places that are bound, set and put.
func (l *Life) checkBodies() error {
	if l.builtIn {
		return nil
	}
	for _, word := range slices.Sorted(maps.Keys(l.Words)) {
		w := l.Words[word]
		for _, version := range l.versions {
			of, err := l.outline(version, w.Event)
			if err == nil {
				err = l.isOfOne(of, &w)
			}
			if err != nil {
				return jsonfile.In(path.Join(l.folder, version, w.Event+".json"), of.body, err)
			}
		}
	}
	return l.checkPlaces()
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
