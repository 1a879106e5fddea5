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
var orders = []string{"intent", "payment"}

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
	s := event.Subject{"metadata.orderId": "order-7", "charge.metadata.orderId": "order-7", "amount": amount, "currency": "sek"}
	for name, n := range l.Names {
		switch {
		case name == "email":
			s[name] = "kim@example.org"
		case name == "invoice": // by itself made from the intent's
			s[name] = "in_mine"
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
var fileID = regexp.MustCompile(`"(cs_test|pi|ch|re|du|txn|in|il|ii|di)_\w*Sauna\w*"`)

// No id of an order is the same for all subjects, or an endpoint that keeps them unique would take one order for another.
func TestEveryIDIsTheSubjects(t *testing.T) {
	t.Parallel()
	eachWord(t, 777, func(t *testing.T, _ *Life, where string, _ event.Subject, body map[string]any) {
		raw, err := json.Marshal(body)
		require.NoError(t, err)
		require.Empty(t, fileID.FindAllString(string(raw), -1), where)
	})
}

// No two objects of an order have one id.
func TestIDsOfAnOrderDiffer(t *testing.T) {
	t.Parallel()
	for _, name := range orders {
		l, err := BuiltIn(name)
		require.NoError(t, err)
		known := map[string]string{}
		for name, id := range l.Made(ordered(l, 777)) {
			require.Empty(t, known[id], "%s is %s", id, name)
			known[id] = name
		}
		require.Greater(t, len(known), 10)
	}
}

// No sum of the files is left, and where they have null there is nothing, unless the target itself says which id is there.
func TestSumsAndNullsOfFiles(t *testing.T) {
	t.Parallel()
	sums := []any{4500.0, -4500.0, 4050.0, 450.0, 2700.0, 1800.0, 5580.0, 1080.0, 1000.0}
	eachWord(t, 777, func(t *testing.T, l *Life, where string, _ event.Subject, body map[string]any) {
		name, version, _ := strings.Cut(where[strings.Index(where, "/")+1:], " of ")
		raw, err := l.body(version, l.Words[name].Event)
		require.NoError(t, err)
		var file any
		require.NoError(t, json.Unmarshal(raw, &file))
		now := leaves(body, "")
		for place, was := range leaves(file, "") {
			is := now[place]
			require.False(t, was == is && slices.Contains(sums, was), "%s: %s is still %v", where, place, was)
			if was == nil && is != nil {
				require.Contains(t, []string{"/data/object/customer", "/data/object/invoice"}, place, where)
			}
		}
		if status := objectOf(body)["status"]; status == "requires_payment_method" && !strings.Contains(where, "failed") {
			require.Nil(t, objectOf(body)["latest_charge"], where)
		}
	})
}

// namesOf are the names of an order's objects of a kind.
var namesOf = map[string][]string{
	"checkout.session": {"sessionId"}, "payment_intent": {"paymentIntent", "firstIntent"}, "charge": {"charge", "failedCharge", "firstCharge"},
	"refund": {"refund", "fullRefund"}, "dispute": {"dispute"}, "invoice": {"invoice"},
}

// Objects of one order name each other by the same ids, whatever event tells of them.
func TestIDsOfAnOrderAgree(t *testing.T) {
	t.Parallel()
	eachWord(t, 777, func(t *testing.T, l *Life, where string, s event.Subject, body map[string]any) {
		known := func(names ...string) []any {
			ids := []any{nil}
			for _, name := range names {
				if _, there := l.Names[name]; there {
					ids = append(ids, l.value(name, telling{life: l, s: s}))
				}
			}
			return ids
		}
		object := objectOf(body)
		first := strings.Contains(where, "/first-") // is about an earlier intent, and no other word is
		kind, _ := object["object"].(string)
		for place, names := range map[string][]string{
			"id":             namesOf[kind],
			"payment_intent": {"paymentIntent", "firstIntent"}, "charge": {"charge"}, "latest_charge": {"charge", "failedCharge", "firstCharge"},
			"customer": {"customer"},
			"invoice":  {"invoice"},
		} {
			names = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
				return name != "customer" && first != strings.HasPrefix(name, "first")
			})
			if value, there := object[place]; there {
				require.Contains(t, known(names...), value, "%s: %s", where, place)
			}
		}
		if kind == "payment_intent" || kind == "charge" || kind == "checkout.session" {
			require.Equal(t, map[string]any{"orderId": "order-7"}, object["metadata"], where)
		}
		if !strings.Contains(where, "-currency of ") { // is about another one
			require.Equal(t, "sek", object["currency"], where)
		}
	})
}

