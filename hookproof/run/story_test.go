package run

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// A schedule may deliver a story in any order, and withhold a part of it; it may not tell what cannot have happened. What can
// happen, and in which order, the life says: at and instead of its words, and what is together. That the payment life says it rightly, a
// model of Stripe's objects shows.

// story is that model: where each object of one order stands, and what can happen next.
type story struct {
	session  string // open, waiting (completed, and not paid), paid, free, failed or expired
	other    string // another Checkout session of the same order; the same
	refunded int    // of the charge, in percent
	dispute  string // "", open, lost or won
}

// happens is what an event of the vocabulary says to have happened, and whether it can.
var happens = map[string]func(s *story) bool{
	"unpaid":       func(s *story) bool { return moves(&s.session, "open", "waiting") },
	"paid":         func(s *story) bool { return moves(&s.session, "open", "paid") },
	"free":         func(s *story) bool { return moves(&s.session, "open", "free") },
	"async-paid":   func(s *story) bool { return moves(&s.session, "waiting", "paid") },
	"async-failed": func(s *story) bool { return moves(&s.session, "waiting", "failed") },
	"expired":      func(s *story) bool { return moves(&s.session, "open", "expired") },

	"other-session-unpaid":  func(s *story) bool { return moves(&s.other, "open", "waiting") }, // is never told
	"other-session-expired": func(s *story) bool { return moves(&s.other, "open", "expired") },
	"other-session-failed":  func(s *story) bool { return moves(&s.other, "waiting", "failed") },

	"refund-10": func(s *story) bool { return s.refund(10) },
	"refund-25": func(s *story) bool { return s.refund(25) },
	"refund":    func(s *story) bool { return s.refund(100) },

	"dispute":      func(s *story) bool { return s.session == "paid" && moves(&s.dispute, "", "open") },
	"dispute-lost": func(s *story) bool { return moves(&s.dispute, "open", "lost") },
	"dispute-won":  func(s *story) bool { return moves(&s.dispute, "open", "won") },
}

// alikeStories are words that say what another says, with other sums.
var alikeStories = map[string]string{"half-amount": "paid", "other-currency": "paid"}

// counterfeit are words for what Stripe never tells, and whoever has the secret could: checks that our own policy demands
// ask what an endpoint believes.
var counterfeit = []string{"no-amount", "refund-other-currency", "refund-too-much"}

// apart tells whether a word is about nothing of this order's, or no event at all.
func apart(word string) bool {
	w := life.Payment.Vocabulary[word]
	return w.Raw != "" || w.Event == life.NeutralEvent || w.Stranger || w.Nowhere || w.Other || w.Live || life.Payment.IsBeside(word)
}

// storyOf is the word of the life that an event of a schedule tells; "" is none.
func storyOf(word string) string {
	switch _, own := life.Payment.Words[word]; {
	case apart(word) || slices.Contains(counterfeit, word):
		return ""
	case !own:
		return life.Payment.Grant() // in another form
	}
	return cmp.Or(alikeStories[word], word)
}

func moves(at *string, from, to string) bool {
	if *at != from {
		return false
	}
	*at = to
	return true
}

// refund tells of a larger sum: amount_refunded is what was refunded in all.
func (s *story) refund(percent int) bool {
	if s.session != "paid" || percent <= s.refunded {
		return false
	}
	s.refunded = percent
	return true
}

// tells tells whether there is a story in which all of some events happen, one after the other as they are given, or in any
// order. Others, which nobody is told of, may happen in between.
func tells(events []string, inOrder bool) bool {
	type place struct {
		story
		left string
	}
	known := map[place]bool{}
	var from func(s story, left []string) bool
	from = func(s story, left []string) bool {
		if len(left) == 0 {
			return true
		}
		here := place{s, strings.Join(left, " ")}
		if known[here] {
			return false
		}
		known[here] = true
		for _, event := range slices.Sorted(maps.Keys(happens)) {
			next := s
			if !happens[event](&next) {
				continue
			}
			rest := slices.Clone(left)
			if at := slices.Index(left, event); at == 0 || at > 0 && !inOrder {
				rest = slices.Delete(rest, at, at+1)
			} else if at > 0 {
				continue // too soon
			}
			if from(next, rest) {
				return true
			}
		}
		return false
	}
	return from(story{session: "open", other: "open"}, events)
}

