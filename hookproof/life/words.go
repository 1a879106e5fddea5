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

// Page returns the documentation of a life in Markdown: its words, its phrases, its second stories and its roles.
func (l *Life) Page() string {
	var out strings.Builder
	fmt.Fprintf(&out, "### %s\n\nThe life of %s. A subject binds one of %s.\n\n", l.Name, l.Says, code(l.TieNames(), ", "))
	out.WriteString("| word | event type | what it is |\n|---|---|---|\n")
	for _, w := range l.Own() {
		fmt.Fprintf(&out, "| `%s` | `%s` | %s |\n", w.Name, w.Type, w.Says)
	}
	out.WriteString("\n| phrase | words |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(l.Phrases)) {
		if l.FormOf(name) == "" {
			fmt.Fprintf(&out, "| `%s` | %s |\n", name, code(l.Phrases[name], ", "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.Forms)) {
		fmt.Fprintf(&out, "| `%s-…` | the words and phrases above, %s |\n", name, l.Forms[name].Says)
	}
	out.WriteString("\n| role | words or phrases |\n|---|---|\n")
	for _, role := range l.Roles.list() {
		if len(role.names) > 0 {
			fmt.Fprintf(&out, "| %s | %s |\n", role.name, code(role.names, ", "))
		}
	}
	return out.String()
}

// list returns the roles in the order of FORMAT.md, those of together as pairs.
func (r Roles) list() []struct {
	name  string
	names []string
} {
	var together []string
	for _, one := range r.Together {
		together = append(together, strings.Join(one, " & "))
	}
	return []struct {
		name  string
		names []string
	}{{"grants", []string{r.Grants}}, {"ends", r.Ends}, {"late", r.Late}, {"notYet", r.NotYet}, {"beside", r.Beside}, {"together", together}}
}

// code sets names as code.
func code(names []string, between string) string {
	if len(names) == 0 {
		return ""
	}
	return "`" + strings.Join(names, "`"+between+"`") + "`"
}
