package run

import (
	"encoding/json"
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
// happen, and in which order, the life says: at and instead of its words, and what is together. Package life has a model of Stripe's objects
// that shows that it says so rightly.

// alikeStories are words that say what another says, with other sums.
var alikeStories = map[string]string{"half-amount": "paid", "other-currency": "paid", "other-email": "paid"}

// counterfeit are words for what Stripe never tells, and whoever has the secret could: checks that our own policy demands
// ask what an endpoint believes.
var counterfeit = []string{"no-amount", "refund-other-currency", "refund-too-much"}

// apart tells whether a word is about nothing of this order's, or no event at all.
func apart(l *life.Life, word string) bool {
	w := l.Vocabulary[word]
	return w.Raw != "" || w.Event == life.NeutralEvent || w.Stranger || w.Nowhere || w.Other || w.Live || l.IsBeside(word)
}

// storyOf is the word of the life that an event of a schedule tells; "" is none.
func storyOf(l *life.Life, word string) string {
	_, own := l.Words[word]
	alike := l.Words[alikeStories[word]].Event != ""
	switch {
	case apart(l, word) || slices.Contains(counterfeit, word):
		return ""
	case !own || alikeStories[word] != "" && !alike:
		return l.Grant() // in another form
	case alike:
		return alikeStories[word]
	}
	return word
}

// happened are the events that a schedule tells of one order, each once, in the order in which they happen.
func happened(l *life.Life, s check.Schedule) []string {
	var events []string
	for _, item := range s {
		if item.Verb != "" || item.Sign != "" && !event.Signings[item.Sign].Genuine {
			continue
		}
		if e := storyOf(l, item.Event); e != "" && !slices.Contains(events, e) {
			events = append(events, e)
		}
	}
	slices.SortStableFunc(events, func(a, b string) int { return int(l.Words[a].Age - l.Words[b].Age) })
	return events
}

// exclude tells whether two words cannot be in one story.
func exclude(l *life.Life, a, b string) bool {
	return slices.Contains(l.Words[a].Instead, b) || slices.Contains(l.Words[b].Instead, a)
}

// impossible says why Stripe can never tell what a schedule does, or "".
func impossible(l *life.Life, s check.Schedule) string {
	events := happened(l, s)
	for i, one := range events {
		if slices.ContainsFunc(events[:i], func(other string) bool { return exclude(l, one, other) }) {
			return "cannot all happen to one order"
		}
	}
	if s.Verb("tie") && !slices.ContainsFunc(l.Roles.Together, func(group []string) bool {
		return !slices.ContainsFunc(events, func(event string) bool { return !slices.Contains(group, event) })
	}) {
		return "have one time, and do not happen within a moment"
	}
	return ""
}

// What is not yet a grant cannot be told from a grant by its events' order: a check asks of each that it shows nothing of one.
func TestEveryNotYetIsAsked(t *testing.T) {
	t.Parallel()
	for _, life := range []*life.Life{life.Payment, intentLife(t)} {
		for _, name := range life.Roles.NotYet {
			told := strings.Join(life.WordsOf(name), " ")
			require.True(t, slices.ContainsFunc(check.Of(life), func(c check.Check) bool {
				return slices.ContainsFunc(c.Relations, func(r check.Relation) bool {
					return r.Left == told && r.Op == "∌" && r.Right == rolesOf(life).grant
				})
			}), told)
		}
	}
}

// Every schedule of every check tells what Stripe can tell, in whatever order it is delivered.
func TestStripeCanTellEverySchedule(t *testing.T) {
	t.Parallel()
	for _, l := range []*life.Life{life.Payment, intentLife(t)} {
		for _, c := range check.Of(l) {
			for _, relation := range c.Relations {
				for _, side := range relation.Schedules() {
					for _, text := range check.Expand(side, 1000, 1) {
						s, err := check.ParseSchedule(l, text)
						require.NoError(t, err)
						require.Empty(t, impossible(l, s), "%s: %s", c.Name, text)
					}
				}
			}
		}
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
		require.Equal(t, why, impossible(life.Payment, s), text)
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

// intentLife returns the built-in life of a payment intent.
func intentLife(t *testing.T) *life.Life {
	t.Helper()
	l, err := life.BuiltIn("intent")
	require.NoError(t, err)
	return l
}
