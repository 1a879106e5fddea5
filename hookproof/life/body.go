package life

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof/event"
)

// versionForm matches an API version.
var versionForm = regexp.MustCompile(`^20[0-9]{2}-[0-9]{2}-[0-9]{2}(\.[a-z]+)?$`)

// versionsIn returns the API versions of a life's folder, sorted: each is a folder of bodies.
func versionsIn(files fs.FS) (versions []string) {
	entries, _ := fs.ReadDir(files, ".") // sorted; a folder that cannot be read has none, which is reported
	for _, entry := range entries {
		if entry.IsDir() && versionForm.MatchString(entry.Name()) {
			versions = append(versions, entry.Name())
		}
	}
	return versions
}

// body returns the body of an event in an API version that the life has. What is common to all lives is no life's own.
func (l *Life) body(version, name string) ([]byte, error) {
	body, err := fs.ReadFile(l.files, version+"/"+name+".json")
	if err == nil {
		return body, nil
	}
	body, err = fixtures.Event(version, name)
	if err == nil {
		return body, nil
	}
	versions := fixtures.Versions()
	for n := len(versions) - 1; n >= 0; n-- { // the newest that is not newer
		if body, other := fixtures.Event(versions[n], name); other == nil && (versions[n] <= version || n == 0) {
			return body, nil
		}
	}
	return nil, err
}

// outline is what binding has to know of an event's file.
type outline struct {
	body            []byte
	places          event.Places // all that the body has
	eventType, kind string
	previous        bool     // it tells of what the object had before
	bind            bindings // those of the life in places that it has
	pointers        []string // of bind, sorted
}

// has reports whether the body has a place.
func (of *outline) has(pointer string) bool {
	_, is := of.places.At(pointer)
	return is
}

// outline returns the outline of an event in an API version that the life has. Nothing changes it.
func (l *Life) outline(version, name string) (*outline, error) {
	key := version + "/" + name
	if known, is := l.outlines.Load(key); is {
		return known.(*outline), nil
	}
	body, err := l.body(version, name)
	if err != nil {
		return nil, err
	}
	var read struct {
		Type string
		Data struct {
			Object   struct{ Object string }
			Previous json.RawMessage `json:"previous_attributes"`
		}
	}
	if err := json.Unmarshal(body, &read); err != nil {
		return nil, fmt.Errorf("event %s of %s: %w", name, version, err)
	}
	of := &outline{body: body, places: event.PlacesOf(body), eventType: read.Type, kind: read.Data.Object.Object, previous: read.Data.Previous != nil, bind: bindings{}}
	for pointer, to := range l.bind {
		if of.has(pointer) {
			of.bind[pointer] = to
		}
	}
	of.pointers = slices.Sorted(maps.Keys(of.bind))
	l.outlines.Store(key, of)
	return of, nil
}
