package hookproof

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// story is a small model of what Stripe can tell of one order: where each object stands, and what can happen next. A
// schedule may deliver a story in any order, and withhold a part of it; it may not tell what cannot have happened.
type story struct {
	session  string // open, waiting (completed, and not paid), paid, failed or expired
	other    string // another Checkout session of the same order; the same
	refunded int    // of the charge, in percent
	dispute  string // "", open, lost or won
}

// happens is what an event of the vocabulary says to have happened, and whether it can.
var happens = map[string]func(s *story) bool{
	"unpaid":       func(s *story) bool { return moves(&s.session, "open", "waiting") },
	"paid":         func(s *story) bool { return moves(&s.session, "open", "paid") },
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

// alikeStories are words that say what another says, in another shape or with other sums.
var alikeStories = map[string]string{
	"paid-newest": "paid", "free": "paid", "expanded": "paid", "ascii": "paid", "compact": "paid", "spaced": "paid", "escaped": "paid",
	"emoji": "paid", "large": "paid", "huge": "paid", "half-amount": "paid", "other-currency": "paid",
}

// apart are words about nothing of this order's, or no events at all.
var apart = []string{"other-livemode", "bare", "stranger", "stranger-refund", "stranger-dispute", "neighbour-paid", "neighbour-expired", "paid-nowhere",
	"unhandled", "carrier", "unhandled-succeeded", "garbage", "cut-off", "no-event", "blank", "json-null"}

// counterfeit are words for what Stripe never tells, and whoever has the secret could: checks that our own policy demands
// ask what an endpoint believes.
var counterfeit = []string{"no-amount", "refund-other-currency", "refund-too-much"}

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

// happened are the events that a schedule tells of one order, each once, in the order in which they are said to happen.
func happened(s Schedule) []string {
	var events []string
	for _, item := range s {
		if item.Verb != "" || item.Sign != "" && !signings[item.Sign].genuine || slices.Contains(apart, item.Event) || slices.Contains(counterfeit, item.Event) {
			continue
		}
		event := item.Event
		if known, is := alikeStories[event]; is {
			event = known
		}
		if !slices.Contains(events, event) {
			events = append(events, event)
		}
	}
	slices.SortStableFunc(events, func(a, b string) int { return int(vocabulary[a].age - vocabulary[b].age) })
	return events
}

// together are events that Stripe makes within a moment, so that they can have one time.
var together = [][]string{{"paid", "refund-10", "refund-25"}, {"unpaid", "async-paid"}, {"paid", "dispute"}}

// impossible says why Stripe can never tell what a schedule does, or "".
func impossible(s Schedule) string {
	events := happened(s)
	switch {
	case !tells(events, false):
		return "cannot all happen to one order"
	case !tells(events, true):
		return "happen in another order than their times say"
	case s.verb("tie") && !slices.ContainsFunc(together, func(group []string) bool {
		return !slices.ContainsFunc(events, func(event string) bool { return !slices.Contains(group, event) })
	}):
		return "have one time, and do not happen within a moment"
	}
	return ""
}

// Every schedule of every check tells what Stripe can tell, in whatever order it is delivered.
func TestStripeCanTellEverySchedule(t *testing.T) {
	t.Parallel()
	for _, check := range Checks() {
		for _, relation := range check.Relations {
			left, right, _ := strings.Cut(relation.If, "≠")
			for _, side := range []string{relation.Left, relation.Right, left, right} {
				for _, text := range expand(side, 1000, 1) {
					s, err := ParseSchedule(text)
					require.NoError(t, err)
					require.Empty(t, impossible(s), "%s: %s", check.Name, text)
				}
			}
		}
	}
}

// Every word of the vocabulary is in the model, so that none can be forgotten.
func TestTheModelKnowsEveryWord(t *testing.T) {
	t.Parallel()
	for word := range vocabulary {
		places := 0
		for _, is := range []bool{happens[word] != nil, alikeStories[word] != "", slices.Contains(apart, word), slices.Contains(counterfeit, word)} {
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
		s, err := ParseSchedule(text)
		require.NoError(t, err)
		require.Equal(t, why, impossible(s), text)
	}
}

// Another session of an order bears what the target has put into the first, and is another one.
func TestAnotherSessionIsTheSameOrders(t *testing.T) {
	t.Parallel()
	subject := Subject{"sessionId": "cs_test_1", "paymentIntent": "pi_1", "clientReferenceId": "7", "metadata.order": "7", "amount": 4500, "currency": "usd"}
	for _, word := range []string{"other-session-expired", "other-session-failed"} {
		e, err := eventOf(vocabulary[word], subject, &Target{}, time.Now(), false)
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
	s, err := ParseSchedule("paid other-session-expired")
	require.NoError(t, err)
	for name, row := range map[string]struct {
		subject Subject
		asked   bool
	}{
		"its session alone": {Subject{"sessionId": "cs_test_1", "charge.metadata.order": "7"}, false},
		"a reference":       {Subject{"sessionId": "cs_test_1", "clientReferenceId": "7"}, true},
		"metadata":          {Subject{"sessionId": "cs_test_1", "metadata.order": "7"}, true},
	} {
		require.Equal(t, row.asked, facts{sample: row.subject}.unaskable(s, target) == "", name)
	}
}
