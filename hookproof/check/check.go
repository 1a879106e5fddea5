// Package check has what is demanded of an endpoint, as data: rows with relations between schedules. It runs nothing.
package check

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// Check is one property that is demanded of an endpoint: a row of a table. The judge, the shrinker,
// explain, the command that reruns a failure and docs/checks.md all read this row.
type Check struct {
	Name    string   // family/what
	Demand  string   // what must be so, in a sentence
	Source  string   // who demands it: a page of Stripe's, or our policy
	Says    string   // what the source demands, in our words; "" is what pages say of it
	Why     string   // what a breach costs
	Fix     string   // how to mend it, in a sentence
	Kills   []string // the faults of fixtures/faults.json that it must catch; they bear the public reports
	Heading string   // of the place in the source; Checks fills it in
	Strict  bool     // demanded by profile strict only, as all is that is our policy; profile stripe tells a breach as info

	Relations []Relation
	// Alone tells that nothing else is delivered meanwhile.
	Alone bool
	// Poison tells that it runs after everything else, faults included.
	Poison bool
	// WholeRun names the judge of the whole run's deliveries, at the end; "" is none. Relations are then there for what they deliver.
	WholeRun string
}

// Phase is when a check runs.
type Phase int

// The phases, in their order.
const (
	Direct    Phase = iota // answers alone
	Shared                 // many subjects at once
	Crowded                // copies that overlap, and what must be alone
	Exclusive              // counters, faults and restarts, one after the other
	Poisoned               // after failures of every kind
	Last                   // over everything that was seen
)

// Phase is the latest that any of the check's relations asks for.
func (c Check) Phase() Phase {
	switch {
	case c.WholeRun != "":
		return Last
	case c.Poison:
		return Poisoned
	}
	p := Direct
	if c.Alone {
		p = Crowded
	}
	for _, r := range c.Relations {
		switch {
		case r.Fault != "" || r.Counts != nil || strings.Contains(r.Left, "restart"):
			p = max(p, Exclusive)
		case strings.Contains(r.Left, "&"):
			p = max(p, Crowded)
		case r.Op != "":
			p = max(p, Shared)
		}
	}
	return p
}

// Relation says what the states after two schedules have to do with each other. The state after a
// schedule is what the target says of a fresh subject when all of it was delivered and, as Stripe would,
// redelivered until it was acknowledged.
type Relation struct {
	// Left is a schedule. {a|b} in it stands for several relations, {a b c} for every order, and in a row of ours <grants> and
	// the like for what a life has in that role.
	Left string
	// Op is "=" the same state, "≠" another, "∌" nothing of what the right one has brought since both began alike,
	// or "" where only the answers are judged, and no state is read.
	Op string
	// Right is the schedule to compare with; "" is nothing delivered.
	Right string
	// If is a relation that must hold for this one to be evidence: whether the target shows a thing at all.
	If string
	// View names what of the states is compared; "" is all of it.
	View string
	// Counts is how the target's counters must move meanwhile.
	Counts *result.Counters
	// Whole tells that no event can be left out of both sides: what one means depends on the other.
	Whole bool
	// Fault strikes during Left's last word: one of the faults' names.
	Fault string
}

// Family is the part of a check's name before the slash.
func (c Check) Family() string {
	family, _, _ := strings.Cut(c.Name, "/")
	return family
}

// All are all checks, family by family, in the order in which they are told: the rows in the words of the payment life.
func All() []Check {
	all := slices.Concat(authenticity, ackPolicy, idempotence, order, meaningChecks, bookkeeping, faultChecks)
	for i := range all {
		all[i] = Asked(life.Payment, all[i]).sourced()
	}
	return all
}

// Named are the check of that name, or the family's.
func Named(name string) []Check {
	return slices.DeleteFunc(All(), func(c Check) bool { return !c.Named(name) })
}

