package check

import (
	"cmp"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/life"
)

// ofPairs returns a relation for each two events that Stripe sends within a moment: <together> is a story in which they overlap, <inTurn>
// the story as it happens.
func ofPairs(l *life.Life, r Relation) (all []Relation) {
	for _, group := range l.Roles.Together {
		for n, one := range group {
			for _, other := range group[n+1:] {
				story := storyOf(l, one, other)
				filled := r
				filled.Left = strings.Replace(r.Left, "<together>", overlapping(story, one, other), 1)
				filled.Right = strings.Replace(r.Right, "<inTurn>", strings.Join(story, " "), 1)
				all = append(all, filled)
			}
		}
	}
	return all
}

// storyOf returns a story with two words, in the order in which it happens: with what stands before them where a story does not say, and with
// what comes after them if it is of one phrase with them.
func storyOf(l *life.Life, one, other string) []string {
	story := []string{one, other}
	for _, word := range l.Before(one) {
		within := slices.Contains(l.Before(one), one) || slices.Contains(l.Before(one), other)
		earlier := l.Words[word].Age < min(l.Words[one].Age, l.Words[other].Age)
		if (within || earlier) && !slices.Contains(story, word) && !excluded(l, word, one) && !excluded(l, word, other) {
			story = append(story, word)
		}
	}
	slices.SortStableFunc(story, func(a, b string) int { return cmp.Compare(l.Words[a].Age, l.Words[b].Age) })
	return story
}

// excluded reports whether two words cannot be in one story.
func excluded(l *life.Life, a, b string) bool {
	return slices.Contains(l.Words[a].Instead, b) || slices.Contains(l.Words[b].Instead, a)
}

// overlapping returns a story in which two words overlap: where the first of them stands.
func overlapping(story []string, one, other string) string {
	var out []string
	for _, word := range story {
		switch word {
		case one:
			out = append(out, one, "&", other)
		case other:
		default:
			out = append(out, word)
		}
	}
	return strings.Join(out, " ")
}
