package life

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stories are what relations of a subscription are about: with every word, and as they can happen.
var stories = []string{
	"bought", "abandoned", "trial", "trial deleted", "trial trial-will-end trial-over", "trial trial-will-end trial-over deleted",
	"bought touched", "bought seats", "bought seats renew", "bought paused", "bought zero-invoice", "bought one-off", "bought one-off-failed", "bought unknown-price", "bought unknown-price renew", "bought renew cancel-later uncancel",
	"bought upgraded", "bought upgraded downgraded", "bought upgraded downgraded upgraded-again", "bought upgraded renew", "bought upgraded downgraded renew",
	"bought renew", "bought renew renew-2", "bought fail", "bought fail recover", "bought fail recover renew-2", "bought fail sub-unpaid", "bought fail sub-unpaid deleted",
	"bought cancel-later", "bought cancel-later uncancel", "bought cancel-later deleted", "bought cancel-at", "bought cancel-at deleted", "bought renew cancel-later",
	"bought deleted", "bought deleted feedback", "bought deleted zero-last", "bought deleted late-paid", "bought renew deleted", "bought renew renew-2 deleted feedback",
	"metered-first",
	"old-bought old-cancel-later bought old-deleted", "old-bought old-deleted bought", "foreign-bought", "bought foreign-bought foreign-deleted",
}

// checks are what must be true of every story.
var checks = map[string]func(t *testing.T, l *Life, text string, story []told, born time.Time){
	"written":  checkWritten,
	"ids":      checkIDs,
	"sums":     checkSums,
	"twice":    checkTwice,
	"order":    checkOrder,
	"changes":  checkChanges,
	"instants": checkInstants,
}

func TestStoriesOfASubscription(t *testing.T) {
	t.Parallel()
	l, s := subscriptionLife(t)
	born := time.Unix(1_800_000_123, 0)
	for _, version := range l.versions {
		for _, text := range stories {
			t.Run(version+"/"+strings.ReplaceAll(text, " ", "+"), func(t *testing.T) {
				t.Parallel()
				story := tell(t, l, s, version, text, born)
				for _, name := range slices.Sorted(maps.Keys(checks)) {
					t.Run(name, func(t *testing.T) { checks[name](t, l, text, story, born) })
				}
			})
		}
	}
}

// Every word is told in some story, so the tests of stories are about all of them.
func TestStoriesHaveEveryWord(t *testing.T) {
	t.Parallel()
	l, _ := subscriptionLife(t)
	seen := map[string]bool{}
	for _, text := range stories {
		for _, word := range expand(t, l, text) {
			seen[word] = true
		}
	}
	for word := range l.Words {
		require.True(t, seen[word], word)
	}
}

// An event has the type and the object that its name says, in the text form in which Stripe writes it.
func checkWritten(t *testing.T, l *Life, text string, story []told, born time.Time) {
	kinds := map[string]string{"customer": "subscription", "invoice": "invoice", "checkout": "checkout.session"}
	for _, e := range story {
		family, _, _ := strings.Cut(e.event["type"].(string), ".")
		require.Equal(t, kinds[family], e.kind, e.word)
		require.Equal(t, strings.HasSuffix(e.event["type"].(string), ".updated"), e.previous != nil, e.word)
		var written bytes.Buffer
		require.NoError(t, json.Indent(&written, []byte(e.body), "", "  "))
		require.Equal(t, written.String(), e.body, e.word)
	}
}