// Words say what the events and faults are that a relation names.
func (r Relation) Words() []string {
	var list []string
	for _, text := range Expand(r.Left, 1, 1) {
		s, err := ParseSchedule(text)
		if err != nil {
			continue
		}
		for _, item := range s {
			says := life.Vocabulary[item.Event].Says
			if item.Verb != "" {
				says = life.Verbs[item.Verb]
			}
			if word := cmp.Or(item.Verb, item.Event) + ": " + says; !slices.Contains(list, word) {
				list = append(list, word)
			}
		}
	}
	if r.Fault != "" {
		list = append(list, r.Fault+": "+Faults[r.Fault].says)
	}
	return list
}

// Reports are the public reports of the faults that the check kills, as owner/repository#number.
func (c Check) Reports() []string {
	var reports []string
	for _, fault := range c.Kills {
		if report := knownFaults()[fault].Report; report != "" && !slices.Contains(reports, report) {
			reports = append(reports, report)
		}
	}
	return reports
}

// knownFaults are those of fixtures/faults.json.
var knownFaults = sync.OnceValue(func() map[string]struct{ Description, Report string } {
	var faults map[string]struct{ Description, Report string }
	if err := json.Unmarshal(fixtures.Faults(), &faults); err != nil {
		panic("hookproof: fixtures/faults.json: " + err.Error()) // embedded, and a test reads it
	}
	return faults
})

// Needs are what a target must offer for the check, in the words of the target file.
func (c Check) Needs() []string {
	var needs []string
	add := func(list ...string) {
		for _, need := range list {
			if !slices.Contains(needs, need) {
				needs = append(needs, need)
			}
		}
	}
	for _, relation := range c.Relations {
		add(relation.needs()...)
	}
	return needs
}

func (r Relation) needs() []string {
	var needs []string
	if r.Op != "" {
		needs = append(needs, "subject", "state")
	}
	words := strings.Fields(r.Left)
	for _, verb := range []struct{ verb, need string }{{"make", "announce"}, {"spread", "replicas"}, {"restart", "restart"}} {
		if slices.Contains(words, verb.verb) {
			needs = append(needs, verb.need)
		}
	}
	if strings.Contains(r.Left, "previous-secret:") {
		needs = append(needs, "previousSecret")
	}
	if r.Counts != nil {
		needs = append(needs, "counters")
	}
	return append(needs, Faults[r.Fault].Needs...)
}

// Struck is a schedule as it is reported where the relation's fault strikes during it.
func (r Relation) Struck(schedule string) string {
	if r.Fault != "" {
		return schedule + ", " + r.Fault + ","
	}
	return schedule
}

// String is the relation as it is told: S(paid*3) = S(paid).
func (r Relation) String() string {
	text := "S(" + r.Left + ")"
	if r.Fault != "" {
		text = "S(" + r.Left + ", " + r.Fault + ")"
	}
	switch r.Op {
	case "":
		return r.Left
	case "∌":
		return text + " shows nothing of S(" + r.Right + ")"
	}
	text += " " + r.Op + " S(" + r.Right + ")"
	if says := ViewSays[r.View]; says != "" {
		text += ", " + says
	}
	return text
}

// ViewSays is what is said behind a relation whose states are compared in a view; the whole state needs no word.
var ViewSays = map[string]string{"outcome": "counts of changes and lists of them aside"}

// Negated is what must not be so of a correct target where the relation is: other answers, and an equality with what is
// not equal. Two schedules that must differ become one, which does not differ from itself; counters move otherwise.
func (r Relation) Negated() Relation {
	turn := strings.NewReplacer("=ack?", "=ack?", "=refused?", "=ack", "=ack", "=refused", "=refused", "=ack", "=rejected", "=ack")
	switch {
	case r.Counts != nil:
		other := *r.Counts
		other.Received++
		r.Counts = &other
	case r.Op == "":
		r.Left = turn.Replace(r.Left)
	case r.Op == "=":
		// As an equality with what is not so, since overlap and faults are of equalities.
		if r.Right = "paid refund-10 expired"; strings.Contains(r.Left, "refund") || !strings.Contains(r.Left, "paid") {
			r.Right = "paid refund-25 dispute"
		}
		r.Whole = true
	case r.Op == "≠":
		r.Right = r.Left
	case r.Op == "∌":
		r.Left = r.Right
	}
	return r
}

func (c Check) Named(name string) bool { return name == c.Name || name == c.Family() }
