// Package life has the events of a subject's life at Stripe, by the words that schedules use for them.
package life

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// Life is a story that Stripe tells about one subject, as in its life.json. fixtures/FORMAT.md describes every key.
type Life struct {
	Name    string // such as payment
	Names   map[string]LifeName
	bind    bindings
	Words   map[string]Spec
	Phrases map[string][]string
	shown   []string // phrases that reports show by their names
	Roles   Roles
	Forms   map[string]LifeForm
	times   map[string]instant
	Ties    []string // names of which a subject needs one; metadata.* is any name that begins so
	// Vocabulary is all events that a schedule of this life can name: its own words, the forms of what grants and what ends, and
	// the words of every life.
	Vocabulary map[string]*Spec

	files    fs.FS    // the folder
	versions []string // API versions with bodies, sorted
	outlines sync.Map // of its bodies
}

// LifeName is a name of a subject, and what events have for it if the subject has no value.
type LifeName struct {
	Prefix   string          // of Stripe's ids
	Of       string          // the name that has the same id with another prefix
	Suffix   string          // what follows the id of the name that it is of
	Is       string          // the name whose value it has, whatever stands for that one in an event
	Percent  int64           // a number: so much of the amount
	Times    string          // a number: the amount times that name's
	Each     string          // a number: the amount divided by that name's
	Add      *sum            // a number: another name's and so much more
	Optional bool            // hookproof invents none; a value without the prefix is for the target's hooks
	Default  json.RawMessage // for a subject without a value; nil is none, null is a null
	Other    json.RawMessage // another value than the default
}

// ReadLife reads the life.json of a folder strictly. An error names the place and what is wrong there. The life is named as the folder.
func ReadLife(files fs.FS, folder string) (*Life, error) {
	l, err := parseLife(files)
	if err != nil {
		return nil, fmt.Errorf("%s/life.json: %w", folder, err)
	}
	l.Name = path.Base(folder)
	return l, nil
}