// happened are the events that a schedule tells of one order, each once, in the order in which they happen.
func happened(s check.Schedule) []string {
	var events []string
	for _, item := range s {
		if item.Verb != "" || item.Sign != "" && !event.Signings[item.Sign].Genuine {
			continue
		}
		if e := storyOf(item.Event); e != "" && !slices.Contains(events, e) {
			events = append(events, e)
		}
	}
	slices.SortStableFunc(events, func(a, b string) int { return int(life.Payment.Words[a].Age - life.Payment.Words[b].Age) })
	return events
}

// exclude tells whether two words cannot be in one story.
func exclude(a, b string) bool {
	return slices.Contains(life.Payment.Words[a].Instead, b) || slices.Contains(life.Payment.Words[b].Instead, a)
}

// impossible says why Stripe can never tell what a schedule does, or "".
func impossible(s check.Schedule) string {
	events := happened(s)
	for i, one := range events {
		if slices.ContainsFunc(events[:i], func(other string) bool { return exclude(one, other) }) {
			return "cannot all happen to one order"
		}
	}
	if s.Verb("tie") && !slices.ContainsFunc(life.Payment.Roles.Together, func(group []string) bool {
		return !slices.ContainsFunc(events, func(event string) bool { return !slices.Contains(group, event) })
	}) {
		return "have one time, and do not happen within a moment"
	}
	return ""
}

// The life says of any three events what the model says: whether they can be in one story, and in which order.
func TestTheLifeIsWhatCanHappen(t *testing.T) {
	t.Parallel()
	modelled := slices.DeleteFunc(slices.Sorted(maps.Keys(happens)), func(word string) bool { return word == "other-session-unpaid" })
	for _, word := range modelled {
		require.Contains(t, life.Payment.Words, word)
	}
	for i, a := range modelled {
		for j, b := range modelled[:i] {
			for _, c := range modelled[:j+1] { // c may be b: two events
				events := slices.Compact([]string{a, b, c})
				slices.SortStableFunc(events, func(a, b string) int { return int(life.Payment.Words[a].Age - life.Payment.Words[b].Age) })
				possible := !exclude(a, b) && !exclude(a, c) && !exclude(b, c)
				require.Equal(t, tells(events, false), possible, "%v", events)
				require.Equal(t, possible, tells(events, true), "%v happen in this order", events)
			}
		}
	}
}

// What is not yet a grant cannot be told from a grant by its events' order: a check asks of each that it shows nothing of one.
func TestEveryNotYetIsAsked(t *testing.T) {
	t.Parallel()
	for _, name := range life.Payment.Roles.NotYet {
		told := strings.Join(life.Payment.WordsOf(name), " ")
		require.True(t, slices.ContainsFunc(check.All(), func(c check.Check) bool {
			return slices.ContainsFunc(c.Relations, func(r check.Relation) bool {
				return r.Left == told && r.Op == "∌" && r.Right == rolesOf(life.Payment).grant
			})
		}), told)
	}
}

// Every schedule of every check tells what Stripe can tell, in whatever order it is delivered.
func TestStripeCanTellEverySchedule(t *testing.T) {
	t.Parallel()
	for _, c := range check.All() {
		for _, relation := range c.Relations {
			left, right, _ := strings.Cut(relation.If, "≠")
			for _, side := range []string{relation.Left, relation.Right, left, right} {
				for _, text := range check.Expand(side, 1000, 1) {
					s, err := check.ParseSchedule(life.Payment, text)
					require.NoError(t, err)
					require.Empty(t, impossible(s), "%s: %s", c.Name, text)
				}
			}
		}
	}
}

