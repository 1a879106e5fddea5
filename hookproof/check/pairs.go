package check

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/life"
)

// ofPairs returns a relation for each two events that Stripe sends within a moment: <together> is a story in which they overlap, <inTurn>
// the story with the two in either order.
func ofPairs(l *life.Life, r Relation) (all []Relation) {
	for _, two := range l.Roles.Pairs() {
		story := storyOf(l, two[0], two[1])
		filled := r
		filled.Left = strings.Replace(r.Left, "<together>", inStory(story, two, two[0]+" & "+two[1]), 1)
		filled.Right = strings.Replace(r.Right, "<inTurn>", inStory(story, two, "{"+two[0]+" "+two[1]+"}"), 1)
		all = append(all, filled)
	}
	return all
}

// storyOf returns a story with two words, in the order in which it happens. It is what grants, if that has both: such a story is told
// whole. Else it is the shortest phrase that has both, up to the later one, since what comes then could hide what was lost. Of two that no
// phrase has it is what stands before them, and they.
func storyOf(l *life.Life, one, other string) []string {
	if grants := l.WordsOf(l.Roles.Grants); slices.Contains(grants, one) && slices.Contains(grants, other) {
		return grants
	}
	var shortest []string
	for _, name := range slices.Sorted(maps.Keys(l.Phrases)) {
		words := l.Phrases[name]
		if end := 1 + max(slices.Index(words, one), slices.Index(words, other)); slices.Contains(words, one) && slices.Contains(words, other) && (shortest == nil || end < len(shortest)) {
			shortest = words[:end]
		}
	}
	if shortest != nil {
		return shortest
	}
	story := []string{one, other}
	for _, word := range l.Before(one) {
		within := slices.Contains(l.Before(one), one) || slices.Contains(l.Before(one), other)
		earlier := l.Words[word].Age < min(l.Words[one].Age, l.Words[other].Age)
		if (within || earlier) && !slices.Contains(story, word) && !l.Excludes(word, one) && !l.Excludes(word, other) {
			story = append(story, word)
		}
	}
	slices.SortStableFunc(story, func(a, b string) int { return cmp.Compare(l.Words[a].Age, l.Words[b].Age) })
	return story
}

// inStory returns a story with something in place of two of its words, where the first of them stands.
func inStory(story []string, two [2]string, instead string) string {
	var out []string
	for _, word := range story {
		switch word {
		case two[0]:
			out = append(out, instead)
		case two[1]:
		default:
			out = append(out, word)
		}
	}
	return strings.Join(out, " ")
}
