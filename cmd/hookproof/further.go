package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"example.com/hookproof/hookproof"
)

// keys are the words of a target file that open checks, by what the checks call them; init asks for the first three.
var keys = []struct {
	needs []string
	key   string
}{
	{[]string{"subject"}, "subject, state"},
	{[]string{"restart"}, "stop, start"},
	{[]string{"database", "link"}, "database"},
	{[]string{"break"}, "break, mend (or database)"},
	{[]string{"counters"}, "counters"},
	{[]string{"replicas"}, "replicas"},
	{[]string{"previousSecret"}, "previousSecret"},
	{[]string{"announce"}, "{{new.id}} in subject"},
}

// further tells how much a target file lets be judged, and which keys that it does not have would open more.
func further(out io.Writer, t *hookproof.Target) error {
	checks := hookproof.Checks()
	judged := 0
	for _, c := range checks {
		if t.Lacks(c.Needs()) == "" {
			judged++
		}
	}
	if _, err := fmt.Fprintf(out, "\nIt is enough for %d of %d checks.", judged, len(checks)); err != nil || judged == len(checks) {
		return err
	}
	if _, err := fmt.Fprint(out, " What would open more, to be added by hand as docs/hookproof.md tells:\n"); err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, k := range keys {
		if t.Lacks(k.needs) == "" {
			continue
		}
		n, families := 0, []string(nil)
		for _, c := range checks {
			if slices.ContainsFunc(c.Needs(), func(need string) bool { return slices.Contains(k.needs, need) }) {
				if n++; !slices.Contains(families, c.Family()) {
					families = append(families, c.Family())
				}
			}
		}
		if _, err := fmt.Fprintf(table, "  %s\t%s of %s\n", k.key, count(n, "check", "checks"), strings.Join(families, ", ")); err != nil {
			return err
		}
	}
	return table.Flush()
}

// judgedTypes says which events a target file lets be judged, and what it is of no use for.
func judgedTypes() string {
	var types []string
	for _, one := range hookproof.EventTypes() {
		asks := func(word string) bool { return word != "carrier" && !strings.HasPrefix(word, "unhandled") }
		if slices.ContainsFunc(one.Words, asks) {
			types = append(types, one.Type)
		}
	}
	lines := []string{"", "What becomes of a payment by Checkout is judged, by events of these types alone:"}
	for group := range slices.Chunk(types, 3) {
		lines = append(lines, "  "+strings.Join(group, ", "))
	}
	return strings.Join(append(lines, "An endpoint that waits for others alone, as for customer.subscription.updated or invoice.paid, is judged by its URL:",
		"leave out how an object is made. docs/events.md has all types that are sent."), "\n") + "\n"
}