// All events of a story are about one customer, one subscription, its session and its invoices.
func checkIDs(t *testing.T, l *Life, text string, story []told, born time.Time) {
	invoices := map[string]string{}
	for _, e := range story {
		form, plain := l.FormOf(e.word), e.word
		id, suffix := "sub_mine", ""
		if form != "" {
			plain, suffix = strings.TrimPrefix(e.word, form+"-"), strings.ToUpper(form[:1])+form[1:]
			id += suffix
		}
		require.Equal(t, "cus_mine", e.object["customer"], e.word)
		bound := map[string]any{"account": "account-mine"}
		if form == "foreign" {
			bound = map[string]any{}
		}
		switch e.kind {
		case "subscription":
			require.Equal(t, id, e.object["id"], e.word)
			require.Equal(t, bound, e.object["metadata"], e.word)
			require.Equal(t, "/v1/subscription_items?subscription="+id, at(e.object, "items.url"), e.word)
			for _, item := range at(e.object, "items.data").([]any) {
				require.Equal(t, id, at(item, "subscription"), e.word)
			}
		case "invoice":
			got := either(e.object, "subscription", "parent.subscription_details.subscription")
			if strings.HasPrefix(plain, "one-off") {
				require.Nil(t, got)
				require.Equal(t, "manual", e.object["billing_reason"])
			} else {
				require.Equal(t, id, got, e.word)
				require.Equal(t, bound, either(e.object, "subscription_details.metadata", "parent.subscription_details.metadata"), e.word)
			}
			require.Equal(t, "mine@example.com", e.object["customer_email"], e.word)
			require.Equal(t, "/v1/invoices/"+e.object["id"].(string)+"/lines", at(e.object, "lines.url"), e.word)
			lines := map[any]bool{}
			for _, line := range at(e.object, "lines.data").([]any) {
				require.Equal(t, e.object["id"], at(line, "invoice"), e.word)
				lines[at(line, "id")] = true
			}
			require.Len(t, lines, len(at(e.object, "lines.data").([]any)), "every line has its own id: %s", e.word)
			invoice := form + invoiceOf(plain)
			for id, other := range invoices {
				require.Equal(t, id == e.object["id"], other == invoice, "%s and %s", e.word, other)
			}
			invoices[e.object["id"].(string)] = invoice
		case "checkout.session":
			require.Equal(t, "cs_test_mine"+suffix, e.object["id"], e.word)
			require.Equal(t, id, e.object["subscription"], e.word)
			require.Equal(t, "in_"+strings.TrimPrefix(id, "sub_"), e.object["invoice"], e.word)
			require.Nil(t, e.object["payment_intent"])
			require.Equal(t, "subscription", e.object["mode"])
			require.Equal(t, "mine@example.com", at(e.object, "customer_details.email"))
			if form == "foreign" {
				require.Nil(t, e.object["client_reference_id"])
				require.Empty(t, e.object["metadata"])
			} else {
				require.Equal(t, "ref-mine", e.object["client_reference_id"])
				require.Equal(t, map[string]any{"user": "user-mine"}, e.object["metadata"])
			}
		}
	}
	for _, e := range story { // what a subscription calls its latest invoice is one that the story tells
		if latest := e.object["latest_invoice"]; e.kind == "subscription" && len(invoices) > 0 {
			require.Contains(t, invoices, latest, e.word)
		}
	}
}

// invoiceOf returns the invoice of which a word tells. A renewal's is the same whether its payment fails or not.
func invoiceOf(word string) string {
	name, _ := strings.CutSuffix(word, "-2")
	for _, end := range []string{"-paid", "-invoice"} {
		name = strings.TrimSuffix(name, end)
	}
	switch name {
	case "fail", "recover":
		return "renew"
	}
	return name
}

