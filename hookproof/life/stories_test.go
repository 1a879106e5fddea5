package life

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A life says by at and instead which words can be in one story, and in which order they happen. That the intent's says so rightly, a
// model of Stripe's objects shows. (Package run has the payment's, beside the schedules that it judges.)

// intentStory is where the objects of one payment intent stand.
type intentStory struct {
	method   string // automatic or manual capture; "" is either, since nothing has depended on it
	status   string // of the intent: new, failed, processing, held, paid, part (paid by capturing a part) or canceled
	refunded int    // in percent
	tenth    bool   // a tenth was refunded by a refund of its own
	partly   bool   // there was a refund of less than everything
	undone   bool   // the refund of everything has failed
	dispute  string // "", open, lost or won
}

// is reports whether the intent has a status, and a capture method. Either is so from then on.
func (s *intentStory) is(method, status string) bool {
	if s.method == "" {
		s.method = method
	}
	return s.status == status && (method == "" || s.method == method)
}

type intentWord struct {
	words string
	when  func(s *intentStory) bool
}

// intentWords are the words of the life, and what must be so when they are told. Several can tell the same.
var intentWords = []intentWord{
	{"pi-created", func(s *intentStory) bool { return s.is("automatic", "new") }},
	{"charge-failed", func(s *intentStory) bool { return s.is("", "failed") }},
	{"pi-failed", func(s *intentStory) bool { return s.is("automatic", "failed") }},
	{"pi-processing", func(s *intentStory) bool { return s.is("automatic", "processing") }},
	{"pi-paid charge-paid charge-updated", func(s *intentStory) bool { return s.is("automatic", "paid") }},
	{"pi-capturable charge-held", func(s *intentStory) bool { return s.is("manual", "held") }},
	{"captured pi-captured", func(s *intentStory) bool { return s.is("manual", "paid") }},
	{"captured-part pi-captured-part", func(s *intentStory) bool { return s.is("manual", "part") }},
	{"pi-canceled", func(s *intentStory) bool { return s.is("automatic", "canceled") }},
	{"refund-10", func(s *intentStory) bool { return s.tenth && s.refunded == 10 }},
	{"refund-made refund-updated refund-updated-2", func(s *intentStory) bool { return s.tenth }},
	{"refund-25", func(s *intentStory) bool { return s.refunded == 25 }},
	{"refund", func(s *intentStory) bool { return s.refunded == 100 }},
	{"refund-failed refund-failed-2 refund-failed-3", func(s *intentStory) bool { return s.undone }},
	{"dispute dispute-money-out", func(s *intentStory) bool { return s.dispute == "open" }},
	{"dispute-lost", func(s *intentStory) bool { return s.dispute == "lost" }},
	{"dispute-won dispute-money-back", func(s *intentStory) bool { return s.dispute == "won" }},
}

// next are the places to which an intent can go on by one thing that happens.
func (s intentStory) next() (all []intentStory) {
	can := func(possible bool, change func(after *intentStory)) {
		if possible {
			after := s
			change(&after)
			all = append(all, after)
		}
	}
	for _, move := range []struct{ method, from, to string }{
		{"", "new", "failed"}, {"automatic", "new", "processing"}, {"automatic", "failed", "processing"}, {"automatic", "processing", "failed"},
		{"automatic", "new", "paid"}, {"automatic", "failed", "paid"}, {"automatic", "processing", "paid"},
		{"manual", "new", "held"}, {"manual", "failed", "held"}, {"manual", "held", "paid"}, {"manual", "held", "part"},
		{"", "new", "canceled"}, {"", "failed", "canceled"}, {"manual", "held", "canceled"},
	} {
		after := s
		can(after.is(move.method, move.from), func(s *intentStory) { s.method, s.status = after.method, move.to })
	}
	paid := s.status == "paid"
	can(paid && s.refunded == 0 && !s.undone, func(s *intentStory) { s.refunded, s.tenth, s.partly = 10, true, true })
	can(paid && s.refunded < 25 && !s.undone, func(s *intentStory) { s.refunded, s.partly = 25, true })
	can(paid && s.refunded < 100 && !s.undone, func(s *intentStory) { s.refunded = 100 })
	can(s.refunded == 100 && !s.partly, func(s *intentStory) { s.refunded, s.undone = 0, true })
	for _, move := range []struct{ from, to string }{{"", "open"}, {"open", "lost"}, {"open", "won"}} {
		can(paid && s.dispute == move.from, func(s *intentStory) { s.dispute = move.to })
	}
	return all
}

