package hookproof

import (
	"fmt"
	"strings"
)

// Table is the documentation of checks: a table in Markdown, a row each.
func Table(checks []Check) string {
	var out strings.Builder
	out.WriteString("| check | demands | demanded by | needs | relations | kills | reports |\n|---|---|---|---|---|---|---|\n")
	for _, c := range checks {
		source := c.Source
		if c.Heading != "" {
			source += ", “" + c.Heading + "”"
		}
		if c.Says != "" {
			source += ": " + c.Says
		}
		if c.Strict {
			source += " (`strict` only)"
		}
		var relations []string
		for _, r := range c.Relations {
			relations = append(relations, "`"+strings.ReplaceAll(r.String(), "|", `\|`)+"`")
		}
		if c.WholeRun != "" {
			relations = append(relations, "every answer in calm")
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s | %s | %s |\n", c.Name, c.Demand, source, strings.Join(c.Needs(), ", "),
			strings.Join(relations, "<br>"), strings.Join(c.Kills, ", "), strings.Join(c.Reports(), ", "))
	}
	return out.String()
}
