package run

import (
	"maps"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/check"
)

// changed returns the places that a case's right schedule has changed in a fresh state. What grows with the grant and again with its end,
// such as a version, a history or a list of mails, is left out: it counts events, whatever they mean.
func (c Case) changed(states map[string]normalized) map[string]bool {
	roles := rolesOf(check.LifeOf(c.Check))
	fresh, right, granted, ended := states[""], states[c.Right], states[roles.grant], states[roles.grantEnd]
	granting, ending := growth(fresh, granted), growth(granted, ended)
	places := map[string]bool{}
	for _, place := range right.difference(fresh) {
		if _, there := right[place]; there && !(granting(place) && ending(place)) {
			places[place] = true
		}
	}
	return places
}

// counted is the view of the numbers that the right schedule has changed, and of how long the lists are that it has changed. It is nil if it
// has changed none.
func (c Case) counted(states map[string]normalized) view {
	places, lists := map[string]bool{}, map[string]bool{}
	fresh, right := states[""].lengths(), states[c.Right].lengths()
	for place := range c.changed(states) {
		if number(states[c.Right], place) != nil {
			places[place] = true
		}
		for list := range right {
			if strings.HasPrefix(place, list+"/") && right[list] != fresh[list] {
				lists[list] = true
			}
		}
	}
	if len(places)+len(lists) == 0 {
		return nil
	}
	return func(state normalized) normalized {
		seen := state.only(func(place, _ string) bool { return places[place] })
		lengths := state.lengths()
		for list := range lists {
			seen[list+"/#"] = strconv.Itoa(lengths[list])
		}
		return seen
	}
}

// kept is the view of what the right schedule has changed, but for ids, addresses and points in time. A larger number is no difference, and
// in a list one element that has a value is enough. It is nil if there is none.
func (c Case) kept(states map[string]normalized) view {
	right := states[c.Right]
	var places []string
	for place := range c.changed(states) {
		if value := right[place]; !isTrivial(value) && !strings.Contains(value, "@") {
			places = append(places, place)
		}
	}
	if len(places) == 0 {
		return nil
	}
	shown := accessAt(right, places)
	return func(state normalized) normalized {
		seen := shown(state)
		for _, place := range places {
			if grows(number(right, place), number(seen, place)) {
				seen[place] = right[place]
			}
		}
		return typeless(seen)
	}
}

// texts is the view of the texts that the right schedule has changed. It is nil if there is none.
func (c Case) texts(states map[string]normalized) view {
	right := states[c.Right]
	var places []string
	for place := range c.changed(states) {
		if value := right[place]; isText(value) && !isTrivial(value) {
			places = append(places, place)
		}
	}
	if len(places) == 0 {
		return nil
	}
	return accessAt(right, places)
}

// taken is the view of what a dispute takes: the grant has brought it, and after the dispute it is as before, or less of it is left. It is
// nil if there is nothing of that.
func taken(fresh, granted, disputed normalized) view {
	places := map[string]bool{}
	for _, place := range granted.difference(fresh) {
		was, is := number(granted, place), number(disputed, place)
		if isTrivial(granted[place]) || disputed == nil || disputed[place] == granted[place] {
			continue
		}
		if grows(is, was) || disputed[place] == fresh[place] {
			places[place] = true
		}
	}
	if len(places) == 0 {
		return nil
	}
	return func(state normalized) normalized {
		seen := normalized{}
		for place := range maps.Keys(places) {
			seen[place] = state[place]
		}
		return seen
	}
}

// disputed returns the schedule of a payment that is disputed, whose money is gone meanwhile; "" if a life has no such.
func (r roles) disputed(c check.Check) string {
	for _, dispute := range []string{" dispute dispute-money-out", " dispute"} {
		if check.LifeOf(c).Knows(r.grant + dispute) {
			return r.grant + dispute
		}
	}
	return ""
}
