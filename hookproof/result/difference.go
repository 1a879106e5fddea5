package result

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Leaves is a state as text: JSON pointers to JSON. A list or an object has no text of its own, unless it is empty.
type Leaves map[string]string

// Difference is a place at which two states differ, with what each of them has there, in words.
type Difference struct {
	Place            string // a JSON pointer
	Expected, Actual string
	Lengths          bool // the words are the lengths of a list
	Element          bool // the place is in an element that only one of the states has; the list has a difference of its own
}

// Sentence describes the difference of a place with that name.
func (d Difference) Sentence(name string) string {
	if d.Lengths {
		number, _, _ := strings.Cut(d.Expected, " ")
		return fmt.Sprintf("%s has %s instead of %s", name, d.Actual, number)
	}
	return fmt.Sprintf("%s is %s instead of %s", name, d.Actual, d.Expected)
}

// elementsShown is how many of the elements that only one state has are shown. The list's own difference has their number.
const elementsShown = 3

const absent = "absent"

// Differences returns where two states differ, in the order of their places. If a list is not as long in both, that is one
// difference, followed by the first elements that only one state has.
func Differences(expected, actual Leaves) []Difference {
	var all []Difference
	want, seen := expected.Lists(), actual.Lists()
	lists := map[string]bool{}
	for _, place := range places(expected, actual) {
		if same(expected, actual, place) {
			continue
		}
		list, element, inList := unequalList(place, want, seen)
		if inList && !lists[list] {
			lists[list] = true
			all = append(all, ofLists(list, expected, actual))
		}
		switch {
		case !inList:
			all = append(all, Difference{Place: place, Expected: expected.word(place, absent), Actual: actual.word(place, absent)})
		case element >= 0 && element < min(want[list], seen[list])+elementsShown:
			all = append(all, Difference{Place: place, Expected: expected.word(place, "no such element"), Actual: actual.word(place, "no such element"), Element: true})
		}
	}
	slices.SortStableFunc(all, func(a, b Difference) int { return cmp.Compare(a.Place, b.Place) })
	return all
}

// same reports whether two states have the same at a place. An object that is empty in one of them differs in its members.
func same(a, b Leaves, place string) bool {
	left, there := a[place]
	right, too := b[place]
	if there && too {
		return left == right
	}
	return left+right == "{}" && (a.hasWithin(place) || b.hasWithin(place))
}

// unequalList returns the outermost list that contains a place and has not the same length in both states, if the place is in an
// element that only one of them has. element is -1 for the place of the list itself.
func unequalList(place string, want, seen map[string]int) (list string, element int, found bool) {
	for end := 0; end <= len(place); end++ {
		if end < len(place) && place[end] != '/' {
			continue
		}
		list = place[:end]
		n, is := want[list]
		m, too := seen[list]
		if n == m && is == too {
			continue
		}
		token, _, _ := strings.Cut(strings.TrimPrefix(place[end:], "/"), "/")
		element, err := strconv.Atoi(token)
		switch {
		case err != nil: // the list itself, or a member of an object that is there instead
			return list, -1, true
		case element >= min(n, m):
			return list, element, true
		}
	}
	return "", 0, false
}

func ofLists(place string, expected, actual Leaves) Difference {
	n, m := expected.Lists()[place], actual.Lists()[place]
	if n > 0 && m > 0 {
		return Difference{Place: place, Expected: elements(n), Actual: elements(m), Lengths: true}
	}
	return Difference{Place: place, Expected: expected.listWord(place, n), Actual: actual.listWord(place, m)}
}

func elements(n int) string {
	if n == 1 {
		return "1 element"
	}
	return fmt.Sprintf("%d elements", n)
}

// word returns what is at a place; none if nothing is.
func (s Leaves) word(place, none string) string {
	switch text, there := s[place]; {
	case !there:
		return none
	case text == "[]":
		return "an empty list"
	case text == "{}":
		return "an empty object"
	default:
		return text
	}
}

// Word returns what is at a place, in words.
func (s Leaves) Word(place string) string { return s.word(place, absent) }

// listWord returns what is at a place where a state may have a list of so many elements.
func (s Leaves) listWord(place string, length int) string {
	switch {
	case length > 0:
		return "a list of " + elements(length)
	case s.hasWithin(place):
		return "an object"
	}
	return s.word(place, absent)
}

func (s Leaves) hasWithin(place string) bool {
	for other := range s {
		if strings.HasPrefix(other, place+"/") {
			return true
		}
	}
	return false
}

// Lists returns the lists of a state, each with its number of elements.
func (s Leaves) Lists() map[string]int {
	lists, places := map[string]int{}, map[string]bool{}
	for place, value := range s {
		if value == "[]" {
			lists[place] = 0
		}
		for place != "" && !places[place] {
			places[place] = true
			place, _ = cutLast(place)
		}
	}
	for place := range places {
		list, index := cutLast(place)
		if n, err := strconv.Atoi(index); err == nil && n >= 0 && places[list+"/0"] {
			lists[list] = max(lists[list], n+1)
		}
	}
	return lists
}

// cutLast cuts the last part off a place.
func cutLast(place string) (parent, token string) {
	slash := max(0, strings.LastIndexByte(place, '/'))
	return place[:slash], strings.TrimPrefix(place[slash:], "/")
}

// places returns the places of two states, sorted.
func places(a, b Leaves) []string {
	var list []string
	for place := range a {
		list = append(list, place)
	}
	for place := range b {
		if _, there := a[place]; !there {
			list = append(list, place)
		}
	}
	slices.Sort(list)
	return list
}
