package run

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
)

// A per-object place differs between any two subjects, as a row's number or a key does. It does not depend on what was delivered.

// looksPerObject reports whether a value may belong to one object alone, such as a key that a payment creates: a text with digits that is
// none of the subject's ids.
func looksPerObject(value string) bool {
	return len(value) > event.LeastID+len(`""`) && value[0] == '"' && strings.ContainsAny(value, "0123456789") && !strings.Contains(value, "{{")
}

// bringsPerObject reports whether a payment has created a per-object value at a place, or a per-object name on the way to it.
func bringsPerObject(place string, settled, fresh normalized) bool {
	if looksPerObject(settled[place]) {
		return true
	}
	known := map[string]bool{}
	for before := range fresh {
		for parent := before; parent != ""; parent, _ = event.CutLast(parent) {
			known[parent] = true
		}
	}
	for at := place; at != ""; {
		parent, name := event.CutLast(at)
		if !known[at] && looksPerObject(strconv.Quote(name)) {
			return true
		}
		at = parent
	}
	return false
}

// comparePaidSubjects pays a second subject, if a payment creates what may be per object. A text must then be the same for both, or no
// two states can be compared. A subject's own short id is learnt, and the returned state has its name instead.
func (x *executor) comparePaidSubjects(ctx context.Context, grants check.Schedule, fresh, settled normalized, s event.Subject) (normalized, error) {
	brought := func(of normalized) []string {
		return slices.DeleteFunc(of.difference(fresh), func(place string) bool { return !bringsPerObject(place, of, fresh) })
	}
	holdsShortID := func(place string) bool { return holdsShortID(s, settled[place]) }
	if len(brought(settled)) == 0 && !slices.ContainsFunc(settled.difference(fresh), holdsShortID) {
		return settled, nil
	}
	second, err := x.deliverFresh(ctx, grants)
	if err != nil {
		return nil, err
	}
	other, err := x.readStable(ctx, second)
	if err != nil {
		return nil, cmp.Or(ctx.Err(), error(&Unusable{err.Error()}))
	}
	x.facts.ids.learn(settled, other, s, second.Subject)
	settled, other = x.facts.ids.mask(settled, s), x.facts.ids.mask(other, second.Subject)
	first, proposed := perObjectPart(settled, brought(settled), other), proposal{}
	if others := perObjectPart(other, brought(other), settled); len(first) > 0 && len(others) > 0 {
		proposed = toIgnore(first, others)
	}
	if len(proposed.places) == 0 {
		return settled, nil
	}
	place := first.difference(nil)[0]
	differ := fmt.Sprintf("two subjects that were paid differ at %s (%s instead of %s)", nameOf(place), other.word(place), settled.word(place))
	return nil, &mendable{Unusable{fmt.Sprintf("%s; if that is correct, %s", differ, proposed)}, Remedy{Ignore: proposed.places, Why: differ}}
}

// perObjectPart returns the part of a state that may be per object and differs from another subject's.
func perObjectPart(state normalized, places []string, other normalized) normalized {
	part := normalized{}
	for _, place := range places {
		if value, there := other[place]; value != state[place] && (!there || looksPerObject(value)) {
			part[place] = state[place]
		}
	}
	return part
}

// mayBePerObject reports whether a value is a number, a text that may belong to one object alone, or holds the subject's id.
func mayBePerObject(value string, s event.Subject) bool {
	_, err := json.Number(value).Float64()
	return err == nil || looksPerObject(value) || holdsShortID(s, value)
}

// differsPerObjectOnly reports whether a state differs from the expected one only at places that may be per object.
func (o Outcome) differsPerObjectOnly() bool {
	return !slices.ContainsFunc(o.compared().difference(o.Want), func(place string) bool { return !mayBePerObject(o.compared()[place], o.History.Subject) })
}

// perObjectPlaces returns the places at which each of two subjects has a per-object value that a fresh one does not have.
func perObjectPlaces(first, second, fresh normalized, of, other event.Subject) []string {
	return slices.DeleteFunc(first.difference(second), func(place string) bool {
		return second[place] == fresh[place] || !mayBePerObject(first[place], of) || !mayBePerObject(second[place], other)
	})
}

// inBoth returns the texts that are in both lists.
func inBoth(list, other []string) []string {
	return slices.DeleteFunc(list, func(text string) bool { return !slices.Contains(other, text) })
}
