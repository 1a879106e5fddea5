package run

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
)

// shows returns where a state holds what the right schedule has changed since the base: its value is the one after the right
// schedule, and not the one after the base. A value that an unpaid order also has is no sign of money. A place that may copy the
// event is returned in repeated. If the order was paid before, only its status counts, if it is a word that the payment changed: a
// flag, a number, a list or another status may be about a refund. What only shows what was chosen shows nothing.
// In the view "unlisted" nor does what stands in a list, which may have all that its customer has bought, of other products too; and
// of what the end leaves, such as a number of invoices, only what the target file's grants names does.
func (c Case) shows(h History) (why string, repeated []string) {
	state, states, roles := h.State, h.References, c.roles()
	right, base, fresh, unpaid := states[c.Right], states[c.base()], states[""], states[roles.notYet]
	tells := func(place string) bool {
		value := right[place]
		return value != "" && state[place] == value && unpaid[place] != value && !isTrivial(value)
	}
	shown := func(place string) string {
		return fmt.Sprintf("after %s, %s is %s, as after %s", c.Left, nameOf(place), right.word(place), c.Right)
	}
	if c.base() != "" {
		for _, place := range right.difference(base) {
			if tells(place) && isStatus(right[place]) && isStatus(base[place]) && base[place] != fresh[place] && !inList.MatchString(place) {
				return shown(place), nil
			}
		}
		return "", nil
	}
	unlisted := c.View == "unlisted"
	if state.equal(right) && !unlisted {
		return fmt.Sprintf("after %s the state is as after %s", c.Left, c.Right), nil
	}
	ended := states[roles.grantEnd]
	places, brought := c.access(states), gains(fresh, right, ended)
	if unlisted {
		places = slices.DeleteFunc(places, inList.MatchString)
		brought = slices.DeleteFunc(brought, func(place string) bool { return !c.Grants.hides(place) })
	}
	if (ended == nil || roles.grantEnd == "" || len(places) == 0) && !unlisted { // a life whose grant has no end does not tell what shows the grant
		return c.showsAll(h, fresh, right, tells)
	}
	for _, place := range slices.Concat(places, brought) {
		switch {
		case !tells(place) || c.NotAccess.covers(place):
		case slices.Contains(brought, place) && state.lacksOf(right, place, places): // a row that is not what was granted
		case h.repeats(place, right[place]):
			repeated = append(repeated, place)
		case slices.Contains(brought, place) && !namesMoney(place):
			return shown(place) + "; if that is nothing that was paid for, " + ignoring(place), nil
		default:
			return shown(place), nil
		}
	}
	return "", repeated
}

// lacksOf reports whether the element of a list that a place is in has not all that it shows of access in the granted state.
func (c normalized) lacksOf(granted normalized, place string, access []string) bool {
	element, _ := elementOf(place)
	return element != "" && slices.ContainsFunc(access, func(other string) bool {
		of, _ := elementOf(other)
		return of == element && c[other] != granted[other]
	})
}

// namesMoney reports whether a place's name tells of received money. Such a place must not be ignored.
func namesMoney(place string) bool {
	_, name := event.CutLast(place)
	return moneyName.MatchString(name)
}

// showsAll returns where a state shows everything that the payment has changed. It is used if the target's refunds do not show: a
// flag that closes the order, or a count of its changes, then cannot be distinguished from what was paid for. An amount that is
// also in the event proves nothing.
func (c Case) showsAll(h History, fresh, right normalized, tells func(string) bool) (why string, repeated []string) {
	state := h.State
	var all []string
	for _, place := range right.difference(fresh) {
		switch value := right[place]; {
		case value == "" || isTrivial(value):
		case tells(place) && h.repeats(place, value):
			repeated = append(repeated, place)
		case tells(place):
			all = append(all, nameOf(place)+" is "+state.word(place))
		case state[place] != fresh[place] && h.isSessionAmount(state[place]):
		default:
			return "", nil
		}
	}
	if len(all) == 0 {
		return "", repeated
	}
	return fmt.Sprintf(check.LifeOf(c.Check).Nouns.In("after %s, %s, as after %s: it shows all that the <grant> has changed"), c.Left, strings.Join(all[:min(3, len(all))], ", "), c.Right), nil
}

// ignoring returns how to leave places out of the comparison.
func ignoring(places ...string) string {
	var p proposal
	for _, place := range places {
		p.places = append(p.places, anyIndex(place))
	}
	slices.Sort(p.places)
	p.places = slices.Compact(p.places)
	return p.String()
}

// mayCount returns what to do if a state differs only in numbers or lists that may count changes; "" if it differs elsewhere, or
// if the relation asks about those.
func (c Case) mayCount(seen, want normalized) string {
	if c.View != "outcome" || c.outcomeReferences() == nil { // else what counts changes was left out
		return ""
	}
	places := seen.difference(want)
	var sums []string
	for _, place := range places {
		switch {
		case strings.Contains(place, "/*"):
			sums = append(sums, place)
		case number(seen, place) == nil && number(want, place) == nil && !inList.MatchString(place):
			return ""
		}
	}
	if len(sums) == len(places) {
		return "; if each row has the sum so far, let the state show that sum beside the rows"
	}
	if len(sums) > 0 {
		return ""
	}
	places = slices.DeleteFunc(places, func(place string) bool { return seen[place] == ignored || want[place] == ignored })
	if len(places) == 0 { // how many there are differs, which an entry of ignore keeps
		return ""
	}
	return "; if that only counts or lists changes, " + ignoring(places...)
}

// isStatus reports whether a value is a status, and not an event's type, a code or a number.
func isStatus(value string) bool { return oneWord.MatchString(value) }

var (
	oneWord = regexp.MustCompile(`^"\pL[\pL\pN_ -]*"$`)
	inList  = regexp.MustCompile(`/\d+(/|$)`)
)

// isTrivial reports whether a value tells nothing about money: the payment intent's id or another one, or the type of the last
// event.
func isTrivial(value string) bool {
	return strings.Contains(value, "{{") || strings.Contains(value, "evt_…") || value == "null" || value == `""` || eventTypes()[value]
}
