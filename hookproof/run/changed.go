package run

import (
	"slices"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/check"
)

// changed returns the places that a case's right schedule has changed in a fresh state. What grows with the grant and again with its end,
// such as a version, a history or a list of mails, is left out: it counts events, whatever they mean.
func (c Case) changed(states map[string]normalized) map[string]bool {
	roles := c.roles()
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

// taken is the view of what a dispute takes: the grant has brought it, and when the money is gone it is as before, or less of it is left; or
// it is a sum of what is gone. It is nil if there is nothing of that.
func (r roles) taken(c check.Check, states map[string]normalized) view {
	fresh, granted, open, gone := states[""], states[r.grant], states[r.grant+" dispute"], states[r.disputed(c)]
	sums, places := sumsGone(fresh, granted, open, gone), map[string]bool{}
	for _, place := range granted.difference(fresh) {
		was, is := number(granted, place), number(gone, place)
		if isTrivial(granted[place]) || gone == nil || gone[place] == granted[place] {
			continue
		}
		if grows(is, was) || gone[place] == fresh[place] {
			places[place] = true
		}
	}
	if len(places)+len(sums) == 0 {
		return nil
	}
	return func(state normalized) normalized {
		seen := normalized{}
		for place := range places {
			seen[place] = state[place]
		}
		for place, sum := range sums {
			if seen[place] = state[place]; slices.Contains(growths(gone, state), sum) { // another sum says that it came back
				seen[place] = granted[place]
			}
		}
		return seen
	}
}

// sumsGone returns the places that hold a sum of what is gone, each with that sum: it has grown by as much as the grant had brought
// elsewhere, when the money was taken and not when the dispute began.
func sumsGone(fresh, granted, open, gone normalized) map[string]float64 {
	sums, brought := map[string]float64{}, growths(fresh, granted)
	if open == nil || gone == nil {
		return nil
	}
	for _, place := range gone.difference(open) {
		before, after := number(open, place), number(gone, place)
		if grows(before, after) && open[place] == granted[place] && !inList.MatchString(place) && *after-*before > 1 && slices.Contains(brought, *after-*before) {
			sums[place] = *after - *before
		}
	}
	return sums
}

// growths returns by how much the numbers of a state have grown, lists aside.
func growths(before, after normalized) (all []float64) {
	for _, place := range after.difference(before) {
		if from, to := number(before, place), number(after, place); grows(from, to) && !inList.MatchString(place) {
			all = append(all, *to-*from)
		}
	}
	return all
}

// disputed returns the schedule of a payment that is disputed, whose money is gone meanwhile; "" if a life has no such.
func (r roles) disputed(c check.Check) string {
	for _, dispute := range []string{" dispute dispute-money-out", " dispute"} {
		if check.LifeOf(c).Knows(dispute) {
			return r.grant + dispute
		}
	}
	return ""
}