// What is due is what the lines add up to, what is paid is what was due, and a line costs as many units as it says.
func checkSums(t *testing.T, l *Life, text string, story []told, born time.Time) {
	for _, e := range story {
		require.Equal(t, "sek", e.object["currency"], e.word)
		switch e.kind {
		case "checkout.session":
			want := 4497.0
			if e.object["payment_status"] == "no_payment_required" {
				want = 0
			}
			require.Equal(t, []any{want, want}, []any{e.object["amount_total"], e.object["amount_subtotal"]}, e.word)
		case "subscription":
			items := at(e.object, "items.data").([]any)
			for _, item := range items {
				require.Equal(t, at(item, "price.id"), at(item, "plan.id"), e.word)
				require.Equal(t, at(item, "price.unit_amount"), at(item, "plan.amount"), e.word)
			}
			ours := items[len(items)-1]
			if len(items) == 1 {
				require.Equal(t, at(ours, "quantity"), e.object["quantity"], e.word)
				require.Equal(t, at(ours, "price.id"), at(e.object, "plan.id"), e.word)
				require.Equal(t, at(ours, "plan"), e.object["plan"], e.word)
			} else {
				require.Nil(t, e.object["plan"])
				require.Nil(t, e.object["quantity"])
			}
			want := map[string]any{"price_mine": 1499.0, "price_more": 2998.0, "price_1PqSaunaNobodyKnows0aBc": 1499.0}[at(ours, "price.id").(string)]
			require.Equal(t, want, at(ours, "price.unit_amount"), e.word)
			require.Equal(t, json.Number(at(ours, "price.unit_amount_decimal").(string)).String(), at(ours, "plan.amount_decimal"), e.word)
		case "invoice":
			sum := 0.0
			for _, line := range at(e.object, "lines.data").([]any) {
				amount := at(line, "amount").(float64)
				sum += amount
				proration := at(line, "proration") == true || at(line, "parent.subscription_item_details.proration") == true
				if amount != 0 && !proration && !strings.HasPrefix(e.word, "one-off") {
					unit := either(line, "pricing.unit_amount_decimal", "unit_amount_excluding_tax").(string)
					n, err := json.Number(unit).Float64()
					require.NoError(t, err)
					require.Equal(t, amount, n*at(line, "quantity").(float64), e.word)
				}
			}
			total := e.object["total"].(float64)
			require.Equal(t, sum, total, e.word)
			require.Equal(t, []any{total, total, total}, []any{e.object["subtotal"], e.object["total_excluding_tax"], e.object["subtotal_excluding_tax"]}, e.word)
			due, paid := max(total, 0), max(total, 0)
			if e.object["status"] == "open" {
				paid = 0
			}
			require.Equal(t, []any{due, paid, due - paid}, []any{e.object["amount_due"], e.object["amount_paid"], e.object["amount_remaining"]}, e.word)
			require.Equal(t, min(total, 0), e.object["ending_balance"], e.word)
			if charge, there := e.object["charge"]; there {
				require.Equal(t, due == 0, charge == nil, e.word)
				require.Equal(t, due == 0, e.object["payment_intent"] == nil, e.word)
				require.Equal(t, e.object["status"] == "paid", e.object["paid"], e.word)
			}
		}
	}
}

// Both events that tell of a paid invoice are about the same object.
func checkTwice(t *testing.T, l *Life, text string, story []told, born time.Time) {
	for i, e := range story {
		if e.event["type"] != "invoice.paid" {
			continue
		}
		next := story[i+1]
		require.Equal(t, e.word+"-2", next.word)
		require.Equal(t, "invoice.payment_succeeded", next.event["type"])
		one, other := maps.Clone(e.object), maps.Clone(next.object)
		for _, object := range []map[string]any{one, other} {
			delete(object, "status_transitions")
			object["created"] = min(object["created"].(float64), one["created"].(float64))
		}
		require.Empty(t, slices.DeleteFunc(changedNames(one, other), func(name string) bool { return name == "effective_at" || name == "lines" }), e.word)
	}
}

// Bodies of different versions have the same values of a subject, whatever their places are called.
func TestVersionsOfASubscriptionBindTheSameNames(t *testing.T) {
	t.Parallel()
	l, s := subscriptionLife(t)
	only := map[string]string{"ch_": "2023-10-16", "pi_": "2023-10-16"} // a newer invoice does not name its payment
	for _, text := range []string{"bought upgraded downgraded", "trial trial-over", "bought fail recover", "bought deleted late-paid", "metered-first", "bought one-off"} {
		words := map[string][]string{}
		for _, version := range l.versions {
			for _, e := range tell(t, l, s, version, text, time.Unix(1_800_000_123, 0)) {
				found := map[string]bool{}
				texts(e.event["data"], func(value string) {
					prefix, _, _ := strings.Cut(value, "_")
					if own := strings.Contains(value, "mine") || value == "price_more" || value == "sek"; own && only[prefix+"_"] == "" {
						found[value] = true
					}
				})
				have := slices.Sorted(maps.Keys(found))
				if words[e.word] == nil {
					words[e.word] = have
				}
				require.Equal(t, words[e.word], have, "%s of %s", e.word, version)
			}
		}
	}
}