// Every word of the life is in the model, so that none can be forgotten: itself, or as what tells the same.
func TestTheModelKnowsEveryWord(t *testing.T) {
	t.Parallel()
	for word := range life.Payment.Words {
		places := 0
		for _, is := range []bool{happens[word] != nil, alikeStories[word] != "", apart(word), slices.Contains(counterfeit, word)} {
			if is {
				places++
			}
		}
		require.Equal(t, 1, places, word)
	}
}

func TestImpossible(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		"":                               "",
		"paid":                           "",
		"paid*3 paid&12":                 "",
		"unpaid async-paid":              "",
		"async-paid unpaid":              "", // in another order than they happen
		"async-paid":                     "", // the rest is not told
		"paid other-session-expired":     "",
		"paid other-session-failed":      "",
		"paid refund expired":            "cannot all happen to one order",
		"paid expired":                   "cannot all happen to one order",
		"expired async-paid":             "cannot all happen to one order",
		"paid unpaid":                    "cannot all happen to one order",
		"paid async-paid":                "cannot all happen to one order",
		"paid async-failed":              "cannot all happen to one order",
		"unpaid async-paid async-failed": "cannot all happen to one order",
		"async-failed refund":            "cannot all happen to one order",
		"other-session-expired other-session-failed": "cannot all happen to one order",
		"dispute-lost dispute-won":                   "cannot all happen to one order",
		"wrong-secret:expired paid":                  "", // nobody has to believe that
		"refund-25 paid refund-10":                   "",
		"tie paid refund-10":                         "",
		"tie paid dispute dispute-won":               "have one time, and do not happen within a moment",
		"tie unpaid other-session-expired":           "have one time, and do not happen within a moment",
	} {
		s, err := check.ParseSchedule(life.Payment, text)
		require.NoError(t, err)
		require.Equal(t, why, impossible(s), text)
	}
}

// Another session of an order bears what the target has put into the first, and is another one.
func TestAnotherSessionIsTheSameOrders(t *testing.T) {
	t.Parallel()
	subject := event.Subject{"sessionId": "cs_test_1", "paymentIntent": "pi_1", "clientReferenceId": "7", "metadata.order": "7", "amount": 4500, "currency": "usd"}
	for _, word := range []string{"other-session-expired", "other-session-failed"} {
		e, err := eventOf(life.Payment.Vocabulary[word], subject, &target.Target{}, time.Now(), false)
		require.NoError(t, err)
		var read struct {
			Data struct {
				Object struct {
					ID            string
					Reference     string `json:"client_reference_id"`
					PaymentIntent string `json:"payment_intent"`
					Metadata      map[string]string
				}
			}
		}
		require.NoError(t, json.Unmarshal(e.Body, &read))
		session := read.Data.Object
		require.NotEqual(t, "cs_test_1", session.ID)
		require.NotEqual(t, "pi_1", session.PaymentIntent)
		require.Equal(t, "7", session.Reference)
		require.Equal(t, map[string]string{"order": "7"}, session.Metadata)
	}
	require.Equal(t, "cs_test_1", subject["sessionId"], "the first is as it was")
}

// By its session's id alone no other session is an order's: then nobody is asked about one.
func TestAnotherSessionNeedsATie(t *testing.T) {
	t.Parallel()
	target := openStall(t, nil).target()
	s, err := check.ParseSchedule(life.Payment, "paid other-session-expired")
	require.NoError(t, err)
	for name, row := range map[string]struct {
		subject event.Subject
		asked   bool
	}{
		"its session alone": {event.Subject{"sessionId": "cs_test_1", "charge.metadata.order": "7"}, false},
		"a reference":       {event.Subject{"sessionId": "cs_test_1", "clientReferenceId": "7"}, true},
		"metadata":          {event.Subject{"sessionId": "cs_test_1", "metadata.order": "7"}, true},
	} {
		require.Equal(t, row.asked, facts{sample: row.subject}.whyNotAsked(s, target) == "", name)
	}
}
