package life

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/internal/jsonfile"
	"example.com/hookproof/hookproof/suggest"
)

// lifeFile is the file of a life's folder that tells of its bodies.
const lifeFile = "life.json"

// place is where something is wrong in a life.json.
type place = jsonfile.Place

// Load reads the life of a life.json on disk, which messages call shown.
func Load(file, shown string) (*Life, error) {
	if filepath.Base(file) != lifeFile {
		return nil, fmt.Errorf("%s must be called %s: it stands in its life's folder, beside a folder of events for each API version", shown, lifeFile)
	}
	if !isFile(file) {
		return nil, fmt.Errorf("there is no file %s", filepath.ToSlash(shown))
	}
	whole, err := filepath.Abs(file) // life.json alone says nothing of its folder
	if err != nil {
		return nil, err
	}
	l, err := ReadLife(os.DirFS(filepath.Dir(file)), filepath.ToSlash(filepath.Dir(shown)))
	if err == nil {
		l.Name = filepath.Base(filepath.Dir(whole))
	}
	return l, err
}

// ReadLife reads the life.json of a folder and the bodies beside it strictly. An error names the file, the line, the place and what is wrong
// there. The life is named as the folder.
func ReadLife(files fs.FS, folder string) (*Life, error) { return readLife(files, folder, false) }

// readLife reads a life. Of a built-in one it does not check the bodies: a test of ours has done so, and every process would again.
func readLife(files fs.FS, folder string, builtIn bool) (*Life, error) {
	name := path.Join(folder, lifeFile)
	raw, err := fs.ReadFile(files, lifeFile)
	if err != nil {
		return nil, fmt.Errorf("%s: there is no such file", name)
	}
	l, err := parseLife(raw, files, folder, builtIn)
	if err != nil {
		return nil, jsonfile.In(name, raw, err)
	}
	l.Name = path.Base(folder)
	return l, nil
}

