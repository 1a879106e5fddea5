// Package check is what is demanded of an endpoint, as data: rows with relations between schedules. It runs nothing.
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

// Check is one property that is demanded of an endpoint: a row of a table. The judge, the shrinker, hookproof explain, the command
// that reruns a failure and docs/checks all use this row.
type Check struct {
	Name    string   // family/what
	Demand  string   // what must be true, in a sentence; in our rows, <subject>, <grant> and <object> stand for a life's nouns, here and in Why, Fix and Excuse
	Source  string   // who demands it: a page of Stripe's documentation, or our policy
	Says    string   // what the source demands, in our words; "" is what pages has for it
	Why     string   // what a failure costs
	Fix     string   // how to fix it, in a sentence
	Kills   []string // the faults of fixtures/faults.json that it must catch; they name public reports
	Heading string   // the heading at the source; All fills it in
	Strict  bool     // demanded by profile strict only, as everything that only our policy demands; profile stripe reports a failure as info

	Life      *life.Life // whose events the relations name; nil is the payment life
	Relations []Relation
	// Alone is for a check beside which nothing else is delivered.
	Alone bool
	// Every is for a check of which every relation is tried, also when one has failed, and by itself: the report names each that
	// failed.
	Every bool
	// Excuse is why another answer to a relation that demands ack? is no fault, if Every is set. Such an answer is told, and the verdict
	// is of the other relations.
	Excuse string
	// Rest is for a check of which only those relations are asked that no row before it asks.
	Rest bool
	// Poison is for a check that runs after everything else, faults included.
	Poison bool
	// WholeRun names a judge of all deliveries of the run, which runs at the end; "" is none. The check's relations then only
	// deliver something for it.
	WholeRun string

	written string // Demand as it is written: rows of one name differ by it
}

// Phase is when a check runs.
type Phase int

// The phases, in their order.
const (
	Direct    Phase = iota // answers alone
	Shared                 // many subjects at once
	Crowded                // copies that overlap, and checks that must be alone
	Exclusive              // counters, faults and restarts, one after the other
	Poisoned               // after failures of every kind
	Last                   // over everything that was seen
)

// Phase returns the latest phase that any of the check's relations needs.
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
		case r.Fault != "" && !Faults[r.Fault].OfAPI() || r.Counts != nil || strings.Contains(r.Left, "restart"), slices.Contains(strings.Fields(r.Left), "refused"):
			p = max(p, Exclusive)
		case strings.Contains(r.Left, "&"):
			p = max(p, Crowded)
		case r.Op != "":
			p = max(p, Shared)
		}
	}
	return p
}

// Relation is a demand on the states after two schedules. The state after a schedule is the target's state of a fresh subject,
// once everything was delivered and, as Stripe would, redelivered until it was acknowledged.
type Relation struct {
	// Left is a schedule. {a|b} in it stands for two relations, one with each, and {a b c} for one with every order. In our rows,
	// <grants> and the like stand for the events that a life has in that role.
	Left string
	// Op is "=" for the same state, "≠" for another one, and "∌" for a state with nothing that the right schedule brought after
	// the common beginning. Of two states that a life's roles tell apart, it is "∋" for a state that shows some of the access that the
	// right schedule gives, "adds" for one in which being paid once more has added as much as before, or nothing, and "moves" for one in
	// which what was paid for ends later. It is "tells" for a difference that is worth knowing and no fault. It is ActsOnce if what is
	// asked of Stripe's API is judged, and "" if only the answers are judged, and no state is read.
	Op string
	// Right is the schedule to compare with; "" is nothing delivered. If {a b} in it stands for several, one of them must fit.
	Right string
	// If is a relation that must hold for this one to be evidence: whether the target's state shows the effect at all.
	If string
	// Where is a relation that must hold for this one to be asked: which design of an endpoint it is about. = is about the part of the
	// states that is compared, ≠ about all of them.
	Where string
	// View names the parts of the states to compare, with a plus between them; "" is all of it.
	View string
	// Info is for a relation of which a breach is worth knowing, and no fault.
	Info bool
	// Counts is how the target's counters must move meanwhile.
	Counts *result.Counters
	// Whole is for a relation whose events depend on each other: no event can be left out of both sides.
	Whole bool
	// Fixed is for a relation that would ask something else without any of its events: a failure and what mends it.
	Fixed bool
	// Fault is the fault that strikes during Left's last step.
	Fault string
	// Orders is how many of the orders of Left a usual run tries, where each takes long; 0 is as many as of other relations.
	Orders int
}

