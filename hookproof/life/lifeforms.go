package life

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/jsonfile"
)

// LifeForm is another story that a life can tell: beside its own, such as that of an earlier subscription of the same customer, or
// instead of it, if it has no ids of its own. Its words are those of the life, with the form's name and a hyphen before them.
type LifeForm struct {
	Says    string            // follows the description of an event
	Anew    []string          // names with an id of their own
	Other   []string          // names with another value than the subject's
	Without []string          // names that it lacks
	As      map[string]string // names that have the value of others
	Needs   []string          // as of a Spec
	earlier time.Duration     // how much earlier its instants are
	age     int64             // seconds by which its events are earlier, where no story says when they happen
}

// parseForms reads the forms.
func (l *Life) parseForms(given map[string]json.RawMessage) error {
	l.Forms = map[string]LifeForm{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		var file struct {
			Says                        string
			Anew, Other, Without, Needs []string
			As                          map[string]string
			Earlier                     distance
		}
		if err := jsonfile.Decode(given[name], &file); err != nil {
			return jsonfile.At(err, name)
		}
		if file.Says == "" {
			return place{name, "says"}.Wrong("it is missing")
		}
		if !wordForm.MatchString(name) || strings.Contains(name, "-") {
			return place{name}.Wrong("a form is called by small letters and digits")
		}
		for _, one := range slices.Concat(file.Anew, file.Other, slices.Sorted(maps.Keys(file.As)), slices.Sorted(maps.Values(file.As))) {
			if _, known := l.Names[one]; !known {
				return place{name}.Wrong("%s", l.noName(one))
			}
		}
		l.Forms[name] = LifeForm{
			Says: file.Says, Anew: file.Anew, Other: file.Other, Without: file.Without, As: file.As, Needs: file.Needs, age: int64(1000 * (len(l.Forms) + 1)),
			earlier: file.Earlier.duration(),
		}
	}
	return nil
}

// addForms adds every word and every phrase of the life in each of its forms.
func (l *Life) addForms(add func(word string, w Spec) error) error {
	for _, name := range slices.Sorted(maps.Keys(l.Forms)) {
		form := l.Forms[name]
		for _, word := range slices.Sorted(maps.Keys(l.Words)) {
			w := l.Words[word]
			w.Says += ", " + form.Says
			w.form = name
			w.Age -= form.age
			w.Needs = slices.Concat(w.Needs, form.Needs)
			if err := add(name+"-"+word, w); err != nil {
				return err
			}
		}
		for _, phrase := range slices.Sorted(maps.Keys(l.Phrases)) {
			if l.FormOf(phrase) == "" {
				words := slices.Clone(l.Phrases[phrase])
				for i := range words {
					words[i] = name + "-" + words[i]
				}
				l.Phrases[name+"-"+phrase] = words
			}
		}
	}
	return nil
}

// FormOf returns the form of a word or a phrase, or "".
func (l *Life) FormOf(word string) string {
	name, rest, is := strings.Cut(word, "-")
	_, isForm := l.Forms[name]
	_, isWord := l.Words[word]
	if !is || !isForm || isWord || len(l.WordsOf(rest)) == 0 {
		return ""
	}
	return name
}

// isBeside reports whether the form's story goes on beside the subject's own.
func (f LifeForm) isBeside() bool { return len(f.Anew) > 0 }

// of returns the subject of the form's story.
func (f LifeForm) of(name string, l *Life, s event.Subject) event.Subject {
	other := maps.Clone(s)
	for _, id := range f.Anew {
		if s.Text(id) != "" {
			other[id] = s.Text(id) + strings.ToUpper(name[:1]) + name[1:]
		}
	}
	for _, named := range f.Other {
		other[named] = l.other(named, s)
	}
	for named, value := range f.As {
		other[named] = l.value(value, telling{life: l, s: s})
	}
	for _, named := range f.Without {
		prefix, all := strings.CutSuffix(named, "*")
		maps.DeleteFunc(other, func(key string, _ any) bool { return key == named || all && strings.HasPrefix(key, prefix) })
	}
	return other
}

// Lacks returns what of the needs the subject lacks, or "". A need is a name, or several with bars between them of which one is enough;
// metadata.* is any name that begins so.
func (w *Spec) Lacks(s event.Subject) string {
	for _, need := range w.Needs {
		if !slices.ContainsFunc(strings.Split(need, "|"), func(name string) bool {
			if prefix, all := strings.CutSuffix(name, "*"); all {
				return len(s.Entries(prefix)) > 0
			}
			return s.Text(name) != ""
		}) {
			return strings.ReplaceAll(need, "|", " or ")
		}
	}
	return ""
}

// unknownNeed returns a name of the needs that no subject can have, or "".
func (l *Life) unknownNeed(needs []string) string {
	for _, need := range needs {
		for name := range strings.SplitSeq(need, "|") {
			if _, known := l.Names[name]; !known && !isMetadata(name) {
				return name
			}
		}
	}
	return ""
}
