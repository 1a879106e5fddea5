package check

import (
	"slices"
	"strings"

	"example.com/hookproof/hookproof/life"
)

// Rows returns all checks as they are written, whatever the life.
func Rows() []Check { return slices.Clone(rows) }

// IsShared reports whether another check has the same name: each is of a life of its own.
func (c Check) IsShared() bool {
	return slices.ContainsFunc(rows, func(row Check) bool { return row.Name == c.Name && row.worded(c.Life).Demand != c.Demand })
}

// Entry is one line of a check's description.
type Entry struct{ Label, Text string }

// Entries returns a check's description: 'hookproof explain' prints it, and docs/checks has it.
func (c Check) Entries() []Entry {
	var list []Entry
	add := func(label, text string) {
		if text != "" {
			list = append(list, Entry{label, text})
		}
	}
	switch l := LifeOf(c); {
	case c.Life == nil:
		add("life", "none that is built in; any of your own that has the roles")
	case l != life.Payment, c.IsShared():
		add("life", l.Name)
	}
	add("demanded by", c.Source)
	add("heading", c.Heading)
	add("says", c.Says)
	if c.Strict {
		add("profile", "strict; --profile stripe reports a breach as info")
	}
	add("cost", c.Why)
	add("fix", c.Fix)
	add("needs", strings.Join(c.Needs(), ", "))
	add("kills", strings.Join(c.Kills, ", "))
	add("reports", strings.Join(c.Reports(), ", "))
	var phrases []string
	for _, r := range c.Relations {
		short, told := LifeOf(c).Short(r.String())
		add("tried", short)
		for _, phrase := range told {
			if !slices.Contains(phrases, phrase) {
				phrases = append(phrases, phrase)
			}
		}
	}
	for _, phrase := range phrases {
		name, words, _ := strings.Cut(phrase, " is ")
		add("where", name+": "+words)
	}
	var words []string
	for _, r := range c.Relations {
		for _, word := range r.Words(LifeOf(c)) {
			if !slices.Contains(words, word) {
				words = append(words, word)
				add("where", word)
			}
		}
	}
	if c.WholeRun != "" {
		add("judged", "all answers of the run that were given while no fault was made")
	}
	return list
}

// Documented returns the checks of some lives, each once, in the order of reports: as it is asked of the first life that has it. One that
// none of them has is as it is written, over roles.
func Documented(lives []*life.Life) []Check {
	asked := byName(lives)
	var all []Check
	for _, row := range rows {
		documented := row.sourced()
		for _, of := range asked {
			if c, is := of[row.Name]; is && c.Demand == row.worded(c.Life).Demand { // a check may have a row for one life and a row for another
				documented = c
				break
			}
		}
		all = append(all, documented)
	}
	return all
}

// byName returns the checks of each of some lives by their names.
func byName(lives []*life.Life) []map[string]Check {
	var list []map[string]Check
	for _, l := range lives {
		of := map[string]Check{}
		for _, c := range Of(l) {
			of[c.Name] = c
		}
		list = append(list, of)
	}
	return list
}
