package target

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/life"
)

// PaymentLife is the name of the life that a target's own Subject, State, Ignore and Unhandled are about.
const PaymentLife = "payment"

// ByLife returns the target as it is for each of its lives, in the order of their names, the payment life first. Each has the hooks, the
// ignored places and the unhandled types of that life. A target without Lives is one for its own life. Names are those of Lives to keep;
// none is all. An error names a life that is not there.
func (t *Target) ByLife(names []string) ([]*Target, error) {
	all := maps.Clone(t.Lives)
	if all == nil {
		all = map[string]Life{}
	}
	if _, both := all[PaymentLife]; !both && (len(all) == 0 || t.Subject != nil) {
		all[PaymentLife] = Life{
			Story: t.Life, Subject: t.Subject, Announce: t.Announce, State: t.State, Ignore: t.Ignore, Unhandled: t.Unhandled,
			Grants: t.Grants, NotAccess: t.NotAccess,
		}
	}
	known := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		if a == PaymentLife || b == PaymentLife {
			return map[bool]int{true: -1, false: 1}[a == PaymentLife]
		}
		return strings.Compare(a, b)
	})
	var list []*Target
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("the target has no life %q; it has %s", name, strings.Join(known, ", "))
		}
	}
	for _, name := range known {
		if len(names) == 0 || slices.Contains(names, name) {
			list = append(list, t.as(name, all[name]))
		}
	}
	return list, nil
}

// as returns the target for one life.
func (t *Target) as(name string, l Life) *Target {
	one := *t
	one.Lives, one.LifeName, one.Life = nil, name, l.Story
	one.Subject, one.Announce, one.State = l.Subject, l.Announce, l.State
	one.Ignore, one.Unhandled, one.Grants, one.NotAccess = l.Ignore, l.Unhandled, l.Grants, l.NotAccess
	return &one
}

// lifeEntry is what a target file says of one life.
type lifeEntry struct {
	Life      string       `json:"life"` // a built-in one, or the path of a life.json; "" is the entry's name
	Subject   *subjectHook `json:"subject"`
	State     *Hook        `json:"state"`
	Ignore    []string     `json:"ignore"`
	Unhandled []string     `json:"unhandled"`
	Grants    []string     `json:"grants"`
	NotAccess []string     `json:"notAccess"`

	story *life.Life
}

// read reads the entry's life.
func (e *lifeEntry) read(name, directory string) (err error) {
	if e.Life == "" {
		e.Life = name
	}
	if !strings.HasSuffix(e.Life, ".json") {
		e.story, err = life.BuiltIn(e.Life)
		return err
	}
	file := e.Life
	if !filepath.IsAbs(file) {
		file = filepath.Join(directory, file)
	}
	if filepath.Base(file) != "life.json" {
		return fmt.Errorf("%s must be called life.json: it stands in its life's folder, beside a folder of events for each API version", e.Life)
	}
	e.story, err = life.ReadLife(os.DirFS(filepath.Dir(file)), filepath.ToSlash(filepath.Dir(e.Life)))
	return err
}

// check returns what is wrong with the entry.
func (e *lifeEntry) check() error {
	if (e.Subject == nil) != (e.State == nil) {
		return fmt.Errorf("subject and state go together: state reads what subject makes")
	}
	if e.Subject != nil {
		if err := e.Subject.check(); err != nil {
			return fmt.Errorf("subject: %w", err)
		}
		if e.Subject.SQL != nil {
			return fmt.Errorf("subject: only state can be sql")
		}
		if err := e.State.check(); err != nil {
			return fmt.Errorf("state: %w", err)
		}
	}
	for _, places := range []struct {
		name string
		list []string
	}{{"ignore", e.Ignore}, {"grants", e.Grants}, {"notAccess", e.NotAccess}} {
		for _, pointer := range places.list {
			if !strings.HasPrefix(pointer, "/") {
				return fmt.Errorf("%s: %q is not a JSON pointer, which begins with a slash", places.name, pointer)
			}
		}
	}
	return nil
}
