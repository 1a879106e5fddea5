package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
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
	{[]string{"api"}, "api"},
}

// further tells how much a target file lets be judged, and which keys that it does not have would open more.
func further(out io.Writer, t *target.Target) error {
	lives, _ := t.ByLife(nil) // all of them cannot be unknown
	var checks []check.Check
	judged := 0
	for n, one := range lives {
		for _, c := range check.Of(cmp.Or(one.Life, life.Payment)) {
			if n > 0 && !c.IsAboutLife() { // it is asked in the first one
				continue
			}
			if checks = append(checks, c); one.Lacks(c.Needs()) == "" {
				judged++
			}
		}
	}
	if _, err := fmt.Fprintf(out, "\nThis is enough for %d of %d checks.", judged, len(checks)); err != nil || judged == len(checks) {
		return err
	}
	if _, err := fmt.Fprint(out, " These keys would add more; docs/target.md describes them:\n"); err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, k := range keys {
		if !slices.ContainsFunc(lives, func(one *target.Target) bool { return one.Lacks(k.needs) != "" }) {
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
