package life

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"example.com/hookproof/hookproof/event"
)

const Newest = "2026-08-26.dahlia"

// forms are variants of any life's granting event: written differently, or about a foreign object. %s in a name is the event's
// word.
var forms = []struct {
	name, description string // description follows the description of the event
	change            func(*Spec)
}{
	{"%s-newest", "in a newer API version", func(w *Spec) { w.Version = Newest }},
	{"other-livemode", "in the other livemode", func(w *Spec) { w.Live = true }},
	{"bare", "without metadata, for nobody", func(w *Spec) { w.Stranger, w.bare = true, true }},
	{"stranger", "in another integration", func(w *Spec) { w.Stranger = true }},
	{Neighbours + "%s", "for another object of the target", func(w *Spec) { w.Other = true }},
	{"%s-nowhere", "for an object that does not exist", func(w *Spec) { w.Nowhere = true }},

	{"ascii", "with nothing beyond ASCII", written(asciiText)},
	{"compact", "written without spaces, in ASCII", written(compact)},
	{"spaced", "with spaces and line breaks between its parts", written(spaced)},
	{"escaped", "with letters beyond ASCII written as \\u escapes", written(escaped)},
	{"emoji", "with a name beyond Unicode's basic plane", func(w *Spec) { w.Form = emoji }},
	{"large", "in a body of 200 KiB", func(w *Spec) { w.Pad = 200 << 10 }},
	{"huge", "in a body of 600 KiB", func(w *Spec) { w.Pad = 600 << 10 }},
}

// The prefixes of forms' names.
const (
	Neighbours     = "neighbour-"
	strangerPrefix = "stranger-" // for an event that ends a grant
)

// commonWords are the words that do not depend on the life.
var commonWords = map[string]Spec{
	"unhandled": {Says: "an event of a type that hardly any endpoint handles", Event: NeutralEvent, Type: NeutralEvent, Form: withNewObject},
	"carrier":   {Says: "an event that the target acknowledges, for checks that are not about the event", Event: NeutralEvent, Type: NeutralEvent, Form: withNewObject},
	"garbage":   {Says: "a signed body that is not JSON", Raw: "this is not JSON"},
	"cut-off":   {Says: "a signed body that ends in its middle", Raw: `{"id":"evt_1","object":"event","type":"checkout.sess`},
	"no-event":  {Says: "signed JSON that is no event", Raw: `{"object":"event"}`},
	"blank":     {Says: "a signed body of one space", Raw: " "},
	"json-null": {Says: "the signed JSON value null", Raw: "null"},
}

// makeVocabulary collects all words of a life.
func (l *Life) makeVocabulary() error {
	l.Vocabulary = map[string]*Spec{}
	add := func(word string, w Spec) error {
		if _, there := l.Vocabulary[word]; there {
			return place{"words", word}.Wrong("hookproof has an event called so")
		}
		l.Vocabulary[word] = &w
		return nil
	}
	for word, w := range commonWords {
		w.life = l
		l.Vocabulary[word] = &w
	}
	for word, w := range shapeWords() {
		w.life = l
		l.Vocabulary[word] = &w
	}
	for _, f := range forms {
		w := l.Words[l.Grant()]
		w.Says += ", " + f.description
		f.change(&w)
		l.Vocabulary[strings.Replace(f.name, "%s", l.Grant(), 1)] = &w
	}
	for _, end := range l.Roles.Ends {
		for _, word := range l.WordsOf(end) {
			w := l.Words[word]
			w.Says += ", in another integration"
			w.Stranger = true
			l.Vocabulary[strangerPrefix+word] = &w
		}
	}
	for _, word := range slices.Sorted(maps.Keys(l.Words)) {
		if err := add(word, l.Words[word]); err != nil {
			return err
		}
	}
	if err := l.addForms(add); err != nil {
		return err
	}
	told := map[string]*Spec{}
	for word := range l.Vocabulary {
		told[word] = l.Told(word, nil)
	}
	l.Vocabulary = told
	return nil
}

func written(form func([]byte) []byte) func(*Spec) {
	return func(w *Spec) { w.Form = func(body []byte) ([]byte, error) { return form(body), nil } }
}

// namePlaces are the places of a body that hold a person's name or a similar text. The first that exists is used; if none does, the last one
// is added: Stripe adds attributes to objects at any time.
var namePlaces = []string{"/data/object/customer_details/name", "/data/object/customer_name", "/data/object/billing_details/name", "/data/object/description"}

// emoji sets a name with letters beyond Unicode's basic plane.
func emoji(body []byte) ([]byte, error) {
	place := namePlaces[len(namePlaces)-1]
	for _, one := range slices.Backward(namePlaces) {
		if _, err := event.Find(body, one); err == nil {
			place = one
		}
	}
	return event.Put(body, place, "Zoë Łukasik 😀 𝒳 東京")
}

// asciiText returns the text with a question mark for each letter beyond ASCII.
func asciiText(body []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return '?'
		}
		return r
	}, body)
}

// compact encodes a body as JavaScript's JSON.stringify does: without spaces. Only ASCII is left.
func compact(body []byte) []byte {
	var value any
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil {
		return body
	}
	raw, err := json.Marshal(ascii(value))
	if err != nil {
		return body
	}
	return raw
}

// ascii removes from every text what is not ASCII, and what encoders escape differently.
func ascii(value any) any {
	switch v := value.(type) {
	case string:
		return strings.Map(func(r rune) rune {
			if r > 126 || strings.ContainsRune(`<>&/'`, r) {
				return -1
			}
			return r
		}, v)
	case []any:
		for i := range v {
			v[i] = ascii(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = ascii(v[name])
		}
	}
	return value
}

// spaced adds a space after every colon outside of texts, and a line break after every comma.
func spaced(body []byte) []byte {
	var out []byte
	inside, escape := false, false
	for _, c := range body {
		out = append(out, c)
		switch {
		case escape:
			escape = false
		case inside && c == '\\':
			escape = true
		case c == '"':
			inside = !inside
		case !inside && c == ':':
			out = append(out, ' ')
		case !inside && c == ',':
			out = append(out, '\r', '\n')
		}
	}
	return out
}

// escaped writes everything beyond ASCII as \u escapes, as some of Stripe's encoders do.
func escaped(body []byte) []byte {
	var out []byte
	for _, r := range string(body) {
		switch {
		case r < 128:
			out = append(out, byte(r))
		case r > 0xffff:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// withNewObject gives an event its own object. An endpoint that stores the object of an event, and not the event's id, would take two
// events about one object for one.
func withNewObject(body []byte) ([]byte, error) {
	return event.Put(body, "/data/object/id", "tu_1"+event.Random())
}
