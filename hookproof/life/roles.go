package life

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/internal/jsonfile"
)

// Roles are the roles over which the relations for every life are written. Each text is a word or a phrase, but for Until and NotUntil,
// which are instants.
type Roles struct {
	Grants                             string
	Ends, Renews, Late, NotYet, Beside []string
	Together                           [][]string
	Until                              []string // at which what was paid for ends
	NotUntil                           []string // which may be taken for one of Until, and are none
}

// Each returns the roles that can have several words or phrases, by their names in rows.
func (r Roles) Each() map[string][]string {
	return map[string][]string{"ends": r.Ends, "renews": r.Renews, "late": r.Late, "notYet": r.NotYet, "beside": r.Beside}
}

// Pairs returns each two events that stand side by side in what is sent together.
func (r Roles) Pairs() (pairs [][2]string) {
	for _, group := range r.Together {
		for i, word := range group[1:] {
			pairs = append(pairs, [2]string{group[i], word})
		}
	}
	return pairs
}

// parseRoles reads the roles.
func (l *Life) parseRoles(raw json.RawMessage) error {
	if raw == nil {
		return errors.New("there are none")
	}
	var given map[string]json.RawMessage
	if err := errors.Join(jsonfile.Decode(raw, &l.Roles), json.Unmarshal(raw, &given)); err != nil {
		return err
	}
	if l.Roles.Grants == "" {
		return place{"grants"}.Wrong("it is missing")
	}
	all := l.Roles.Each()
	all["grants"] = []string{l.Roles.Grants}
	if _, is := given["together"]; is {
		all["together"] = slices.Concat(l.Roles.Together...)
	}
	for _, group := range l.Roles.Together {
		if len(group) == 1 {
			return place{"together"}.Wrong("%q is alone; Stripe sends two or more words within a moment", group[0])
		}
	}
	for role, instants := range map[string][]string{"until": l.Roles.Until, "notUntil": l.Roles.NotUntil} {
		for _, name := range instants {
			if !l.isTime(name) {
				return place{role}.Wrong("times has no %q", name)
			}
		}
	}
	for _, role := range slices.Sorted(maps.Keys(all)) {
		if _, is := given[role]; is && len(all[role]) == 0 {
			return place{role}.Wrong("it has no words")
		}
		for _, name := range all[role] {
			if len(l.WordsOf(name)) == 0 {
				return place{role}.Wrong("%s", l.noWord("there is no word and no phrase", name))
			}
		}
	}
	return nil
}

// WordsOf returns a phrase's words, or the word itself; none for another name.
func (l *Life) WordsOf(name string) []string {
	if _, is := l.Words[name]; is {
		return []string{name}
	}
	return l.Phrases[name]
}

// Before returns the words that stand before a word where its story does not say what does.
func (l *Life) Before(word string) []string {
	return l.WordsOf(cmp.Or(l.Words[word].in, l.Roles.Grants))
}

// IsBeside reports whether a word comes beside the grant, so that most endpoints ignore it.
func (l *Life) IsBeside(word string) bool {
	return slices.ContainsFunc(l.Roles.Beside, func(name string) bool { return slices.Contains(l.WordsOf(name), word) })
}

// Grant returns the event that grants: the last one if several do.
func (l *Life) Grant() string {
	words := l.WordsOf(l.Roles.Grants)
	return words[len(words)-1]
}

// Excludes reports whether one of two events of the vocabulary happens instead of the other, so that no story has both.
func (l *Life) Excludes(a, b string) bool {
	one, two := l.Vocabulary[a], l.Vocabulary[b]
	if one == nil || two == nil || one.form != two.form || one.Stranger || two.Stranger || one.Other || two.Other {
		return false
	}
	if one.form != "" {
		a, b = strings.TrimPrefix(a, one.form+"-"), strings.TrimPrefix(b, one.form+"-")
	}
	return slices.Contains(l.Words[a].Instead, b) || slices.Contains(l.Words[b].Instead, a)
}

// Knows reports whether a life has every word of some schedules without verbs.
func (l *Life) Knows(schedules ...string) bool {
	for _, schedule := range schedules {
		for word := range strings.FieldsSeq(schedule) {
			if _, is := l.Words[word]; !is {
				return false
			}
		}
	}
	return true
}
