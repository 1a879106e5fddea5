package catalog

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/suggest"
)

// Explained is what explains some checks.
type Explained struct {
	Version int           `json:"version"` // of this format; 1
	Checks  []Explanation `json:"checks"`
}

// Explanation is what a check demands, who says so, what a breach costs and how to fix it.
type Explanation struct {
	Check   string   `json:"check"`
	Life    string   `json:"life,omitempty"` // whose events its schedules have; absent where no built-in life has the check
	Demand  string   `json:"demand"`
	Source  string   `json:"source"`
	Heading string   `json:"heading,omitempty"` // at the source
	Says    string   `json:"says,omitempty"`    // what the source demands, in our words
	Strict  bool     `json:"strict,omitempty"`  // profile stripe reports a breach as info
	Cost    string   `json:"cost,omitempty"`
	Fix     string   `json:"fix,omitempty"`
	Needs   []string `json:"needs,omitempty"`   // of a target, beyond a URL and a secret
	Kills   []string `json:"kills,omitempty"`   // faults that it catches
	Reports []string `json:"reports,omitempty"` // public ones of the faults
	Tried   []string `json:"tried,omitempty"`   // relations
	Where   []string `json:"where,omitempty"`   // what words of the relations stand for
}

// Explain returns what explains the checks.
func Explain(all []check.Check) Explained {
	explained := Explained{Version: 1, Checks: []Explanation{}}
	for _, c := range all {
		one := Explanation{
			Check: c.Name, Demand: c.Demand, Source: c.Source, Heading: c.Heading, Says: c.Says, Strict: c.Strict, Cost: c.Why, Fix: c.Fix,
			Needs: c.Needs(), Kills: c.Kills, Reports: c.Reports(),
		}
		if c.Life != nil {
			one.Life = c.Life.Name
		}
		for _, e := range c.Entries() {
			switch e.Label {
			case "tried":
				one.Tried = append(one.Tried, e.Text)
			case "where":
				one.Where = append(one.Where, e.Text)
			}
		}
		explained.Checks = append(explained.Checks, one)
	}
	return explained
}

// Find returns the check of that name, the checks of that family, or those that try that relation or deliver that schedule, of
// the first life that has any; a check that none of them is asked, as it is written. If checks of several lives share a name, it returns
// each of them. A relation is written as a report has it, such as "S(paid*3) = S(paid)".
func Find(lives []*life.Life, name string) ([]check.Check, error) {
	matches := func(_ *life.Life, c check.Check) bool { return c.Named(name) }
	if isRelation(name) {
		matches = func(l *life.Life, c check.Check) bool { return tries(l, c, name) }
	}
	for _, l := range lives {
		found := slices.DeleteFunc(check.Of(l), func(c check.Check) bool { return !matches(l, c) })
		if len(found) == 1 && found[0].Name == name && found[0].IsShared() {
			return shared(lives, name), nil
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	if isRelation(name) {
		return nil, fmt.Errorf("no check tries %q; 'hookproof list' lists the checks", name)
	}
	if written, is := unasked(slices.Concat(lives, life.BuiltIns()), name); is {
		return []check.Check{written}, nil
	}
	return nil, unknown(lives, name)
}

// shared returns the checks of some lives that have the same name and demand something else.
func shared(lives []*life.Life, name string) (all []check.Check) {
	for _, c := range check.Documented(lives) {
		if c.Name == name && c.Life != nil {
			all = append(all, c)
		}
	}
	return all
}

// unasked returns the check of that name that none of some lives is asked, as it is written.
func unasked(lives []*life.Life, name string) (check.Check, bool) {
	for _, c := range check.Documented(lives) {
		if c.Name == name && c.Life == nil {
			return c, true
		}
	}
	return check.Check{}, false
}

// Known returns an error if a name is neither a check nor a family of some lives.
func Known(lives []*life.Life, name string) error {
	if slices.Contains(CheckNames(lives), name) {
		return nil
	}
	return unknown(lives, name)
}

func unknown(lives []*life.Life, name string) error {
	if _, is := unasked(lives, name); is {
		names := make([]string, len(lives))
		for n, l := range lives {
			names[n] = l.Name
		}
		return fmt.Errorf("%s cannot be asked of %s, which has not the events that it is about; 'hookproof list --life LIFE' lists what can", name, life.OneOf(names))
	}
	return fmt.Errorf("there is no check or family %q%s; 'hookproof list' lists them", name, suggest.DidYouMean(name, CheckNames(lives)))
}

// CheckNames returns the names of all families and checks of some lives.
func CheckNames(lives []*life.Life) []string {
	var names []string
	seen := map[string]bool{}
	for _, l := range lives {
		for _, c := range check.Of(l) {
			for _, name := range []string{c.Family(), c.Name} {
				if !seen[name] {
					seen[name] = true
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// isRelation tells a relation, or a schedule, from the name of a check.
func isRelation(text string) bool { return strings.ContainsAny(text, " (*&=:") }

// copies matches how many copies a schedule has: a run may send more, so that some overlap.
var copies = regexp.MustCompile(`[*&]\d+`)

// mostOrders is how many orders of a relation are looked at.
const mostOrders = 1000

// tries reports whether a check tries a relation, or delivers a schedule: in any order or choice of it, and with any number of copies.
func tries(l *life.Life, c check.Check, text string) bool {
	wanted := plain(text)
	is := func(r check.Relation) bool {
		return slices.ContainsFunc([]string{r.String(), r.Left}, func(written string) bool {
			short, _ := l.Short(written)
			return plain(written) == wanted || plain(short) == wanted
		})
	}
	return slices.ContainsFunc(c.Relations, func(r check.Relation) bool {
		if is(r) {
			return true
		}
		for _, left := range check.Expand(r.Left, mostOrders, 1) {
			for _, right := range check.Expand(r.Right, mostOrders, 1) {
				one := r
				if one.Left, one.Right = left, right; is(one) {
					return true
				}
			}
		}
		return false
	})
}

// plain is a relation without how many copies it has, and with one space between words.
func plain(text string) string {
	return copies.ReplaceAllString(strings.Join(strings.Fields(text), " "), "*")
}
