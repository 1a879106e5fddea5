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
	return slices.ContainsFunc(rows, func(row Check) bool { return row.Name == c.Name && !row.isRow(c) })
}

// Entry is one line of a check's description.
type Entry struct{ Label, Text string }

// Entries returns a check's description: 'hookproof explain' prints it, and docs/checks has it.
func (c Check) Entries() []Entry {
	aboutLife, profile, judged := "", "", ""
	switch l := LifeOf(c); {
	case c.Life == nil:
		aboutLife = "none that is built in; any of your own that has the roles"
	case l != life.Payment, c.IsShared():
		aboutLife = l.Name
	}
	if c.Strict {
		profile = "strict; --profile stripe reports a breach as info"
	}
	if c.WholeRun != "" {
		judged = "all answers of the run that were given while no fault was made"
	}
	list := []Entry{
		{"life", aboutLife},
		{"demanded by", c.Source},
		{"heading", c.Heading},
		{"says", c.Says},
		{"profile", profile},
		{"cost", c.Why},
		{"fix", c.Fix},
		{"needs", strings.Join(c.Needs(), ", ")},
		{"kills", strings.Join(c.Kills, ", ")},
		{"reports", strings.Join(c.Reports(), ", ")},
	}
	list = append(append(list, c.tried()...), Entry{"judged", judged})
	return slices.DeleteFunc(list, func(e Entry) bool { return e.Text == "" })
}

// tried returns the check's relations, and then what the phrases and events in them are.
func (c Check) tried() []Entry {
	var relations, phrases, words []Entry
	add := func(list *[]Entry, label, text string) {
		if one := (Entry{label, text}); label == "tried" || !slices.Contains(*list, one) {
			*list = append(*list, one)
		}
	}
	for _, r := range c.Relations {
		short, told := LifeOf(c).Short(r.String())
		add(&relations, "tried", short)
		for _, phrase := range told {
			name, is, _ := strings.Cut(phrase, " is ")
			add(&phrases, "where", name+": "+is)
		}
		for _, word := range r.Words(LifeOf(c)) {
			add(&words, "where", word)
		}
	}
	return slices.Concat(relations, phrases, words)
}

// Documented returns the checks of some lives, each once, in the order of reports: as it is asked of the first life that has it. One that
// none of them has is as it is written, over roles.
func Documented(lives []*life.Life) []Check {
	asked := byName(lives)
	var all []Check
	for _, row := range rows {
		documented := row.sourced().saidOf(life.Nouns{})
		for _, of := range asked {
			if c, is := of[row.Name]; is && c.isRow(row) {
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
