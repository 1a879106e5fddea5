package life

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/jsonfile"
)

// changes are the places of objects that a word gives other values, by the kind of object and by JSON pointers in it.
type changes map[string]map[string]lifeValue

// add adds later changes, which win. They have happened so many seconds after the story was born.
func (c changes) add(later changes, age int64) {
	for kind, places := range later {
		if c[kind] == nil {
			c[kind] = map[string]lifeValue{}
		}
		for pointer, value := range places {
			c[kind][pointer] = func(t telling) any {
				t.now = t.born.Unix() + age
				return value(t)
			}
		}
	}
}

// context is what a word has to do with the other words of its story, as in a life.json.
type context struct {
	as, becomes map[string]string
	sets        map[string]map[string]json.RawMessage
	after, in   string
}

// parseContext reads a word's context.
func (l *Life) parseContext(w *Spec, c context) (err error) {
	for key, names := range map[string]map[string]string{"as": c.as, "becomes": c.becomes} {
		for _, name := range slices.Sorted(maps.Keys(names)) {
			for _, one := range []string{name, names[name]} {
				if _, known := l.Names[one]; !known && !l.isTime(one) {
					return place{key, name}.Wrong("names and times have no %q", one)
				}
			}
		}
	}
	if c.after != "" && !l.isTime(c.after) {
		return place{"after"}.Wrong("times has no %q", c.after)
	}
	w.as, w.becomes, w.after, w.in, w.sets = c.as, c.becomes, c.after, c.in, changes{}
	for _, kind := range slices.Sorted(maps.Keys(c.sets)) {
		if w.sets[kind], err = l.parseValues(c.sets[kind]); err != nil {
			return jsonfile.At(err, "sets", kind)
		}
	}
	return nil
}

// checkContexts checks what words say of phrases and of the subject.
func (l *Life) checkContexts() error {
	for _, word := range slices.Sorted(maps.Keys(l.Words)) {
		w := l.Words[word]
		if len(l.Phrases[w.in]) == 0 && w.in != "" {
			return place{"words", word, "in"}.Wrong("there is no phrase %q", w.in)
		}
		if name := l.unknownNeed(w.Needs); name != "" {
			return place{"words", word, "needs"}.Wrong("%s", l.noName(name))
		}
	}
	if err := l.checkStandIns(); err != nil {
		return err
	}
	for _, form := range slices.Sorted(maps.Keys(l.Forms)) {
		if name := l.unknownNeed(l.Forms[form].Needs); name != "" {
			return place{"forms", form, "needs"}.Wrong("%s", l.noName(name))
		}
	}
	return nil
}

// checkStandIns checks that no id follows from itself in a story: one that shares the id of a name for which it stands.
func (l *Life) checkStandIns() error {
	stand := map[string][]string{}
	check := func(word, key string, names map[string]string, stand map[string][]string) error {
		for name, other := range names {
			stand[name] = append(slices.Clip(stand[name]), other)
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			for _, start := range slices.Sorted(maps.Keys(l.Names)) {
				if way := l.circleOf(start, stand); slices.Contains(way, names[name]) {
					return place{"words", word, key, name}.Wrong("an id follows from itself: %s", strings.Join(way, ", from "))
				}
			}
		}
		return nil
	}
	words := slices.Sorted(maps.Keys(l.Words))
	for _, word := range words {
		if err := check(word, "becomes", l.Words[word].becomes, stand); err != nil {
			return err
		}
	}
	for _, word := range words {
		if err := check(word, "as", l.Words[word].as, maps.Clone(stand)); err != nil {
			return err
		}
	}
	return nil
}

// Told returns an event as it is in a story: the words that a schedule tells, in its order. An object has what earlier words of the story
// have made of it, so a deletion after a renewal tells of the second period. nil for a word that there is not.
func (l *Life) Told(word string, story []string) *Spec {
	known, is := l.Vocabulary[word]
	if !is {
		return nil
	}
	w := *known
	form := l.FormOf(word)
	own := l.earlier(&w, form, story)
	if len(own) == 0 {
		own = l.supposed(&w, form)
	}
	w.before, w.became = changes{}, map[string]string{}
	for _, word := range own {
		w.before.add(l.Vocabulary[word].sets, l.Vocabulary[word].Age)
		maps.Copy(w.became, l.Vocabulary[word].becomes)
	}
	w.passed = l.passed(form, story)
	if form != "" && slices.Contains(story, word) {
		w.Age = l.ageIn(word, story)
	}
	return &w
}

