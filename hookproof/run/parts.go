package run

import (
	"slices"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
)

// A view can have several parts. Endpoints that are right differ in what they keep beside what was bought: histories, mails, mirrored
// objects. So most relations of a life compare some parts alone. No part depends on the names of fields.

// part returns one part of a view, by its name in check.Parts. It is nil if the states have nothing of it.
func (c Case) part(name string, states map[string]normalized) view {
	l := check.LifeOf(c.Check)
	roles := c.roles()
	fresh, granted, ended := states[""], states[roles.grant], states[roles.grantEnd]
	counts := countsChanges(fresh, granted, ended)
	switch name {
	case "access":
		if places := c.access(states); len(places) > 0 {
			return accessAt(granted, places)
		}
		return nil
	case "grants":
		if len(c.Grants) == 0 {
			return nil
		}
		return placesWhere(func(place, _ string) bool { return c.Grants.covers(place) })
	case "numbers":
		return numbers
	case "texts":
		return c.texts(states)
	case "counted":
		return c.counted(states)
	case "kept":
		return c.kept(states)
	case "taken":
		return roles.taken(c.Check, states)
	case "tallied":
		return func(state normalized) normalized {
			return numbers(state).only(func(place, _ string) bool { return !counts(place) })
		}
	case "quotas":
		renewed := states[roles.renewed]
		if granted == nil || renewed == nil {
			return nil
		}
		once, again := numbers(granted), numbers(renewed)
		return func(state normalized) normalized {
			return numbers(state).only(func(place, _ string) bool { return !counts(place) && once[place] == again[place] })
		}
	case "choice":
		return c.choice(states)
	case "dates":
		return datesOf(granted, l.Roles.Until)
	case "statuses":
		compared := states[c.Right]
		return placesWhere(func(place, _ string) bool { return isStatus(compared[place]) && !counts(place) })
	}
	panic("hookproof: there is no part " + name) // a row's, and a test goes through all rows
}

// choice is the view of what differs between two purchases, because something else was chosen. Sums and counts of payments are none of
// it: being paid once more changes them, too.
func (c Case) choice(states map[string]normalized) view {
	roles := c.roles()
	granted, other, renewed := states[roles.grant], states[c.Right], states[roles.renewed]
	if granted == nil || renewed == nil {
		return nil
	}
	renewing := growth(granted, renewed)
	places := slices.DeleteFunc(other.difference(granted), func(place string) bool {
		return c.Grants.covers(place) || renewing(place) || granted[place] != renewed[place] || strings.Contains(granted[place]+other[place], "{{")
	})
	if len(places) == 0 {
		return nil
	}
	return placesWhere(func(place, _ string) bool { return slices.Contains(places, place) })
}

func placesWhere(wanted func(place, value string) bool) view {
	return func(state normalized) normalized { return state.only(wanted) }
}

// access returns the places that show that what was bought is allowed: the grant changed them, its end changed them again, they hold no
// time, and the target file does not say that they only show what was chosen.
func (c Case) access(states map[string]normalized) []string {
	roles := c.roles()
	granted, ended := states[roles.grant], states[roles.grantEnd]
	if granted == nil || ended == nil {
		return nil
	}
	return slices.DeleteFunc(access(states[""], granted, ended), func(place string) bool {
		return c.NotAccess.covers(place) || strings.Contains(ended[place], "{{")
	})
}

// countsChanges returns a function that reports whether a place counts or lists changes: it grew with the grant, and again with its end.
func countsChanges(fresh, granted, ended normalized) func(place string) bool {
	if granted == nil || ended == nil {
		return func(string) bool { return false }
	}
	granting, ending := growth(fresh, granted), growth(granted, ended)
	return func(place string) bool { return granting(place) && ending(place) }
}

// accessAt is the view of access: what a state has at places that show the grant. Of a list one element is enough, if it shows all that
// the element of the granted state shows.
func accessAt(granted normalized, places []string) view {
	elements := map[string][]string{} // the elements of lists, with their places
	for _, place := range places {
		element, _ := elementOf(place)
		elements[element] = append(elements[element], place)
	}
	return func(state normalized) normalized {
		seen := normalized{}
		for element, places := range elements {
			shown := element != "" && state.hasLike(granted, element, places)
			for _, place := range places {
				value, there := state[place]
				if shown {
					value, there = granted[place], true
				}
				if there {
					seen[place] = value
				}
			}
		}
		return seen
	}
}

// elementOf returns the element of a list that a place is in, and the list; "" if it is in none. Of lists within lists it is the outermost.
func elementOf(place string) (element, list string) {
	at := inList.FindStringIndex(place)
	if at == nil {
		return "", ""
	}
	return strings.TrimSuffix(place[:at[1]], "/"), place[:at[0]]
}

// hasLike reports whether any element of a state's list has what an element of the granted state has at some places.
func (c normalized) hasLike(granted normalized, element string, places []string) bool {
	_, list := elementOf(element)
	for n := range c.lengths()[list] {
		other := list + "/" + strconv.Itoa(n)
		if !slices.ContainsFunc(places, func(place string) bool {
			value, there := c[other+strings.TrimPrefix(place, element)]
			return !there || value != granted[place]
		}) {
			return true
		}
	}
	return false
}

// datesOf is the view of the places at which a state showed when what was bought ends.
func datesOf(granted normalized, until []string) view {
	var places []string
	for place, value := range granted {
		if slices.ContainsFunc(until, func(name string) bool { return value == placeholder(name) }) {
			places = append(places, place)
		}
	}
	if len(places) == 0 {
		return nil
	}
	return placesWhere(func(place, _ string) bool { return slices.Contains(places, place) })
}

// lengthMark follows the place of a list in the view of numbers.
const lengthMark = "/#"

// numbers is the view of a state's numbers, and of how long its lists are.
func numbers(state normalized) normalized {
	seen := state.only(func(place, _ string) bool { return number(state, place) != nil })
	for list, n := range state.lengths() {
		seen[list+lengthMark] = strconv.Itoa(n)
	}
	return seen
}

// only returns the places of a state that are wanted.
func (c normalized) only(wanted func(place, value string) bool) normalized {
	seen := normalized{}
	for place, value := range c {
		if wanted(place, value) {
			seen[place] = value
		}
	}
	return seen
}

// isText reports whether a value is a text that is no id and no time.
func isText(value string) bool {
	return strings.HasPrefix(value, `"`) && !strings.Contains(value, "{{") && !strings.Contains(value, "evt_…")
}

// placeholder is how a state shows an instant of the story.
func placeholder(instant string) string { return strconv.Quote("{{" + instant + "}}") }

// covers reports whether a place, or one that it is in, is among the masks.
func (m masks) covers(place string) bool {
	for ; place != ""; place, _ = event.CutLast(place) {
		if m.hides(place) {
			return true
		}
	}
	return false
}
