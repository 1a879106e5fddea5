package life

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Word is an event of a life's own, as schedules name it.
type Word struct{ Name, Type, Says string }

// Own returns the words of a life in the order in which their events happen, those of one second by their names. The forms of its story,
// and what every life has, are not among them.
func (l *Life) Own() []Word {
	var list []Word
	for _, name := range slices.Sorted(maps.Keys(l.Words)) {
		list = append(list, Word{name, l.Words[name].Type, l.Words[name].Says})
	}
	slices.SortStableFunc(list, func(a, b Word) int { return cmp.Compare(l.Words[a.Name].Age, l.Words[b.Name].Age) })
	return list
}

// Page returns the documentation of a life in Markdown: a table of its words, its phrases and its second stories, with their roles.
func (l *Life) Page() string {
	var out strings.Builder
	fmt.Fprintf(&out, "# Life: %s\n\nThe life of %s. This page has the words by which schedules and findings name its events, with Stripe's type, what each says, and\n"+
		"its [role](../lives.md#roles).\n\nA subject binds one of %s, and may give %s ([the target file](../target.md#all-keys)).\n\n",
		l.Name, l.Says, code(l.TieNames()), code(l.GivenNames()))
	out.WriteString("| word or phrase | event type | what it is | role |\n|---|---|---|---|\n")
	for _, w := range l.Own() {
		fmt.Fprintf(&out, "| `%s` | `%s` | %s |%s |\n", w.Name, w.Type, w.Says, l.rolesOf(w.Name))
	}
	for _, name := range slices.Sorted(maps.Keys(l.Phrases)) {
		if l.FormOf(name) == "" {
			fmt.Fprintf(&out, "| **`%s`** | | %s |%s |\n", name, code(l.Phrases[name]), l.rolesOf(name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.Forms)) {
		fmt.Fprintf(&out, "| `%s-…` | | each of these, %s | |\n", name, l.Forms[name].Says)
	}
	return out.String()
}

// rolesOf names the roles of a word or a phrase, with a space before them; "" is none.
func (l *Life) rolesOf(name string) string {
	roles := l.Roles.Each()
	roles["grants"] = []string{l.Roles.Grants}
	var list []string
	for _, role := range []string{"grants", "ends", "renews", "late", "notYet", "beside"} {
		if slices.Contains(roles[role], name) {
			list = append(list, role)
		}
	}
	for _, together := range l.Roles.Together {
		if n := slices.Index(together, name); n >= 0 {
			list = append(list, "together with "+code(slices.Delete(slices.Clone(together), n, n+1)))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return " " + strings.Join(list, "; ")
}

// code sets names as code.
func code(names []string) string { return "`" + strings.Join(names, "`, `") + "`" }