func parseLife(files fs.FS) (*Life, error) {
	raw, err := fs.ReadFile(files, "life.json")
	if err != nil {
		return nil, errors.New("there is no such file")
	}
	if !json.Valid(raw) {
		return nil, errors.New("it is no JSON")
	}
	if place, twice := duplicateMember(json.NewDecoder(bytes.NewReader(raw)), ""); twice {
		return nil, fmt.Errorf("%s stands there twice", place)
	}
	var file struct {
		Schema  string `json:"$schema"`
		Names   map[string]json.RawMessage
		Times   map[string]json.RawMessage
		Forms   map[string]json.RawMessage
		Bind    json.RawMessage
		Words   map[string]json.RawMessage
		Ties    []string
		Phrases map[string][]string
		Shown   []string
		Roles   json.RawMessage
	}
	if err := decodeStrictly(raw, &file); err != nil {
		return nil, err
	}
	l := &Life{Names: map[string]LifeName{}, Words: map[string]Spec{}, Phrases: file.Phrases, shown: file.Shown, Ties: file.Ties, files: files, versions: versionsIn(files)}
	for _, name := range slices.Sorted(maps.Keys(file.Names)) {
		if l.Names[name], err = parseName(file.Names[name]); err != nil {
			return nil, fmt.Errorf("names.%s: %w", name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.Names)) {
		if of := l.Names[name].Of; of != "" && l.Names[of].Prefix == "" {
			return nil, fmt.Errorf("names.%s.of: names has no %q with a prefix", name, of)
		}
		if l.circular(name) {
			return nil, fmt.Errorf("names.%s.of: it shares its own id", name)
		}
		for _, other := range l.Names[name].refersTo() {
			if n, known := l.Names[other]; !known || n.isDerived() && other == name {
				return nil, fmt.Errorf("names.%s: names has no %q", name, other)
			}
		}
	}
	if err = l.parseTimes(file.Times); err != nil {
		return nil, fmt.Errorf("times%w", err)
	}
	if err := l.completeTies(); err != nil {
		return nil, err
	}
	if l.bind, err = l.parseBind(file.Bind); err != nil {
		return nil, fmt.Errorf("bind%w", err)
	}
	for _, word := range slices.Sorted(maps.Keys(file.Words)) {
		if l.Words[word], err = l.parseWord(word, file.Words[word]); err != nil {
			return nil, fmt.Errorf("words.%s%w", word, err)
		}
	}
	if err := l.checkPhrases(); err != nil {
		return nil, err
	}
	if err := l.parseForms(file.Forms); err != nil {
		return nil, fmt.Errorf("forms%w", err)
	}
	if err := l.checkContexts(); err != nil {
		return nil, err
	}
	if err := l.parseRoles(file.Roles); err != nil {
		return nil, fmt.Errorf("roles%w", err)
	}
	return l, l.makeVocabulary()
}

// decodeStrictly decodes a value and refuses unknown members.
func decodeStrictly(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong) && wrong.Field != "":
		return fmt.Errorf("%s%s cannot be a JSON %s", strings.ToLower(wrong.Field[:1]), wrong.Field[1:], wrong.Value)
	case errors.As(err, &wrong):
		return fmt.Errorf("it cannot be a JSON %s", wrong.Value)
	case err != nil:
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// duplicateMember finds the first member of a valid document that its object has twice.
func duplicateMember(decoder *json.Decoder, place string) (string, bool) {
	opening, _ := decoder.Token()
	delim, _ := opening.(json.Delim)
	if delim == 0 {
		return "", false
	}
	known := map[string]bool{}
	for decoder.More() {
		inside := place
		if delim == '{' {
			name, _ := decoder.Token()
			inside = strings.TrimPrefix(fmt.Sprintf("%s.%s", place, name), ".")
			if known[inside] {
				return inside, true
			}
			known[inside] = true
		}
		if twice, is := duplicateMember(decoder, inside); is {
			return twice, true
		}
	}
	_, _ = decoder.Token() // the end
	return "", false
}

func parseName(raw json.RawMessage) (n LifeName, err error) {
	if err := decodeStrictly(raw, &n); err != nil {
		return n, err
	}
	for _, value := range []json.RawMessage{n.Default, n.Other} {
		if _, err := constantOf(value); err != nil {
			return n, err
		}
	}
	if (n.Of != "" || n.Optional) && n.Prefix == "" {
		return n, errors.New("it has no prefix")
	}
	if n.Suffix != "" && n.Of == "" {
		return n, errors.New("it has a suffix, and shares no other name's id")
	}
	return n, nil
}

// parseBind reads the bindings. Errors begin with the place below bind.
func (l *Life) parseBind(raw json.RawMessage) (bindings, error) {
	if raw == nil {
		return nil, nil
	}
	var places map[string]json.RawMessage
	if err := decodeStrictly(raw, &places); err != nil {
		return nil, fmt.Errorf(": %w", err)
	}
	b := bindings{}
	for _, pointer := range slices.Sorted(maps.Keys(places)) {
		if !strings.HasPrefix(pointer, "/") {
			return nil, fmt.Errorf(".%s: it is no JSON pointer", pointer)
		}
		var to bindTo
		if json.Unmarshal(places[pointer], &to.name) != nil {
			if err := decodeStrictly(places[pointer], &to.byKind); err != nil {
				return nil, fmt.Errorf(".%s: it must be a name, or names by the kind of object", pointer)
			}
		}
		for _, kind := range append(slices.Sorted(maps.Keys(to.byKind)), "") {
			for name := range strings.SplitSeq(to.of(kind), "|") {
				_, known := l.Names[name]
				if name != "" && !known && !l.isTime(name) && !strings.HasSuffix(name, "metadata.*") {
					return nil, fmt.Errorf(".%s: names has no %q", pointer, name)
				}
			}
		}
		b[pointer] = to
	}
	return b, nil
}

// parseWord reads a word, whose file every version must have. Errors begin with the place below the word.
func (l *Life) parseWord(word string, raw json.RawMessage) (w Spec, err error) {
	var data struct {
		Event, Says, Of string
		At              int64
		With            map[string]json.RawMessage
		Bind            json.RawMessage
		Instead, Needs  []string
		As              map[string]string
		Sets            map[string]map[string]json.RawMessage
		Becomes         map[string]string
		After, In       string
	}
	if err := decodeStrictly(raw, &data); err != nil {
		return w, fmt.Errorf(": %w", err)
	}
	_, isVerb := Verbs[word]
	switch whose, known := wordObjects[data.Of]; {
	case isVerb || !wordForm.MatchString(word):
		return w, errors.New(": a schedule can name no event so")
	case data.Says == "":
		return w, errors.New(".says: it is missing")
	case !known:
		return w, fmt.Errorf(".of: %q is none of %s", data.Of, strings.Join(slices.Sorted(maps.Keys(wordObjects))[1:], ", "))
	default:
		w = Spec{life: l, Says: data.Says, Event: strings.TrimSuffix(data.Event, ".json"), Age: data.At, Instead: data.Instead, Needs: data.Needs}
		whose(&w)
	}
	if err := l.checkFixture(data.Event); err != nil {
		return w, fmt.Errorf(".event: %w", err)
	}
	if w.Type, err = l.typeOf(w.Event); err != nil {
		return w, fmt.Errorf(".event: %w", err)
	}
	if w.with, err = l.parseValues(data.With); err != nil {
		return w, fmt.Errorf(".with%w", err)
	}
	if w.bind, err = l.parseBind(data.Bind); err != nil {
		return w, fmt.Errorf(".bind%w", err)
	}
	return w, l.parseContext(&w, context{data.As, data.Becomes, data.Sets, data.After, data.In})
}

// checkFixture returns an error unless every version's folder has a file.
func (l *Life) checkFixture(name string) error {
	for _, version := range l.versions {
		if info, err := fs.Stat(l.files, version+"/"+name); err != nil || info.IsDir() || !strings.HasSuffix(name, ".json") {
			return fmt.Errorf("there is no file %s/%s", version, name)
		}
	}
	if len(l.versions) == 0 {
		return errors.New("there is no folder of an API version")
	}
	return nil
}

// checkPhrases checks the names in phrases and instead.
func (l *Life) checkPhrases() error {
	for _, word := range slices.Sorted(maps.Keys(l.Words)) {
		for _, other := range l.Words[word].Instead {
			if _, known := l.Words[other]; !known {
				return fmt.Errorf("words.%s.instead: there is no word %q", word, other)
			}
		}
	}
	for _, phrase := range slices.Sorted(maps.Keys(l.Phrases)) {
		_, isWord := l.Words[phrase]
		_, isRole := Roles{}.Each()[phrase]
		switch {
		case isWord || isRole || phrase == "grant" || phrase == "grants":
			return fmt.Errorf("phrases.%s: a word or a role is called so", phrase)
		case len(l.Phrases[phrase]) == 0:
			return fmt.Errorf("phrases.%s: it has no words", phrase)
		}
		for _, word := range l.Phrases[phrase] {
			if _, known := l.Words[word]; !known {
				return fmt.Errorf("phrases.%s: there is no word %q", phrase, word)
			}
		}
	}
	for _, phrase := range l.shown {
		if len(l.Phrases[phrase]) == 0 {
			return fmt.Errorf("shown: there is no phrase %q", phrase)
		}
	}
	return nil
}