func parseLife(raw []byte, files fs.FS, folder string, builtIn bool) (*Life, error) {
	if err := jsonfile.Check(raw); err != nil {
		return nil, err
	}
	var file struct {
		Schema  string `json:"$schema"`
		Says    string
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
	if err := jsonfile.Decode(raw, &file); err != nil {
		return nil, err
	}
	l := &Life{Says: file.Says, Names: map[string]LifeName{}, Words: map[string]Spec{}, checked: map[string]string{}, builtIn: builtIn, Phrases: file.Phrases, shown: file.Shown, Ties: file.Ties, files: files, folder: folder, versions: versionsIn(files)}
	if len(l.versions) == 0 {
		return nil, errors.New("there is no folder of an API version beside it, such as 2023-10-16, with the bodies of its events")
	}
	if len(file.Words) == 0 {
		return nil, place{"words"}.Wrong("there are none")
	}
	err := l.parseNames(file.Names)
	if err == nil {
		err = jsonfile.At(l.parseTimes(file.Times), "times")
	}
	if err == nil {
		err = l.completeTies()
	}
	if err == nil {
		l.bind, err = l.parseBind(file.Bind)
		err = jsonfile.At(err, "bind")
	}
	for _, word := range slices.Sorted(maps.Keys(file.Words)) {
		if err == nil {
			l.Words[word], err = l.parseWord(word, file.Words[word])
			err = jsonfile.At(err, "words", word)
		}
	}
	for _, step := range []func() error{
		l.checkPhrases,
		func() error { return jsonfile.At(l.parseForms(file.Forms), "forms") },
		l.checkContexts,
		func() error { return jsonfile.At(l.parseRoles(file.Roles), "roles") },
		l.makeVocabulary,
		l.checkBodies,
		func() error { return l.checkMetadata(file.Ties) },
	} {
		if err == nil {
			err = step()
		}
	}
	return l, err
}

// parseNames reads the names, and checks what they say of each other.
func (l *Life) parseNames(given map[string]json.RawMessage) (err error) {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if l.Names[name], err = parseName(given[name]); err != nil {
			return jsonfile.At(err, "names", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.Names)) {
		if of := l.Names[name].Of; of != "" && l.Names[of].Prefix == "" {
			return place{"names", name, "of"}.Wrong("names has no %q with a prefix%s", of, suggest.DidYouMean(of, slices.Sorted(maps.Keys(l.Names))))
		}
		for _, other := range l.Names[name].refersTo() {
			if _, known := l.Names[other]; !known {
				return place{"names", name}.Wrong("%s", l.noName(other))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.Names)) {
		if way := l.circle(name); way != nil {
			return place{"names", name}.Wrong("it follows from itself: %s", strings.Join(way, ", from "))
		}
	}
	return nil
}

// noName says that there is no such name.
func (l *Life) noName(name string) string {
	return fmt.Sprintf("names has no %q%s", name, suggest.DidYouMean(name, slices.Sorted(maps.Keys(l.Names))))
}

func parseName(raw json.RawMessage) (n LifeName, err error) {
	if err := jsonfile.Decode(raw, &n); err != nil {
		return n, err
	}
	for key, value := range map[string]json.RawMessage{"default": n.Default, "other": n.Other} {
		if _, err := constantOf(value); err != nil {
			return n, jsonfile.At(err, key)
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

// parseBind reads the bindings.
func (l *Life) parseBind(raw json.RawMessage) (bindings, error) {
	if raw == nil {
		return nil, nil
	}
	var places map[string]json.RawMessage
	if err := jsonfile.Decode(raw, &places); err != nil {
		return nil, err
	}
	b := bindings{}
	for _, pointer := range slices.Sorted(maps.Keys(places)) {
		if !strings.HasPrefix(pointer, "/") {
			return nil, place{pointer}.Wrong("it is no JSON pointer, which begins with a slash")
		}
		var to bindTo
		if json.Unmarshal(places[pointer], &to.name) != nil {
			if err := jsonfile.Decode(places[pointer], &to.byKind); err != nil {
				return nil, place{pointer}.Wrong("it must be a name, or names by the kind of object")
			}
		}
		for _, kind := range append(slices.Sorted(maps.Keys(to.byKind)), "") {
			for name := range strings.SplitSeq(to.of(kind), "|") {
				_, known := l.Names[name]
				switch meant := suggest.DidYouMean(name, l.Ties); {
				case name == "" || known || l.isTime(name):
				case !isMetadata(name):
					return nil, place{pointer}.Wrong("%s", l.noName(name))
				case meant != "" && !slices.Contains(l.Ties, name):
					return nil, place{pointer}.Wrong("ties has no %q%s", name, meant)
				}
			}
		}
		b[pointer] = to
	}
	return b, nil
}

// parseWord reads a word, whose file every version must have.
func (l *Life) parseWord(word string, raw json.RawMessage) (w Spec, err error) {
	var data struct {
		Event, Says, Of string
		At              *int64
		With            map[string]json.RawMessage
		Bind            json.RawMessage
		Instead, Needs  []string
		As              map[string]string
		Sets            map[string]map[string]json.RawMessage
		Becomes         map[string]string
		After, In       string
	}
	if err := jsonfile.Decode(raw, &data); err != nil {
		return w, err
	}
	_, isVerb := Verbs[word]
	switch whose, known := wordObjects[data.Of]; {
	case isVerb || !wordForm.MatchString(word):
		return w, errors.New(notAName)
	case data.Says == "":
		return w, place{"says"}.Wrong("it is missing")
	case data.Event == "":
		return w, place{"event"}.Wrong("it is missing")
	case data.At == nil:
		return w, place{"at"}.Wrong("it is missing: the seconds since the story began, by which events are put in order")
	case *data.At < 0:
		return w, place{"at"}.Wrong("it is %d, and a story begins at 0", *data.At)
	case !known:
		return w, place{"of"}.Wrong("%q is none of %s", data.Of, strings.Join(slices.Sorted(maps.Keys(wordObjects))[1:], ", "))
	default:
		w = Spec{life: l, Says: data.Says, Event: strings.TrimSuffix(data.Event, ".json"), Age: *data.At, Instead: data.Instead, Needs: data.Needs}
		whose(&w)
	}
	if w.Type, err = l.checkEvent(data.Event); err != nil {
		return w, jsonfile.At(err, "event")
	}
	if w.with, err = l.parseValues(data.With); err != nil {
		return w, jsonfile.At(err, "with")
	}
	if w.bind, err = l.parseBind(data.Bind); err != nil {
		return w, jsonfile.At(err, "bind")
	}
	return w, l.parseContext(&w, context{data.As, data.Becomes, data.Sets, data.After, data.In})
}

// checkPhrases checks the names in phrases and instead.
func (l *Life) checkPhrases() error {
	for _, word := range slices.Sorted(maps.Keys(l.Words)) {
		for _, other := range l.Words[word].Instead {
			if _, known := l.Words[other]; !known {
				return place{"words", word, "instead"}.Wrong("%s", l.noWord("there is no word", other))
			}
		}
	}
	for _, phrase := range slices.Sorted(maps.Keys(l.Phrases)) {
		_, isWord := l.Words[phrase]
		_, isRole := Roles{}.Each()[phrase]
		switch {
		case isWord || isRole || phrase == "grant" || phrase == "grants":
			return place{"phrases", phrase}.Wrong("a word or a role is called so")
		case len(l.Phrases[phrase]) == 0:
			return place{"phrases", phrase}.Wrong("it has no words")
		}
		for n, word := range l.Phrases[phrase] {
			if _, known := l.Words[word]; !known {
				return place{"phrases", phrase}.Wrong("%s", l.noWord("there is no word", word))
			}
			for _, before := range l.Phrases[phrase][:n] {
				switch {
				case before == word:
					return place{"phrases", phrase}.Wrong("it has %q twice", word)
				case slices.Contains(l.Words[before].Instead, word) || slices.Contains(l.Words[word].Instead, before):
					return place{"phrases", phrase}.Wrong("no story has both %q and %q: one happens instead of the other", before, word)
				}
			}
		}
	}
	for _, phrase := range l.shown {
		if len(l.Phrases[phrase]) == 0 {
			return place{"shown"}.Wrong("there is no phrase %q%s", phrase, suggest.DidYouMean(phrase, slices.Sorted(maps.Keys(l.Phrases))))
		}
	}
	return nil
}

// noWord says that there is no such word, and which was perhaps meant.
func (l *Life) noWord(why, name string) string {
	known := slices.Sorted(maps.Keys(l.Words))
	if strings.Contains(why, "phrase") {
		known = slices.Concat(known, slices.Sorted(maps.Keys(l.Phrases)))
	}
	return fmt.Sprintf("%s %q%s", why, name, suggest.DidYouMean(name, known))
}