// supposed returns the words that stand before an event where a story has nothing before it.
func (l *Life) supposed(w *Spec, form string) []string {
	words := slices.Clone(l.WordsOf(cmp.Or(w.in, l.Roles.Grants)))
	if form != "" {
		for i := range words {
			words[i] = form + "-" + words[i]
		}
	}
	return l.earlier(w, form, words)
}

// Supposed returns the words that have happened before a story although it does not tell them: a renewal that is told alone is of a
// subscription that was bought.
func (l *Life) Supposed(story []string) (words []string) {
	excluded := func(word string) bool {
		return slices.ContainsFunc(story, func(told string) bool {
			return word == told || slices.Contains(l.Vocabulary[word].Instead, told) || l.Vocabulary[told] != nil && slices.Contains(l.Vocabulary[told].Instead, word)
		})
	}
	for _, word := range story {
		w, form := l.Vocabulary[word], l.FormOf(word)
		if _, own := l.Words[strings.TrimPrefix(word, form+"-")]; !own || w.Stranger || w.Other || w.Second || len(l.earlier(w, form, story)) > 0 {
			continue
		}
		for _, before := range l.supposed(w, form) {
			if !excluded(before) && !slices.Contains(words, before) {
				words = append(words, before)
			}
		}
	}
	return words
}

// earlier returns the words of a story that happen before an event, of the same form, in the order in which they happen.
func (l *Life) earlier(w *Spec, form string, story []string) []string {
	var own []string
	for _, word := range story {
		if other, is := l.Vocabulary[word]; is && l.FormOf(word) == form && other.Age < w.Age && !slices.Contains(own, word) {
			own = append(own, word)
		}
	}
	slices.SortStableFunc(own, func(a, b string) int { return cmp.Compare(l.Vocabulary[a].Age, l.Vocabulary[b].Age) })
	return own
}

// change gives the object of an event what the changes of its kind say, in places that it has.
func (l *Life) change(body *event.Draft, kind string, c changes, t telling) error {
	for _, pointer := range slices.Sorted(maps.Keys(c[kind])) {
		if err := setPlace(body, "/data/object"+pointer, c[kind][pointer](t)); err != nil {
			return err
		}
	}
	return nil
}

// previousAttributes is where an event tells of what the object had before it.
const previousAttributes = "/data/previous_attributes"

// recall gives the previous attributes of an event the values that the object had before it. Which attributes they are, the body says.
func recall(body, former []byte, pointer string) ([]byte, error) {
	at, err := event.Find(body, previousAttributes+pointer)
	if errors.Is(err, event.ErrNoPlace) {
		return body, nil
	}
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if text := body[at.Value.From:at.Value.To]; !bytes.HasPrefix(text, []byte("{")) || json.Unmarshal(text, &members) != nil || len(members) == 0 {
		was, err := event.Find(former, "/data/object"+pointer)
		if errors.Is(err, event.ErrNoPlace) { // such as a key of metadata that was removed
			return body, nil
		}
		if err != nil {
			return nil, err
		}
		return event.Replace(body, at.Value, former[was.Value.From:was.Value.To]), nil
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if body, err = recall(body, former, pointer+"/"+event.EscapePointer(name)); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// ageIn returns when an event of a form happens: after the words that stand before it in the story, and before those of the subject's own
// that stand behind it. Two stories of one customer go on beside each other, and only the schedule says how.
func (l *Life) ageIn(word string, story []string) int64 {
	form, at := l.FormOf(word), slices.Index(story, word)
	age, between := -l.Forms[form].age, int64(0)
	for _, before := range story[:at] {
		spec, is := l.Vocabulary[before]
		switch {
		case !is:
		case l.FormOf(before) == "" && spec.Age > age:
			age, between = spec.Age, 1
		case l.FormOf(before) == form:
			between++
		}
	}
	return age + between
}
