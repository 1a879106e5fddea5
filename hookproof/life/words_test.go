package life

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
)

// The lives whose bodies are held to be those of one order: its session, intent, charge, refunds, dispute and invoice.
var orders = []string{"intent"}

// bodyOf is what an event of a life tells a subject of, in an API version.
func bodyOf(t *testing.T, w *Spec, s event.Subject, version string) map[string]any {
	t.Helper()
	e, err := w.About(s, version, false, time.Unix(1793188800, 0), false)
	require.NoError(t, err)
	var body map[string]any
	require.NoError(t, json.Unmarshal(e.Body, &body), string(e.Body))
	require.Equal(t, w.Type, body["type"])
	require.Equal(t, e.ID, body["id"])
	require.EqualValues(t, 1793188800+w.Age, body["created"])
	return body
}

// ordered is a subject that has everything that a life can bind. Its values occur nowhere in the files.
func ordered(l *Life, amount int) event.Subject {
	s := event.Subject{"metadata.orderId": "order-7", "amount": amount, "currency": "sek"}
	for name, n := range l.Names {
		switch {
		case name == "email":
			s[name] = "kim@example.org"
		case n.Prefix != "" && n.Of == "":
			s[name] = n.Prefix + "mine"
		}
	}
	return s
}

// wordsOf are the words of a life that Stripe tells of a subject's own order, sorted.
func wordsOf(l *Life) (words []string) {
	for _, word := range slices.Sorted(maps.Keys(l.Words)) {
		if w := l.Vocabulary[word]; !w.Stranger && !w.Other && !w.Second {
			words = append(words, word)
		}
	}
	return words
}

// eachWord runs a test for every word of an order in every API version.
func eachWord(t *testing.T, amount int, test func(t *testing.T, l *Life, where string, s event.Subject, body map[string]any)) {
	t.Helper()
	for _, name := range orders {
		l, err := BuiltIn(name)
		require.NoError(t, err)
		for _, version := range l.versions {
			for _, word := range wordsOf(l) {
				s := ordered(l, amount)
				test(t, l, fmt.Sprintf("%s/%s of %s", name, word, version), s, bodyOf(t, l.Vocabulary[word], s, version))
			}
		}
	}
}

func objectOf(body map[string]any) map[string]any {
	return body["data"].(map[string]any)["object"].(map[string]any)
}

// fileID matches what is an id of an order in the files. A payment method and a customer may be shared by several orders.
var fileID = regexp.MustCompile(`"(cs_test|pi|ch|re|du|txn|in|il|ii)_\w*Sauna\w*"`)

// No id of an order is the same for all subjects, or an endpoint that keeps them unique would take one order for another.
func TestEveryIDIsTheSubjects(t *testing.T) {
	t.Parallel()
	eachWord(t, 777, func(t *testing.T, _ *Life, where string, _ event.Subject, body map[string]any) {
		raw, err := json.Marshal(body)
		require.NoError(t, err)
		require.Empty(t, fileID.FindAllString(string(raw), -1), where)
	})
}

// namesOf are the names of an order's objects of a kind.
var namesOf = map[string][]string{
	"checkout.session": {"sessionId"}, "payment_intent": {"paymentIntent"}, "charge": {"charge", "failedCharge"}, "refund": {"refund", "fullRefund"}, "dispute": {"dispute"},
}

// Objects of one order name each other by the same ids, whatever event tells of them.
func TestIDsOfAnOrderAgree(t *testing.T) {
	t.Parallel()
	eachWord(t, 777, func(t *testing.T, l *Life, where string, s event.Subject, body map[string]any) {
		known := func(names ...string) []any {
			ids := []any{nil}
			for _, name := range names {
				if _, there := l.Names[name]; there {
					ids = append(ids, l.value(name, s))
				}
			}
			return ids
		}
		object := objectOf(body)
		kind, _ := object["object"].(string)
		for place, names := range map[string][]string{
			"id":             namesOf[kind],
			"payment_intent": {"paymentIntent"}, "charge": {"charge"}, "latest_charge": {"charge", "failedCharge"}, "customer": {"customer"},
		} {
			if value, there := object[place]; there {
				require.Contains(t, known(names...), value, "%s: %s", where, place)
			}
		}
		if kind == "payment_intent" || kind == "charge" || kind == "checkout.session" {
			require.Equal(t, map[string]any{"orderId": "order-7"}, object["metadata"], where)
		}
		require.Equal(t, "sek", object["currency"], where)
	})
}

