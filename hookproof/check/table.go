package check

import (
	"fmt"
	"slices"
	"strings"
)

// Entry is one line of a check's description.
type Entry struct{ Label, Text string }

// Entries returns a check's description: 'hookproof explain' prints it, and docs/checks.md has it.
func (c Check) Entries() []Entry {
	var list []Entry
	add := func(label, text string) {
		if text != "" {
			list = append(list, Entry{label, text})
		}
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

// Table returns the documentation of checks in Markdown: a heading for each family, and for each check its demand and its entries.
func Table(checks []Check) string {
	var out strings.Builder
	family := ""
	for n, c := range checks {
		if n > 0 {
			out.WriteString("\n")
		}
		if c.Family() != family {
			family = c.Family()
			fmt.Fprintf(&out, "## %s\n\n", family)
		}
		fmt.Fprintf(&out, "### %s\n\n%s\n\n", c.Name, c.Demand)
		for _, e := range c.Entries() {
			fmt.Fprintf(&out, "- %s: %s\n", e.Label, e.markdown())
		}
	}
	return out.String()
}

// markdown returns an entry's text, with names and schedules set as code.
func (e Entry) markdown() string {
	code := func(text string) string { return "`" + text + "`" }
	switch e.Label {
	case "needs", "kills":
		return code(strings.ReplaceAll(e.Text, ", ", "`, `"))
	case "tried":
		return code(e.Text)
	case "where":
		name, description, _ := strings.Cut(e.Text, ": ")
		return code(name) + ": " + description
	}
	return e.Text
}
