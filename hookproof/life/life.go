// Package life has the events of a subject's life at Stripe, by the words that schedules use for them.
package life

import (
	"encoding/json"
	"io/fs"
	"sync"
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
	builtIn  bool              // its bodies are as they should be, and not checked
}

// LifeName is a name of a subject, and what events have for it if the subject has no value.
type LifeName struct {
	Prefix   string          // of Stripe's ids
	Of       string          // the name that has the same id with another prefix
	Suffix   string          // what follows the id of the name that it is of
	Is       string          // the name whose value it has, whatever stands for that one in an event
	Like     string          // the name whose value it has, if the subject gives that one and not this
	Percent  int64           // a number: so much of the amount
	Times    string          // a number: the amount times that name's
	Each     string          // a number: the amount divided by that name's
	Add      *sum            // a number: another name's and so much more
	Optional bool            // hookproof invents none; a value without the prefix is for the target's hooks
	Default  json.RawMessage // for a subject without a value; nil is none, null is a null
	Other    json.RawMessage // another value than the default
}