// Family returns the part of a check's name before the slash.
func (c Check) Family() string {
	family, _, _ := strings.Cut(c.Name, "/")
	return family
}

// rows are all checks as they are written, over roles.
var rows = slices.Concat(authenticity, ackPolicy, idempotence, oneFact, order, subscriptionOrder, anyOrder, meaningChecks, refundMeaning, orderMeaning, intentMeaning, subscriptionMeaning, endShows, bookkeeping, faultChecks, apiFaults)

// All returns all checks of the payment life.
func All() []Check { return Of(life.Payment) }

// Of returns the checks that can be asked of a life, family by family, in the order of reports. Their schedules have the life's events.
func Of(l *life.Life) []Check {
	all, known := ofLife.Load(l)
	if !known {
		all, _ = ofLife.LoadOrStore(l, rowsOf(l))
	}
	return slices.Clone(all.([]Check))
}

// ofLife keeps what rowsOf returns: a run asks for the checks of its life again and again, and a life does not change.
var ofLife sync.Map // of *life.Life, to []Check

func rowsOf(l *life.Life) []Check {
	var all []Check
	demanded := map[string]bool{}
	for _, row := range rows {
		asked := Asked(l, row).sourced()
		asked.Relations = slices.DeleteFunc(asked.Relations, func(r Relation) bool {
			what := r
			what.View = ""
			known := demanded[what.String()]
			demanded[what.String()] = true
			return known && (r.Op == "∌" || row.Rest)
		})
		asked.Relations = slices.Clip(asked.Relations)
		if len(asked.Relations) > 0 {
			all = append(all, asked)
		}
	}
	return all
}

// LifeOf returns the life whose events a check's relations name.
func LifeOf(c Check) *life.Life { return cmp.Or(c.Life, life.Payment) }

// IsAboutLife reports whether a check asks about the events of its life: it reads a state, or delivers a genuine event of the life's own.
// Others ask of every life the same.
func (c Check) IsAboutLife() bool {
	l := LifeOf(c)
	return slices.ContainsFunc(c.Relations, func(r Relation) bool {
		if r.Op != "" || r.Counts != nil {
			return true
		}
		s, err := ParseSchedule(l, Expand(r.Left, 1, 1)[0])
		return err == nil && slices.ContainsFunc(s, func(step Step) bool {
			_, own := l.Words[step.Event]
			return own && step.Sign == "" && step.Event != l.Grant()
		})
	})
}

// Named returns the check of that name, or the checks of that family.
func Named(name string) []Check {
	return slices.DeleteFunc(All(), func(c Check) bool { return !c.Named(name) })
}

// Words returns descriptions of the events and faults that a relation names.
func (r Relation) Words(l *life.Life) []string {
	var list []string
	for _, text := range Expand(r.Left, 1, 1) {
		s, err := ParseSchedule(l, text)
		if err != nil {
			continue
		}
		for _, item := range s {
			description := cmp.Or(item.Spec.Says, life.Verbs[item.Verb])
			if word := cmp.Or(item.Verb, item.Event) + ": " + description; !slices.Contains(list, word) {
				list = append(list, word)
			}
		}
	}
	if r.Fault != "" {
		list = append(list, r.Fault+": "+Faults[r.Fault].description)
	}
	return list
}

// Reports returns the public reports of the faults that the check catches, as owner/repository#number.
func (c Check) Reports() []string {
	var reports []string
	for _, fault := range c.Kills {
		if report := knownFaults()[fault].Report; report != "" && !slices.Contains(reports, report) {
			reports = append(reports, report)
		}
	}
	return reports
}

// knownFaults are the faults of fixtures/faults.json.
var knownFaults = sync.OnceValue(func() map[string]struct{ Description, Report string } {
	var faults map[string]struct{ Description, Report string }
	if err := json.Unmarshal(fixtures.Faults(), &faults); err != nil {
		panic("hookproof: fixtures/faults.json: " + err.Error()) // embedded, and a test reads it
	}
	return faults
})

// Struck returns a schedule as it is reported if the relation's fault strikes during it.
func (r Relation) Struck(schedule string) string {
	if r.Fault != "" {
		return schedule + ", " + r.Fault + ","
	}
	return schedule
}

