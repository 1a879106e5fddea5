package target

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/jsonfile"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/suggest"
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
			return nil, fmt.Errorf("the target has no life %q%s; it has %s", name, suggest.DidYouMean(name, known), strings.Join(known, ", "))
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

// read reads the entry's life. A built-in one is named, any other one by the path of its life.json.
func (e *lifeEntry) read(name string, f *file) (err error) {
	place := jsonfile.Place{"life"}
	if e.Life == "" {
		e.Life, place = name, nil
	}
	if !strings.HasSuffix(e.Life, ".json") {
		if e.story, err = life.BuiltIn(e.Life); err != nil {
			return place.Wrong(`%w; "life": "path/to/life.json" names one of your own`, err)
		}
		return nil
	}
	file, shown := e.Life, e.Life
	if !filepath.IsAbs(file) {
		file, shown = filepath.Join(f.directory, file), filepath.Join(f.shown, file)
	}
	e.story, err = life.Load(file, shown)
	return jsonfile.At(err, place...)
}

// check returns what is wrong with the entry.
func (e *lifeEntry) check() error {
	if (e.Subject == nil) != (e.State == nil) {
		there := "subject"
		if e.Subject == nil {
			there = "state"
		}
		return jsonfile.Place{there}.Wrong("subject and state go together: state reads what subject makes")
	}
	if e.Subject != nil {
		if err := e.Subject.check(); err != nil {
			return jsonfile.At(err, "subject")
		}
		if err := e.checkPick(); err != nil {
			return jsonfile.At(err, "subject")
		}
		if e.Subject.SQL != nil {
			return jsonfile.Place{"subject"}.Wrong("only state can be sql")
		}
		if err := e.State.check(); err != nil {
			return jsonfile.At(err, "state")
		}
		for name, hook := range map[string]*Hook{"subject": &e.Subject.Hook, "state": e.State} {
			if err := hook.checkProcess(name); err != nil {
				return jsonfile.At(err, name)
			}
		}
	}
	for _, places := range []struct {
		name string
		list []string
	}{{"ignore", e.Ignore}, {"grants", e.Grants}, {"notAccess", e.NotAccess}} {
		for _, pointer := range places.list {
			if !strings.HasPrefix(pointer, "/") {
				return jsonfile.Place{places.name}.Wrong("%q is not a JSON pointer, which begins with a slash", pointer)
			}
		}
	}
	return nil
}

// checkPick returns an error if no event could be about a subject, whatever the hook answers, or if nothing uses what is picked.
func (e *lifeEntry) checkPick() error {
	pick := e.Subject.Pick
	if pick == nil { // the answer's own members count, and they are not known yet
		return nil
	}
	s := event.Subject{}
	for name := range pick {
		s[name] = "picked"
	}
	if !e.story.IsTied(s, func(name string) bool { return pick[name].constant }) {
		return jsonfile.At(untied(e.story, pick, nil), "pick")
	}
	for _, name := range slices.Sorted(maps.Keys(pick)) {
		if !e.story.Takes(name) && !strings.Contains(e.State.text(), "{{"+name+"}}") {
			return jsonfile.Place{"pick", name}.Wrong("no event of the life %s has it, and the state hook has no {{%s}}%s", e.story.Name, name, e.story.MeantBy(name))
		}
	}
	if constants := constantsOf(pick); constants["amount"] != nil {
		return jsonfile.At(checkAmount(constants, "it"), "pick", "amount")
	}
	return nil
}