// Sums of one body add up, and follow the subject's amount, also one that no percentage divides.
func TestSumsAddUp(t *testing.T) {
	t.Parallel()
	for _, amount := range []int{777, 4999, 101} {
		eachWord(t, amount, func(t *testing.T, _ *Life, where string, _ event.Subject, body map[string]any) {
			object, total := objectOf(body), amount
			if slices.ContainsFunc(alteredSums, func(word string) bool { return strings.Contains(where, "/"+word+" of ") }) {
				return // says what Stripe never does
			}
			if strings.Contains(where, "/discounted") {
				total -= amount / 10
			}
			if strings.Contains(where, "/taxed") {
				total += amount * 24 / 100
			}
			checkSumsOfOrder(t, where, object, amount, total)
		})
	}
}

// alteredSums are words with sums that are wrong on purpose.
var alteredSums = []string{"half-amount", "no-amount", "refund-too-much"}

// checkSumsOfOrder checks the sums of an object of an order. The price is what was asked for, the total is what was to be paid.
func checkSumsOfOrder(t *testing.T, where string, object map[string]any, price, total int) {
	t.Helper()
	values := leaves(object, "")
	has := func(place string) int {
		n, _ := values["/"+place].(float64)
		return int(n)
	}
	status, _ := object["status"].(string)
	switch object["object"] {
	case "checkout.session":
		if object["payment_status"] == "no_payment_required" {
			total = 0
		}
		require.Equal(t, []int{price, total}, []int{has("amount_subtotal"), has("amount_total")}, where)
		require.Equal(t, total, price-has("total_details/amount_discount")+has("total_details/amount_tax")+has("total_details/amount_shipping"), where)
	case "invoice":
		require.Equal(t, []int{price, total, total, total, 0}, []int{has("subtotal"), has("total"), has("amount_due"), has("amount_paid"), has("amount_remaining")}, where)
		require.Equal(t, []int{price, price - total, price - total}, []int{has("lines/data/0/amount"), has("total_discount_amounts/0/amount"), has("lines/data/0/discount_amounts/0/amount")}, where)
	case "payment_intent":
		require.Equal(t, total, has("amount"), where)
		require.Equal(t, status == "requires_capture", has("amount_capturable") == total, where)
		require.LessOrEqual(t, has("amount_received"), total, where)
		require.Equal(t, status == "succeeded", has("amount_received") > 0, where)
		if object["capture_method"] != "manual" && status == "succeeded" {
			require.Equal(t, total, has("amount_received"), where)
		}
	case "charge":
		captured, refunded := has("amount_captured"), has("amount_refunded")
		require.Equal(t, total, has("amount"), where)
		require.LessOrEqual(t, captured, total, where)
		require.Equal(t, object["refunded"] == true, refunded == total, where)
		if object["captured"] == false {
			require.Zero(t, captured+refunded, where)
		} else if captured < total {
			require.Equal(t, total, captured+refunded, "%s: what is not captured is let go", where)
		}
	case "refund":
		require.Contains(t, []int{total / 10, total}, has("amount"), where)
	case "dispute":
		require.Equal(t, total, has("amount"), where)
		for n := range object["balance_transactions"].([]any) {
			place := fmt.Sprintf("balance_transactions/%d/", n)
			require.Equal(t, []int{-total, total}[n], has(place+"amount"), where)
			require.Equal(t, []int{-total, total}[n], has(place+"net"), where)
		}
	}
}

// inOneVersion are the values that only some versions have in an object of a kind: an invoice has no intent from 2025 on, a refund has
// its customer from 2026 on, and a charge that is captured by itself has no balance transaction at first from 2024 on.
var inOneVersion = map[string][]string{"invoice": {"pi_mine", "ch_mine"}, "refund": {"cus_mine"}, "charge": {"txn_mine"}}

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
		if slices.Contains([]float64{777, -777, 77, 194, 466, 311, 700, 963, 186}, v) {
			found[fmt.Sprint(v)] = true
		}
	}
}

// What is told of another session of the order is told of one and the same: another one than the order's, with its own intent.
func TestTheSecondSessionIsOne(t *testing.T) {
	t.Parallel()
	s := ordered(Payment, 777)
	paid := objectOf(bodyOf(t, Payment.Vocabulary["second-paid"], s, ""))
	require.Equal(t, paid["id"], objectOf(bodyOf(t, Payment.Vocabulary["other-session-expired"], s, ""))["id"])
	refund := objectOf(bodyOf(t, Payment.Vocabulary["second-refund"], s, ""))
	require.Equal(t, paid["payment_intent"], refund["payment_intent"])
	made := Payment.Made(s)
	for name, value := range map[string]any{"sessionId": paid["id"], "paymentIntent": paid["payment_intent"], "charge": refund["id"]} {
		require.NotEqual(t, s[name], value, name)
		require.Equal(t, made["second "+name], value, name)
	}
	require.NotEqual(t, s["invoice"], paid["invoice"])
	other := s.Text("paymentIntent") + "x"
	s["paymentIntent"] = other
	require.NotEqual(t, refund["payment_intent"], objectOf(bodyOf(t, Payment.Vocabulary["second-refund"], s, ""))["payment_intent"], "it is the order's own")
}