// intentTells reports whether there is a story that tells all of some words, one after the other as they are given, or in any order.
func intentTells(words []string, inOrder bool) bool {
	type place struct {
		intentStory
		told int // a bit for each word
	}
	var whens []func(s *intentStory) bool
	for _, word := range words {
		whens = append(whens, intentWords[slices.IndexFunc(intentWords, func(row intentWord) bool {
			return slices.Contains(strings.Fields(row.words), word)
		})].when)
	}
	known := map[place]bool{}
	var from func(here place) bool
	from = func(here place) bool {
		if all := here.told+1 == 1<<len(words); all || known[here] {
			return all
		}
		known[here] = true
		for n, when := range whens {
			now := here
			if here.told&(1<<n) == 0 && when(&now.intentStory) {
				now.told |= 1 << n
				if from(now) {
					return true
				}
			}
			if inOrder && here.told&(1<<n) == 0 {
				break // the others are told later
			}
		}
		return slices.ContainsFunc(here.next(), func(after intentStory) bool { return from(place{after, here.told}) })
	}
	return from(place{intentStory{status: "new"}, 0})
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

// The life says of any three words what the model says, and the model knows every word.
func TestTheIntentIsWhatCanHappen(t *testing.T) {
	t.Parallel()
	l, err := BuiltIn("intent")
	require.NoError(t, err)
	var modelled []string
	for _, row := range intentWords {
		modelled = append(modelled, strings.Fields(row.words)...)
	}
	slices.Sort(modelled)
	require.Equal(t, wordsOf(l), modelled)
	for i, a := range modelled {
		for j, b := range modelled[:i] {
			for _, c := range modelled[:j+1] { // c may be b: two words
				words := slices.Compact(l.inOrder(slices.Compact([]string{a, b, c})))
				possible := !l.excludes(a, b) && !l.excludes(a, c) && !l.excludes(b, c)
				require.Equal(t, intentTells(words, false), possible, "%v", words)
				require.Equal(t, possible, intentTells(words, true), "%v happen in this order", words)
			}
		}
	}
}

// Every phrase and every role of the intent tells what Stripe can tell: one story, in the order in which it happens.
func TestTheIntentsPhrasesCanHappen(t *testing.T) {
	t.Parallel()
	l, err := BuiltIn("intent")
	require.NoError(t, err)
	stories := maps.Clone(l.Phrases)
	for role, names := range l.Roles.Each() {
		for _, name := range names {
			stories[role+": "+name] = l.WordsOf(name)
		}
	}
	for _, group := range l.Roles.Together {
		stories["together: "+strings.Join(group, " ")] = group
	}
	for _, late := range l.Roles.Late { // comes after the grant, and happened before
		stories["grants and late: "+late] = append(slices.Clone(l.WordsOf(late)), l.WordsOf(l.Roles.Grants)...)
	}
	for _, end := range l.Roles.Ends {
		stories["grants and ends: "+end] = append(slices.Clone(l.WordsOf(l.Roles.Grants)), l.WordsOf(end)...)
	}
	for name, words := range stories {
		require.True(t, intentTells(words, true), "%s: %v", name, words)
		require.Equal(t, l.inOrder(words), words, name)
		for i, a := range words {
			require.False(t, slices.ContainsFunc(words[:i], func(b string) bool { return l.excludes(a, b) }), "%s: %v", name, words)
		}
	}
}
