package run

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"sync"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
)

// A view is what of a state a relation compares. Right endpoints show more than a relation asks about: a version counter, a
// list of what was done, a flag that expiry and payment both set. Views are pure functions over normalized states. They are
// learnt from references and read no field's name.

// view makes of a state what is compared.
type view func(normalized) normalized

// views are the views that a relation can name, beside "", which is the whole state. of gets the states after the
// references that the view is learnt from; one that could not be had is absent.
var views = map[string]struct {
	references []string
	of         func(map[string]normalized) view
}{
	"":        {of: func(map[string]normalized) view { return whole }},
	"outcome": {[]string{"paid", "paid refund-10", "paid refund-25", "paid refund-10 refund-25"}, outcomeOf},
}

func whole(c normalized) normalized { return c }

// The payment life's story that ∌ is asked about: what grants, what ends the grant, and what is not yet one.
var (
	grant    = check.ScheduleOf(life.Payment, "<grants>")
	grantEnd = check.ScheduleOf(life.Payment, "<grants> <ends>")
	notYet   = check.ScheduleOf(life.Payment, "<notYet>")
)

// granting is the schedule of what grants.
func granting() check.Schedule {
	s, err := check.ParseSchedule(grant)
	if err != nil {
		panic("hookproof: " + err.Error()) // its words are the life's
	}
	return s
}

// learnsFrom are the schedules that a relation's view is learnt from, beside those that it compares.
func (c Case) learnsFrom() []string {
	if c.Op == "∌" && c.base() == "" {
		return []string{grantEnd}
	}
	return views[c.View].references
}

// access are the places that tell whether the grant is there: it has changed them, and its end changes them again. What the
// grant makes larger and its end makes larger once more, such as a version or a history, tells only that something was done.
func access(fresh, granted, ended normalized) (places []string) {
	granting, ending := growth(fresh, granted), growth(granted, ended)
	for _, place := range granted.difference(fresh) {
		if _, there := granted[place]; there && !trivial(granted[place]) && granted[place] != ended[place] && !(granting(place) && ending(place)) {
			places = append(places, place)
		}
	}
	return places
}

// gains are the places that say what the grant has brought and its end leaves: a number that it has made larger, and what is
// in a list that it has made longer.
func gains(fresh, granted, ended normalized) (places []string) {
	granting, ending := growth(fresh, granted), growth(granted, ended)
	for _, place := range granted.difference(fresh) {
		if _, there := granted[place]; there && granted[place] == ended[place] && granting(place) && !ending(place) {
			places = append(places, place)
		}
	}
	return places
}

// growth reports whether a place has a larger number in the second state, or is in a list that is longer there.
func growth(before, after normalized) func(place string) bool {
	old, lists := before.lengths(), after.lengths()
	return func(place string) bool {
		if grows(number(before, place), number(after, place)) {
			return true
		}
		for list := place; list != ""; {
			list, _ = event.CutLast(list)
			if n, is := lists[list]; is && n > old[list] {
				return true
			}
		}
		return false
	}
}

// number is the number at a place; nil if there is none.
func number(c normalized, place string) *float64 {
	n, err := strconv.ParseFloat(c[place], 64)
	if err != nil {
		return nil
	}
	return &n
}

func grows(from, to *float64) bool { return from != nil && to != nil && *to > *from }

// lengths are the lists of a state, and how many elements each has.
func (c normalized) lengths() map[string]int {
	lists, places := map[string]int{}, map[string]bool{}
	for place, value := range c {
		if value == "[]" {
			lists[place] = 0
		}
		for ; place != "" && !places[place]; place, _ = event.CutLast(place) {
			places[place] = true
		}
	}
	for place := range places {
		list, index := event.CutLast(place)
		if n, err := strconv.Atoi(index); err == nil && n >= 0 && places[list+"/0"] {
			lists[list] = max(lists[list], n+1)
		}
	}
	return lists
}

// outcomeOf is the view of what has become of an order, learnt from its refunds. What each refund makes larger by the same step
// counts changes, and is left out. Of a list that each refund makes longer, what its rows add up to is compared, not how
// many there are: one endpoint writes a row for each refund, and another one row for the sum.
func outcomeOf(states map[string]normalized) view {
	paid, tenth, quarter, both := states["paid"], states["paid refund-10"], states["paid refund-25"], states["paid refund-10 refund-25"]
	if paid == nil || tenth == nil || quarter == nil || both == nil {
		return typeless
	}
	counters, ledgers, columns := map[string]bool{}, []string{}, []string{}
	var total string // a place that says what was refunded in all
	for place := range both {
		a, b, c := number(paid, place), number(tenth, place), number(both, place)
		switch {
		case inList.MatchString(place):
		case grows(a, b) && grows(b, c) && *c-*b == *b-*a:
			counters[place] = true
		case proportional(a, b, number(quarter, place)):
			total = place
		}
	}
	before, after := paid.lengths(), tenth.lengths()
	for list, n := range both.lengths() {
		if n > after[list] && after[list] > before[list] {
			ledgers = append(ledgers, list)
		}
	}
	inLedger := func(place string) string {
		for _, list := range ledgers {
			if place == list || strings.HasPrefix(place, list+"/") {
				return list
			}
		}
		return ""
	}
	for _, list := range ledgers {
		of, first, second := paid.sums(list), tenth.sums(list), quarter.sums(list)
		for column, b := range first {
			a, c := of[column], second[column]
			if proportional(&a.sum, &b.sum, &c.sum) {
				columns = append(columns, column)
			}
		}
	}
	return func(state normalized) normalized {
		seen := normalized{}
		for place, value := range state {
			if !counters[place] && inLedger(place) == "" {
				seen[place] = value
			}
		}
		sums := map[string]column{}
		for _, list := range ledgers {
			maps.Copy(sums, state.sums(list))
		}
		for _, name := range columns {
			// Rows that tell the sum so far are as right as rows that tell one refund each, where the state says the sum as well.
			rows, said := sums[name], number(state, total)
			value := rows.sum
			if total != "" && said != nil && (rows.sum == *said || rows.largest == *said) {
				value = *said
			}
			text, _ := json.Marshal(value) // finite, as read
			seen[name] = string(text)
		}
		return typeless(seen)
	}
}

// typeless is a state in which every type of an event has the same name: which event came last is not what has become of
// an order.
func typeless(c normalized) normalized {
	named := maps.Clone(c)
	for place, value := range named {
		if eventTypes()[value] {
			named[place] = `"{{type}}"`
		}
	}
	return named
}

// eventTypes are the types of the events that schedules name, as a state has them.
var eventTypes = sync.OnceValue(func() map[string]bool {
	types := map[string]bool{}
	for _, w := range life.Vocabulary {
		if w.Event != "" {
			types[strconv.Quote(life.FixtureType(w.Event))] = true
		}
	}
	return types
})

// proportional reports whether a tenth and a quarter of a sum have moved a number as they should, a cent more or less.
func proportional(none, tenth, quarter *float64) bool {
	if none == nil || tenth == nil || quarter == nil || *tenth == *none {
		return false
	}
	ratio := (*quarter - *none) / (*tenth - *none)
	return ratio > 2.45 && ratio < 2.55
}

// column is the numbers at one place of each row of a list.
type column struct{ sum, largest float64 }

// sums are a list's columns, by the place with * for the row.
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
