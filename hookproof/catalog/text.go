package catalog

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/life"
)

// Text writes a list in columns; a column of nothing is "-".
func (l List) Text(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, one := range l.Items {
		texts := l.columns(one)
		for n, text := range texts {
			texts[n] = cmp.Or(text, "-")
		}
		if _, err := fmt.Fprintln(table, strings.Join(texts, "\t")); err != nil {
			return err
		}
	}
	return table.Flush()
}

func (l List) columns(i Item) []string {
	switch {
	case l.List == "lives":
		return []string{i.Name, life.OneOf(i.Binds), i.Says}
	case l.List == "events" && l.Life == "":
		return []string{i.Type, i.Object, strings.Join(i.Words, " ")}
	case l.List == "events":
		return []string{i.Name, i.Type, i.Says}
	}
	return []string{i.Name, strings.Join(i.Needs, " "), i.Demands}
}

// Text writes what explains some checks.
func Text(out io.Writer, checks []check.Check) error {
	for _, c := range checks {
		var text strings.Builder
		fmt.Fprintf(&text, "%s\n  %s\n\n", c.Name, c.Demand)
		for _, e := range c.Entries() {
			fmt.Fprintf(&text, "  %-12s %s\n", e.Label, e.Text)
		}
		if _, err := fmt.Fprintln(out, text.String()); err != nil {
			return err
		}
	}
	return nil
}