// Sums of one body add up, and follow the subject's amount, also one that no percentage divides.
func TestSumsAddUp(t *testing.T) {
	t.Parallel()
	for _, amount := range []int{777, 4999, 101} {
		eachWord(t, amount, func(t *testing.T, _ *Life, where string, _ event.Subject, body map[string]any) {
			object := objectOf(body)
			has := func(name string) int { n, _ := object[name].(float64); return int(n) }
			status, _ := object["status"].(string)
			switch object["object"] {
			case "payment_intent":
				require.Equal(t, status == "requires_capture", has("amount_capturable") == has("amount"), where)
				require.LessOrEqual(t, has("amount_received"), has("amount"), where)
				require.Equal(t, status == "succeeded" && object["capture_method"] != "manual", has("amount_received") == has("amount") && object["capture_method"] != "manual", where)
				require.Equal(t, amount, has("amount"), where)
			case "charge":
				captured, refunded := has("amount_captured"), has("amount_refunded")
				require.Equal(t, amount, has("amount"), where)
				require.LessOrEqual(t, captured, has("amount"), where)
				require.Equal(t, object["refunded"] == true, refunded == has("amount"), where)
				if object["captured"] == false {
					require.Zero(t, captured+refunded, where)
				} else if captured < has("amount") {
					require.Equal(t, has("amount"), captured+refunded, "%s: what is not captured is let go", where)
				}
			case "refund":
				require.Contains(t, []int{amount / 10, amount}, has("amount"), where)
			case "dispute":
				require.Equal(t, amount, has("amount"), where)
				for n, one := range object["balance_transactions"].([]any) {
					sum := []int{-amount, amount}[n]
					require.EqualValues(t, sum, one.(map[string]any)["amount"], where)
					require.EqualValues(t, sum, one.(map[string]any)["net"], where)
				}
			}
		})
	}
}

// inOneVersion are the values that only some versions have in an object of a kind: from 2026 on, a refund has its customer.
var inOneVersion = map[string][]string{"refund": {"cus_mine"}}

// Bodies of different versions bind the same values, but for places that one version does not have.
func TestVersionsBindTheSame(t *testing.T) {
	t.Parallel()
	for _, name := range orders {
		l, err := BuiltIn(name)
		require.NoError(t, err)
		for _, word := range wordsOf(l) {
			var bound []string
			for _, version := range l.versions {
				values := map[string]bool{}
				body := bodyOf(t, l.Vocabulary[word], ordered(l, 777), version)
				strangers(body["data"], values)
				for _, value := range inOneVersion[objectOf(body)["object"].(string)] {
					delete(values, value)
				}
				list := slices.Sorted(maps.Keys(values))
				if bound == nil {
					bound = list
				}
				require.Equal(t, bound, list, "%s/%s of %s", name, word, version)
			}
			require.NotEmpty(t, bound, word)
		}
	}
}

// strangers collects the values that are those of ordered, and in no file.
func strangers(value any, found map[string]bool) {
	switch v := value.(type) {
	case map[string]any:
		for _, one := range v {
			strangers(one, found)
		}
	case []any:
		for _, one := range v {
			strangers(one, found)
		}
	case string:
		if strings.Contains(v, "mine") || slices.Contains([]string{"kim@example.org", "order-7", "sek"}, v) {
			found[v] = true
		}
	case float64:
		if slices.Contains([]float64{777, -777, 77, 194, 466, 311}, v) {
			found[fmt.Sprint(v)] = true
		}
	}
}
