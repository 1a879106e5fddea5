package run

import (
	"slices"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/suggest"
	"example.com/hookproof/hookproof/target"
)

// unseenPlaces returns notes on places of the target file that none of some states has: they have no effect, and may be typing errors.
// What is ignored may come later, such as a refund's number, so it is told only if a place of a similar name is there.
func unseenPlaces(t *target.Target, states ...normalized) (notes []string) {
	var there []string
	for _, state := range states {
		for place := range state {
			for ; place != ""; place, _ = event.CutLast(place) {
				there = append(there, place, anyIndex(place))
			}
		}
	}
	slices.Sort(there)
	there = slices.Compact(there)
	for _, row := range []struct {
		name   string
		places masks
	}{{"grants", t.Grants}, {"notAccess", t.NotAccess}, {"ignore", t.Ignore}} {
		for _, place := range row.places {
			near := suggest.Nearest(place, there)
			if slices.ContainsFunc(there, masks{place}.hides) || row.name == "ignore" && len(near) == 0 {
				continue
			}
			note := row.name + " names " + place + ", which the state has neither before nor after the payment"
			if len(near) > 0 {
				note += "; the most similar place that it has is " + near[0]
			}
			notes = append(notes, note)
		}
	}
	return notes
}
