package life

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/jsonfile"
)

// Shape is an event of a shape that an endpoint may not expect, and about nobody that it knows. Only its answer is judged. The
// words of all lives include the shapes, and no shape is bound to a subject.
type Shape struct {
	Event   string // the file
	Says    string
	Answer  string // ack, or info: another answer is no fault
	Version string // the API version of which the shape is; "" is the target's

	eventType, object string
}

// Shapes are all shapes by their words.
func Shapes() map[string]Shape { return maps.Clone(allShapes()) }

// IsShape reports whether a word is a shape's: what it tells is acknowledged, and has no effect to be judged.
func IsShape(word string) bool {
	_, known := allShapes()[word]
	return known
}

var allShapes = sync.OnceValue(func() map[string]Shape {
	shapes, err := readShapes(fixtures.Shapes())
	if err != nil {
		panic("hookproof: fixtures/shapes/shapes.json: " + err.Error()) // embedded, and a test reads it
	}
	return shapes
})

func readShapes(raw []byte) (map[string]Shape, error) {
	var file struct {
		Schema string `json:"$schema"`
		Shapes map[string]Shape
	}
	if err := jsonfile.Decode(raw, &file); err != nil {
		return nil, err
	}
	for word, s := range file.Shapes {
		body, err := fixtures.Shape(APIVersionOf(s.Version), s.Event)
		if err != nil {
			return nil, fmt.Errorf("shapes.%s.event: %w", word, err)
		}
		var read struct {
			Type, Object string
			Data         struct{ Object struct{ Object string } }
		}
		if err := json.Unmarshal(body, &read); err != nil {
			return nil, fmt.Errorf("shapes.%s.event: %s: %w", word, s.Event, err)
		}
		s.eventType, s.object = read.Type, cmp.Or(read.Data.Object.Object, read.Object)
		file.Shapes[word] = s
	}
	return file.Shapes, nil
}

// shapeWords are the shapes as words of schedules.
func shapeWords() map[string]Spec {
	words := map[string]Spec{}
	for word, s := range allShapes() {
		words[word] = Spec{Says: s.Says, Event: s.eventType, Type: s.eventType, Version: s.Version, Stranger: true, shape: s.Event}
	}
	return words
}

// aboutNobody makes the event of a shape. Every id in it is new, and the same at all of its places: an endpoint that stores objects
// by their ids would take a second delivery for a duplicate. All points in time move with the event's own.
func (w Spec) aboutNobody(version string, b Bound) (event.Event, error) {
	body, err := fixtures.Shape(version, w.shape)
	if err != nil {
		return event.Event{}, err
	}
	var kept struct{ Created json.RawMessage }
	if err := json.Unmarshal(body, &kept); err != nil {
		return event.Event{}, err
	}
	created, err := strconv.ParseInt(string(kept.Created), 10, 64)
	if thin := err != nil; thin {
		body, err = b.stampThin(body)
	} else {
		body, err = b.stampMoved(body, b.Created-created, version)
	}
	if err != nil {
		return event.Event{}, err
	}
	return event.Event{ID: b.ID, Type: w.Event, Body: renamed(body)}, nil
}

// stampMoved moves all points in time of a body by some seconds, and stamps it.
func (b Bound) stampMoved(body []byte, seconds int64, version string) ([]byte, error) {
	body = moved(body, seconds)
	draft := event.NewDraft(body, event.PlacesOf(body))
	if err := draft.Put("/api_version", version); err != nil {
		return nil, err
	}
	err := b.stamp(draft)
	return draft.Bytes(), err
}

// stampThin is stamp for a thin event: its time is a text, and it has no object.
func (b Bound) stampThin(body []byte) ([]byte, error) {
	body, err := event.Put(body, "/id", b.ID)
	if err != nil {
		return nil, err
	}
	if body, err = event.Put(body, "/created", time.Unix(b.Created, 0).UTC().Format("2006-01-02T15:04:05.000Z")); err != nil {
		return nil, err
	}
	return event.Put(body, "/livemode", b.Livemode)
}

// pointInTime matches a point in time of a body: the members that are seconds since 1970.
var pointInTime = regexp.MustCompile(`: 1\d{9}\b`)

// moved returns the body with all its points in time later by some seconds.
func moved(body []byte, seconds int64) []byte {
	return pointInTime.ReplaceAllFunc(body, func(found []byte) []byte {
		at, _ := strconv.ParseInt(string(found[2:]), 10, 64) // ten digits
		return fmt.Appendf(nil, ": %d", at+seconds)
	})
}

// stripeID matches what may be an id of Stripe's: a prefix, and letters and digits.
var stripeID = regexp.MustCompile(`\b([a-z]+_(?:test_)?)([A-Za-z0-9]{14,})\b`)

// renamed returns the body with a new id in place of each: an id has a digit and a capital letter, a word has not. The event's own
// has no capital letter, and stays.
func renamed(body []byte) []byte {
	fresh := map[string]string{}
	return stripeID.ReplaceAllFunc(body, func(found []byte) []byte {
		id := string(found)
		if !strings.ContainsAny(id, "0123456789") || strings.ToLower(id) == id {
			return found
		}
		if fresh[id] == "" {
			prefix := stripeID.FindStringSubmatch(id)[1]
			fresh[id] = prefix + strings.Repeat(event.Random(), 1+len(id)/24)[:len(id)-len(prefix)]
		}
		return []byte(fresh[id])
	})
}

// shapeTypes adds the types of all shapes to a table of types.
func shapeTypes(types map[string]Type) {
	for word, s := range allShapes() {
		one := types[s.eventType]
		one.Type, one.Object, one.Versions = s.eventType, cmp.Or(one.Object, s.object), fixtures.Versions()
		if !slices.Contains(one.Words, word) {
			one.Words = merged(one.Words, []string{word})
		}
		types[s.eventType] = one
	}
}
