package run

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// A view is the part of a state that a relation compares. A correct endpoint may show more than the relation asks about: a version
// counter, a list of changes, a flag that both expiry and payment set. Views are pure functions over normalized states. They are
// learnt from references, and do not depend on the names of fields.

// view returns the part of a state to compare.
type view func(normalized) normalized

// viewOf returns the view of a case, learnt from the states after the schedules of learnsFrom. A schedule that could not be delivered is
// absent. It returns nil if the state has nothing of what the view shows.
func (c Case) viewOf(states map[string]normalized) view {
	switch c.View {
	case "":
		return whole
	case "outcome":
		if references := c.outcomeReferences(); references != nil {
			return outcomeOf(states, references)
		}
		return c.outcomeWithoutRefunds(states)
	}
	var parts []view
	for _, part := range strings.Split(c.View, "+") {
		if one := c.part(part, states); one != nil {
			parts = append(parts, one)
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return func(state normalized) normalized {
		seen := normalized{}
		for _, one := range parts {
			maps.Copy(seen, one(state))
		}
		return seen
	}
}

// outcomeWithoutRefunds is what became of a subject of a life without refunds: all but what counts or lists changes.
func (c Case) outcomeWithoutRefunds(states map[string]normalized) view {
	roles := c.roles()
	counts := countsChanges(states[""], states[roles.grant], states[roles.grantEnd])
	return func(state normalized) normalized {
		return typeless(state.only(func(place, _ string) bool { return !counts(place) }))
	}
}

func whole(c normalized) normalized { return c }

// roles are schedules that a life's roles stand for: what grants, what ends the grant, what grants once more, and what does not grant
// yet. A life without such a role has "".
type roles struct{ grant, grantEnd, renewed, notYet string }

func rolesOf(l *life.Life) roles {
	return roles{
		grant:    check.ScheduleOf(l, "<grants>"),
		grantEnd: check.ScheduleOf(l, "<grants> <ends>"),
		renewed:  check.ScheduleOf(l, "<grants> <renews>"),
		notYet:   check.ScheduleOf(l, "<notYet>"),
	}
}

// roles are those of the case's life, with Stripe's API where the case has it.
func (c Case) roles() roles {
	return rolesOf(check.LifeOf(c.Check)).beginning(cmp.Or(c.Compared.Mode(), c.Delivered.Mode()))
}

// beginning returns the roles with a verb at the beginning of their schedules.
func (r roles) beginning(verb string) roles {
	for _, schedule := range []*string{&r.grant, &r.grantEnd, &r.renewed, &r.notYet} {
		*schedule = check.Beginning(verb, *schedule)
	}
	return r
}

// grants returns the schedule of what grants.
func (x *executor) grants() check.Schedule {
	s, err := check.ParseSchedule(x.life, x.roles.grant)
	if err != nil {
		panic("hookproof: " + err.Error()) // its events are the life's own
	}
	return s
}

// learnsFrom are the schedules from which a relation's view is learnt, besides those that it compares.
func (c Case) learnsFrom() []string {
	roles := c.roles()
	if c.View == "outcome" && c.outcomeReferences() != nil {
		return c.outcomeReferences()
	}
	if c.View == "taken" {
		return []string{roles.grant, roles.grant + " dispute", roles.disputed(c.Check)}
	}
	var list []string
	if roles.grantEnd != "" && (c.View != "" || c.Op == "∌" && c.base() == "" || c.comparesTheEnd()) {
		list = append(list, roles.grant, roles.grantEnd)
	}
	if roles.renewed != "" && (strings.Contains(c.View, "quotas") || c.View == "choice") {
		list = append(list, roles.grant, roles.renewed)
	}
	return list
}

// access returns the places that tell whether the grant is there: the grant changed them, and its end changed them again. A place
// that grows with the grant and again with its end, such as a version or a history, only counts changes.
func access(fresh, granted, ended normalized) (places []string) {
	granting, ending := growth(fresh, granted), growth(granted, ended)
	for _, place := range granted.difference(fresh) {
		if _, there := granted[place]; there && !isTrivial(granted[place]) && granted[place] != ended[place] && !(granting(place) && ending(place)) {
			places = append(places, place)
		}
	}
	return places
}

// gains returns the places that hold what the grant brought and its end leaves: a number that the grant made larger, and an
// element of a list that it made longer.
func gains(fresh, granted, ended normalized) (places []string) {
	granting, ending := growth(fresh, granted), growth(granted, ended)
	for _, place := range granted.difference(fresh) {
		if _, there := granted[place]; there && granted[place] == ended[place] && granting(place) && !ending(place) {
			places = append(places, place)
		}
	}
	return places
}

// growth returns a function that reports whether a place has a larger number in the second state, or is in a list that is longer there.
func growth(before, after normalized) func(place string) bool {
	old, lists := before.lengths(), after.lengths()
	return func(place string) bool {
		if grows(number(before, place), number(after, place)) {
			return true
		}
		for list := place; list != ""; { // the place of a length is below its list, as those of the elements are
			list, _ = event.CutLast(list)
			if n, is := lists[list]; is && n > old[list] {
				return true
			}
		}
		return false
	}
}

// number returns the number at a place; nil if there is none.
func number(c normalized, place string) *float64 {
	n, err := strconv.ParseFloat(c[place], 64)
	if err != nil {
		return nil
	}
	return &n
}

func grows(from, to *float64) bool { return from != nil && to != nil && *to > *from }

// lengths returns the lists of a state, each with its number of elements.
func (c normalized) lengths() map[string]int { return result.Leaves(c).Lists() }

// outcomeOf is the view of what became of an order, learnt from its refunds.
func outcomeOf(states map[string]normalized, references []string) view {
	paid, tenth, quarter, both := states[references[0]], states[references[1]], states[references[2]], states[references[3]]
	if paid == nil || tenth == nil || quarter == nil || both == nil {
		return typeless
	}
	return refundsOf(paid, tenth, quarter, both).outcome
}

// refunds are the places at which a state counts, sums and lists refunds.
type refunds struct {
	counters map[string]bool // numbers that each refund raises by the same step: they count changes
	total    string          // the number that grows as the refunded sum does; "" if there is none
	ledgers  []string        // lists that each refund makes longer
	columns  []string        // their numbers whose sum grows as the refunded sum does, with * for the row
}

// refundsOf learns the places from the states after no refund, after one of a tenth, after one of a quarter, and after both.
func refundsOf(paid, tenth, quarter, both normalized) refunds {
	r := refunds{counters: map[string]bool{}}
	for place := range both {
		a, b, c := number(paid, place), number(tenth, place), number(both, place)
		switch {
		case inList.MatchString(place):
		case grows(a, b) && grows(b, c) && *c-*b == *b-*a:
			r.counters[place] = true
		case proportional(a, b, number(quarter, place)):
			r.total = place
		}
	}
	before, after := paid.lengths(), tenth.lengths()
	for list, n := range both.lengths() {
		if n <= after[list] || after[list] <= before[list] {
			continue
		}
		r.ledgers = append(r.ledgers, list)
		of, first, second := paid.sums(list), tenth.sums(list), quarter.sums(list)
		for column, b := range first {
			a, c := of[column], second[column]
			if proportional(&a.sum, &b.sum, &c.sum) {
				r.columns = append(r.columns, column)
			}
		}
	}
	return r
}

// outcome is a state without counts of changes, and with the sums of a ledger's columns in place of its rows: one endpoint writes a row
// for each refund, another one row for the sum.
func (r refunds) outcome(state normalized) normalized {
	seen := state.only(func(place, _ string) bool { return !r.counters[place] && !r.listed(place) })
	sums := map[string]column{}
	for _, list := range r.ledgers {
		maps.Copy(sums, state.sums(list))
	}
	for _, name := range r.columns {
		// A row may hold the sum so far or one refund. Both are correct if the state has the total as well.
		rows, total := sums[name], number(state, r.total)
		value := rows.sum
		if r.total != "" && total != nil && (rows.sum == *total || rows.largest == *total) {
			value = *total
		}
		text, _ := json.Marshal(value) // finite, as read
		seen[name] = string(text)
	}
	return typeless(seen)
}

// listed reports whether a place is a ledger or in one.
func (r refunds) listed(place string) bool {
	return slices.ContainsFunc(r.ledgers, func(list string) bool { return place == list || strings.HasPrefix(place, list+"/") })
}

// typeless returns a state with one name for every event type. Which event came last is not what became of an order.
func typeless(c normalized) normalized {
	named := maps.Clone(c)
	for place, value := range named {
		if eventTypes()[value] {
			named[place] = `"{{type}}"`
		}
	}
	return named
}

// eventTypes are the types of the events that schedules name, in the form of a state's leaf.
var eventTypes = sync.OnceValue(func() map[string]bool {
	types := map[string]bool{}
	for _, one := range life.Types() {
		types[strconv.Quote(one.Type)] = true
	}
	return types
})

// proportional reports whether a refund of a tenth and one of a quarter moved a number in proportion, within a cent.
func proportional(none, tenth, quarter *float64) bool {
	if none == nil || tenth == nil || quarter == nil || *tenth == *none {
		return false
	}
	ratio := (*quarter - *none) / (*tenth - *none)
	return ratio > 2.45 && ratio < 2.55
}

// column is the numbers at one place in each row of a list.
type column struct{ sum, largest float64 }

// sums returns a list's columns, by the place with * for the row.
func (c normalized) sums(list string) map[string]column {
	columns := map[string]column{}
	for place := range c {
		rest, within := strings.CutPrefix(place, list+"/")
		n := number(c, place)
		if !within || n == nil {
			continue
		}
		_, of, _ := strings.Cut(rest, "/")
		name := strings.TrimSuffix(list+"/*/"+of, "/")
		sum := columns[name]
		columns[name] = column{sum.sum + *n, max(sum.largest, *n)}
	}
	return columns
}
