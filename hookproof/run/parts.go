package run

import (
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/check"
)

// A view can have several parts. Endpoints that are right differ in what they keep beside what was bought: histories, mails, mirrored
// objects. So most relations of a life compare some parts alone.

// part returns one part of a view, by its name in check.ViewSays. It is nil if the states have nothing of it.
func (c Case) part(name string, states map[string]normalized) view {
	roles := rolesOf(check.LifeOf(c.Check))
	switch name {
	case "access":
		granted, ended := states[roles.grant], states[roles.grantEnd]
		if granted == nil || ended == nil {
			return nil
		}
		places := map[string]string{}
		for _, place := range access(states[""], granted, ended) {
			if !strings.Contains(granted[place], "{{") && !c.NotAccess.hides(place) {
				places[place] = granted[place]
			}
		}
		if len(places) == 0 {
			return nil
		}
		return accessAt(places)
	case "grants":
		if len(c.Grants) == 0 {
			return nil
		}
		return func(state normalized) normalized {
			return state.only(func(place, _ string) bool { return c.Grants.hides(place) })
		}
	case "numbers":
		return numbers
	case "texts":
		return c.texts(states)
	case "counted":
		return c.counted(states)
	case "kept":
		return c.kept(states)
	case "taken":
		return taken(states[""], states[roles.grant], states[roles.disputed(c.Check)])
	}
	panic("hookproof: there is no view " + name) // a row's, and a test goes through all rows
}

// accessAt is the view of access: what the state has at places that show the grant. In a list one element that shows it is enough.
func accessAt(places map[string]string) view {
	return func(state normalized) normalized {
		seen := normalized{}
		for place, granted := range places {
			general := anyIndex(place)
			value, there := state[place]
			if general != place {
				for other, has := range state {
					if has == granted && anyIndex(other) == general {
						value, there = granted, true
					}
				}
			}
			if !there {
				value = strconv.Quote("absent")
			}
			seen[place] = value
		}
		return seen
	}
}

// numbers is the view of a state's numbers, and of how long its lists are.
func numbers(state normalized) normalized {
	seen := state.only(func(place, _ string) bool { return number(state, place) != nil })
	for list, n := range state.lengths() {
		seen[list+"/#"] = strconv.Itoa(n)
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
