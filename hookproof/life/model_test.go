package life

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A life says by at and instead which words can be in one story, and in which order they happen. That it says so rightly, a model of
// Stripe's objects shows: where they stand, what can happen next, and which words tell of it.

// model is what can happen to the objects of a life.
type model[S comparable] struct {
	start S
	words []modelRow[S]
	next  func(S) []S // the places to which one thing that happens leads
}

// modelRow are words that tell the same, separated by spaces, and when they can be told. What they tell is so from then on.
type modelRow[S any] struct {
	words string
	when  func(s *S) bool
}

// row is the row of a word.
func (m model[S]) row(word string) int {
	return slices.IndexFunc(m.words, func(row modelRow[S]) bool { return slices.Contains(strings.Fields(row.words), word) })
}

// tells reports whether there is a story that tells all of some words, one after the other as they are given, or in any order.
func (m model[S]) tells(words []string, inOrder bool) bool {
	type place struct {
		story S
		told  int // a bit for each word
	}
	var whens []func(s *S) bool
	for _, word := range words {
		whens = append(whens, m.words[m.row(word)].when)
	}
	known := map[place]bool{}
	var from func(here place) bool
	from = func(here place) bool {
		if all := here.told+1 == 1<<len(words); all || known[here] {
			return all
		}
		known[here] = true
		for n, when := range whens {
			if here.told&(1<<n) != 0 {
				continue
			}
			now := here
			if when(&now.story) {
				now.told |= 1 << n
				if from(now) {
					return true
				}
			}
			if inOrder {
				break // the others are told later
			}
		}
		return slices.ContainsFunc(m.next(here.story), func(after S) bool { return from(place{after, here.told}) })
	}
	return from(place{m.start, 0})
}

// excludes reports whether two words of a life cannot be in one story.
func (l *Life) excludes(a, b string) bool {
	return slices.Contains(l.Words[a].Instead, b) || slices.Contains(l.Words[b].Instead, a)
}

// inOrder sorts words in the order in which they happen.
func (l *Life) inOrder(words []string) []string {
	words = slices.Clone(words)
	slices.SortStableFunc(words, func(a, b string) int { return int(l.Words[a].Age - l.Words[b].Age) })
	return words
}

// checkWords checks that a life says of any two words whether they can be in one story, and of any three in which order they happen; and
// that the model knows every word but those given.
func (m model[S]) checkWords(t *testing.T, l *Life, unknown ...string) {
	t.Helper()
	var modelled []string
	for _, row := range m.words {
		modelled = append(modelled, strings.Fields(row.words)...)
	}
	slices.Sort(modelled)
	require.ElementsMatch(t, slices.Collect(maps.Keys(l.Words)), append(slices.Clone(modelled), unknown...))
	known := map[string]bool{} // by rows: words of one row tell the same
	tells := func(words []string, inOrder bool) bool {
		key := fmt.Sprint(inOrder)
		for _, word := range words {
			key += fmt.Sprint(" ", m.row(word))
		}
		if _, there := known[key]; !there {
			known[key] = m.tells(words, inOrder)
		}
		return known[key]
	}
	for i, a := range modelled {
		for j, b := range modelled[:i] {
			require.Equal(t, tells([]string{a, b}, false), !l.excludes(a, b), "%s and %s", a, b)
			for _, c := range modelled[:j+1] { // c may be b: two words
				if !l.excludes(a, b) && !l.excludes(a, c) && !l.excludes(b, c) {
					words := slices.Compact(l.inOrder(slices.Compact([]string{a, b, c})))
					require.True(t, tells(words, true), "%v happen in this order", words)
				}
			}
		}
	}
}

// checkNames checks that every phrase and every role tells what Stripe can tell: one story, in the order in which it happens.
func (m model[S]) checkNames(t *testing.T, l *Life) {
	t.Helper()
	stories := maps.Clone(l.Phrases)
	for role, names := range l.Roles.Each() {
		for _, name := range names {
			if !slices.Contains(l.Roles.Beside, name) { // tells nothing of the story
				stories[role+": "+name] = l.WordsOf(name)
			}
		}
	}
	for _, group := range l.Roles.Together {
		stories["together: "+strings.Join(group, " ")] = group
	}
	grants := l.WordsOf(l.Roles.Grants)
	for _, late := range l.Roles.Late { // it may come after the grant, so both are in one story
		stories["grants and late: "+late] = l.inOrder(slices.Concat(l.WordsOf(late), grants))
	}
	for _, end := range l.Roles.Ends {
		stories["grants and ends: "+end] = slices.Concat(grants, l.WordsOf(end))
	}
	for name, words := range stories {
		require.True(t, m.tells(words, true), "%s: %v", name, words)
		require.Equal(t, l.inOrder(words), words, name)
		for i, a := range words {
			require.False(t, slices.ContainsFunc(words[:i], func(b string) bool { return l.excludes(a, b) }), "%s: %v", name, words)
		}
	}
}

// money is what can happen to a charge that was paid.
type money struct {
	refunded int    // in percent
	tenth    bool   // a tenth was refunded by a refund of its own
	partly   bool   // there was a refund of less than everything
	undone   bool   // the refund of everything has failed
	dispute  string // "", open, lost or won
}

// next are the places to which a charge can go on.
func (s money) next() (all []money) {
	can := func(possible bool, change func(after *money)) {
		if possible {
			after := s
			change(&after)
			all = append(all, after)
		}
	}
	can(s.refunded == 0 && !s.undone, func(s *money) { s.refunded, s.tenth, s.partly = 10, true, true })
	can(s.refunded < 25 && !s.undone, func(s *money) { s.refunded, s.partly = 25, true })
	can(s.refunded < 100 && !s.undone, func(s *money) { s.refunded = 100 })
	can(s.refunded == 100 && !s.partly, func(s *money) { s.refunded, s.undone = 0, true })
	for _, move := range []struct{ from, to string }{{"", "open"}, {"open", "lost"}, {"open", "won"}} {
		can(s.dispute == move.from, func(s *money) { s.dispute = move.to })
	}
	return all
}

// moneyWords are the words of refunds and disputes, and where a charge stands when they are told.
func moneyWords[S any](of func(s *S) money) []modelRow[S] {
	row := func(words string, when func(m money) bool) modelRow[S] {
		return modelRow[S]{words, func(s *S) bool { return when(of(s)) }}
	}
	return []modelRow[S]{
		row("refund-10", func(m money) bool { return m.tenth && m.refunded == 10 }),
		row("refund-made refund-updated refund-updated-2", func(m money) bool { return m.tenth }),
		row("refund-25", func(m money) bool { return m.refunded == 25 }),
		row("refund", func(m money) bool { return m.refunded == 100 }),
		row("refund-failed refund-failed-2 refund-failed-3", func(m money) bool { return m.undone }),
		row("dispute dispute-money-out", func(m money) bool { return m.dispute == "open" }),
		row("dispute-lost", func(m money) bool { return m.dispute == "lost" }),
		row("dispute-won dispute-money-back", func(m money) bool { return m.dispute == "won" }),
	}
}
