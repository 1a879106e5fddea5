package check

import (
	"fmt"
	"strings"

	"example.com/hookproof/hookproof/life"
)

// Family is a family of checks, in the order of reports. docs/checks has a page for each.
type Family struct{ Name, Asks string }

// Families are all of them, with what each asks of an endpoint.
var Families = []Family{
	{"authenticity", "Does the endpoint take what Stripe has signed, and refuse everything else? Signatures of every kind, stale and future times, altered bodies, rolled secrets."},
	{"ack-policy", "Does it answer so that Stripe delivers again what must come again, and nothing else? Which events are acknowledged, how fast, and that no answer tells a stranger anything."},
	{"idempotence", "Does an event that comes twice count once? One after the other, at the same moment, on two replicas, after a restart, under another event id."},
	{"order", "Is the end the same, whatever order the events come in? Late events, events of the same second, an event that comes before its object exists."},
	{"meaning", "Does the endpoint understand what Stripe says? Unpaid sessions, wrong amounts, refunds in parts, disputes, events of other accounts, renewals and trials."},
	{"bookkeeping", "Do the endpoint's own counters add up with what was delivered?"},
	{"faults", "Is anything lost or done twice when something breaks? The database cut off at each message, the process killed between its commit and its answer, Stripe's API failing."},
}

// Index returns a table in Markdown of the families: what each asks, and how many of its checks are asked of each of some lives.
func Index(lives []*life.Life) string {
	var out strings.Builder
	header(&out, "family", "what it asks", lives)
	all := Documented(lives)
	for _, family := range Families {
		fmt.Fprintf(&out, "| [%s](%s.md) | %s |", family.Name, family.Name, family.Asks)
		for _, asked := range byName(lives) {
			count := 0
			for _, c := range inFamily(all, family.Name) {
				if one, is := asked[c.Name]; is && one.isRow(c) {
					count++
				}
			}
			cell(&out, count)
		}
		out.WriteString("\n")
	}
	return out.String()
}

// Page returns a family's page in Markdown: what it asks, a table of its checks with how many relations each tries of each of some
// lives, and each check's demand and entries.
func (f Family) Page(lives []*life.Life) string {
	var out strings.Builder
	checks := inFamily(Documented(lives), f.Name)
	fmt.Fprintf(&out, "# Checks: %s\n\n%s\n\n", f.Name, f.Asks)
	out.WriteString("[All families](README.md), with what the lines below mean. The numbers are the relations that are tried of each [life](../lives.md).\n\n")
	header(&out, "check", "what it demands", lives)
	seen := map[string]int{}
	for _, c := range checks {
		anchor := strings.ReplaceAll(c.Name, "/", "")
		if n := seen[anchor]; n > 0 { // as GitHub tells two headings of one text apart
			anchor += fmt.Sprintf("-%d", n)
		}
		seen[strings.ReplaceAll(c.Name, "/", "")]++
		fmt.Fprintf(&out, "| [%s](#%s) | %s |", strings.TrimPrefix(c.Name, f.Name+"/"), anchor, c.Demand)
		for _, asked := range byName(lives) {
			count := 0
			if one, is := asked[c.Name]; is && one.isRow(c) {
				count = len(one.Relations)
			}
			cell(&out, count)
		}
		out.WriteString("\n")
	}
	return out.String() + "\n" + Table(checks)
}

func inFamily(checks []Check, family string) (list []Check) {
	for _, c := range checks {
		if c.Family() == family {
			list = append(list, c)
		}
	}
	return list
}

// header begins a table that has a column for each of some lives.
func header(out *strings.Builder, first, second string, lives []*life.Life) {
	fmt.Fprintf(out, "| %s | %s |", first, second)
	for _, l := range lives {
		fmt.Fprintf(out, " %s |", l.Name)
	}
	out.WriteString("\n|---|---|" + strings.Repeat("---:|", len(lives)) + "\n")
}

// cell is a count; none is empty.
func cell(out *strings.Builder, count int) {
	if count == 0 {
		out.WriteString(" |")
		return
	}
	fmt.Fprintf(out, " %d |", count)
}

// Table returns the documentation of checks in Markdown: for each a heading, its demand and its entries.
func Table(checks []Check) string {
	var out strings.Builder
	for n, c := range checks {
		if n > 0 {
			out.WriteString("\n")
		}
		fmt.Fprintf(&out, "## %s\n\n%s\n\n", c.Name, c.Demand)
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