// String returns the relation as it is reported: S(paid*3) = S(paid).
func (r Relation) String() string {
	text := "S(" + r.Left + ")"
	if r.Fault != "" {
		text = "S(" + r.Left + ", " + r.Fault + ")"
	}
	switch r.Op {
	case "":
		return r.Left
	case "∌":
		text += " shows nothing of S(" + r.Right + ")"
		if r.View != "" {
			text += ", lists aside"
		}
		return text
	case "∋":
		return text + " shows some of the access of S(" + r.Right + ")"
	case "adds":
		return text + " adds to S(" + r.Right + ") as much as that added, or nothing"
	case "moves":
		return text + " shows a later end than S(" + r.Right + ")"
	case ActsOnce:
		return text + " asks Stripe for nothing twice"
	case "tells":
		return "what " + text + " shows beside S(" + r.Right + ")"
	}
	text += " " + r.Op + " S(" + r.Right + ")"
	if description := ViewSays(r.View); description != "" {
		text += ", " + description
	}
	return text
}

// Condition is a relation on which another one depends.
type Condition struct {
	Left, Right string
	Equal       bool // the states must be equal; else they must differ
}

// Conditions returns what the relation depends on: If, and Where. nil is nothing.
func (r Relation) Conditions() (evidence, asked *Condition) {
	return conditionOf(r.If), conditionOf(r.Where)
}

func conditionOf(text string) *Condition {
	for _, op := range []string{"≠", "="} {
		if left, right, is := strings.Cut(text, op); is {
			return &Condition{Left: strings.TrimSpace(left), Right: strings.TrimSpace(right), Equal: op == "="}
		}
	}
	return nil
}

// Schedules returns the texts of all schedules that the relation names.
func (r Relation) Schedules() []string {
	all := []string{r.Left, r.Right}
	for _, one := range []*Condition{conditionOf(r.If), conditionOf(r.Where)} {
		if one != nil {
			all = append(all, one.Left, one.Right)
		}
	}
	return all
}

// ViewSays is what a report adds to a relation that compares a view; nothing for the whole state.
func ViewSays(view string) string {
	if view == "" {
		return ""
	}
	if view == "outcome" {
		return "counts of changes and lists of them aside"
	}
	var parts []string
	for part := range strings.SplitSeq(view, "+") {
		parts = append(parts, "in "+Parts[part])
	}
	return result.And(parts)
}

// Parts are the parts of a state that a view can have, by their names in rows.
var Parts = map[string]string{
	"access":   "what shows that it is allowed",
	"grants":   "what being paid adds to",
	"numbers":  "numbers and the lengths of lists",
	"tallied":  "numbers that do not count changes",
	"quotas":   "numbers that being paid once more leaves as they are",
	"choice":   "what depends on what was chosen",
	"dates":    "when it ends",
	"statuses": "texts of one word",
	"texts":    "texts that it has changed",
	"counted":  "what it has counted, histories aside",
	"kept":     "what it has changed: more of it is no difference",
	"taken":    "what a dispute takes",
}

// Negated returns a relation that a correct target breaks: other answers, or an equality of states that differ. Two schedules that
// must differ become one and the same. Counters must move differently. What cannot fail, or only where a dispute takes something, stays.
func (r Relation) Negated() Relation {
	turn := strings.NewReplacer("=ack?", "=ack?", "=refused?", "=ack", "=ack", "=refused", "=refused", "=ack", "=rejected", "=ack")
	if r.Info || r.View == "taken" {
		return r
	}
	r.Where = ""
	switch {
	case r.Counts != nil:
		other := *r.Counts
		other.Received++
		r.Counts = &other
	case r.Op == "":
		r.Left = turn.Replace(r.Left)
	case r.Op == "=":
		// An equality of unequal states, since overlap and faults are for equalities.
		if r.Right = "paid refund-10 expired"; strings.Contains(r.Left, "refund") || !strings.Contains(r.Left, "paid") {
			r.Right = "paid refund-25 dispute"
		}
		r.Whole = true
	case r.Op == "≠":
		r.Right = r.Left
	case r.Op == "∌", r.Op == "moves":
		r.Left = r.Right
	case r.Op == "∋":
		r.Left = ""
	}
	return r
}

func (c Check) Named(name string) bool { return name == c.Name || name == c.Family() }
