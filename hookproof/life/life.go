// Package life has the events of a subject's life at Stripe, by the words that schedules use for them.
package life

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof/suggest"
)

// Life is a story that Stripe tells about one subject, as in its life.json. fixtures/FORMAT.md describes every key.
type Life struct {
	Name    string // such as payment
	Says    string // what it is, for people
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

	files    fs.FS             // the folder
	folder   string            // its name in messages
	versions []string          // API versions with bodies, sorted
	outlines sync.Map          // of its bodies
	checked  map[string]string // of its bodies that were checked, by their files
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

// Payment is the built-in life of a Checkout session: one payment, its refunds and its dispute.
var Payment = func() *Life {
	l, err := BuiltIn("payment")
	if err != nil {
		panic("hookproof: " + err.Error()) // embedded, and a test reads it
	}
	return l
}()

// builtIn has the built-in lives that were read: fixtures.LifeNames has their names.
var builtIn sync.Map

// AllBuiltIn returns the built-in lives, the payment life first.
func AllBuiltIn() []*Life {
	all := []*Life{Payment}
	for _, name := range BuiltInNames() {
		l, err := BuiltIn(name)
		if err != nil {
			panic("hookproof: " + err.Error()) // embedded, and a test reads it
		}
		if l != Payment {
			all = append(all, l)
		}
	}
	return all
}

// BuiltInNames are the names of the built-in lives, sorted.
func BuiltInNames() []string { return fixtures.LifeNames() }

// BuiltIn returns a built-in life by its name. An error names those that there are.
func BuiltIn(name string) (*Life, error) {
	if l, read := builtIn.Load(name); read {
		return l.(*Life), nil
	}
	files, err := fixtures.Life(name)
	if err != nil {
		return nil, fmt.Errorf("there is no built-in life %q%s; built in are %s", name, suggest.DidYouMean(name, BuiltInNames()), strings.Join(BuiltInNames(), ", "))
	}
	l, err := ReadLife(files, "fixtures/lives/"+name)
	if err != nil {
		return nil, err
	}
	first, _ := builtIn.LoadOrStore(name, l)
	return first.(*Life), nil
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
	name := func(word string, w *Spec) string { return strings.TrimPrefix(word, cmp.Or(w.form+"-", "-")) }
	a, b = name(a, one), name(b, two)
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
