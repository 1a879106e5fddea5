package hookproof

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the answer does not have, and is the same for all, the target file says itself.
func TestPickTakesConstants(t *testing.T) {
	t.Parallel()
	url, _ := orderAPI(t)
	target, err := parsed(t, strings.ReplaceAll(`,
		"subject": {"http": {"url": "URL/orders", "body": {"reference": "{{new.id}}"}},
			"pick": {"clientReferenceId": "/id", "amount": {"value": 4900}, "currency": {"value": "eur"}, "metadata.tenant": {"value": "acme"}}},
		"state": {"http": {"url": "URL/orders/{{clientReferenceId}}"}}`, "URL", url))
	require.NoError(t, err)
	s, err := target.Subject(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(4900), s.number("amount", 0))
	require.Equal(t, []string{"eur", "acme"}, []string{s.text("currency"), s.text("metadata.tenant")})
	e, err := NewEvent("checkout.session.completed", s)
	require.NoError(t, err)
	require.Regexp(t, `"amount_total": 4900,`, string(e.Body))

	announced, _, err := target.Announce(t.Context())
	require.NoError(t, err, "what the file says is known before")
	require.Equal(t, []string{"4900", "eur", "acme"}, []string{announced.text("amount"), announced.text("currency"), announced.text("metadata.tenant")})
}

// A customer is bound where Stripe has one: a shop may find whose a payment is by nothing else.
func TestACustomerCanBePicked(t *testing.T) {
	t.Parallel()
	url, _ := orderAPI(t)
	target, err := parsed(t, strings.ReplaceAll(`,
		"subject": {"http": {"url": "URL/orders", "body": {"reference": "{{new.id}}"}}, "pick": {"clientReferenceId": "/id", "customer": {"value": "cus_NffrFeUfNV2Hib"}}},
		"state": {"http": {"url": "URL/orders/{{clientReferenceId}}"}}`, "URL", url))
	require.NoError(t, err)
	s, err := target.Subject(t.Context())
	require.NoError(t, err)
	announced, _, err := target.Announce(t.Context())
	require.NoError(t, err)
	for _, subject := range []Subject{s, announced} {
		for _, name := range []string{"checkout.session.completed", "charge.refunded", "payment_intent.succeeded"} {
			e, err := NewEvent(name, subject)
			require.NoError(t, err)
			require.Regexp(t, `"customer": "cus_NffrFeUfNV2Hib",`, string(e.Body), name)
		}
	}
	for _, other := range []Subject{{"sessionId": "cs_test_1"}, {"sessionId": "cs_test_1", "customer": "Zoë"}, {"sessionId": "cs_test_1", "customer": json.Number("7")}} {
		e, err := NewEvent("checkout.session.completed", other)
		require.NoError(t, err)
		require.Regexp(t, `"customer": null,`, string(e.Body), "%v is no customer of Stripe's", other["customer"])
	}
	require.NotEqual(t, "cus_0123456789abcdef", Subject{"clientReferenceId": "order-1", "customer": "cus_0123456789abcdef"}.nowhere().text("customer"), "whose object is not there is nobody")
	require.NotContains(t, stranger(s, false), "customer")
}

// A customer that the target makes up cannot be told before its object is made.
func TestACustomerThatTheTargetMakesUpIsNotAnnounced(t *testing.T) {
	t.Parallel()
	target, err := parsed(t, `,
		"subject": {"command": ["echo", "{\"clientReferenceId\": \"{{new.id}}\", \"customer\": \"cus_NffrFeUfNV2Hib\"}"]}, "state": {"command": ["true"]}`)
	require.NoError(t, err)
	_, _, err = target.Announce(t.Context())
	require.Equal(t, []string{"announce"}, asReason(err).hooks)
	require.ErrorContains(t, err, "customer")
}

// A shop that finds whose a payment is by its customer alone is judged.
func TestAShopThatKnowsItsCustomersIsJudged(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	orders := map[string]string{} // a customer's one order
	target := openStall(t, nil).target()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !verifies(r.Header.Get("Stripe-Signature"), body) {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		var e struct {
			Type string
			Data struct {
				Object struct {
					Customer      string
					PaymentStatus string `json:"payment_status"`
				}
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if json.Unmarshal(body, &e) != nil || e.Type != "checkout.session.completed" || e.Data.Object.PaymentStatus != "paid" {
			return
		}
		if _, known := orders[e.Data.Object.Customer]; known {
			orders[e.Data.Object.Customer] = "paid"
		}
	}))
	t.Cleanup(shop.Close)
	target.URL, target.Announce, target.Counters = shop.URL, nil, nil
	target.Subject = func(context.Context) (Subject, error) {
		mu.Lock()
		defer mu.Unlock()
		id := random()
		orders["cus_"+id] = "open"
		return Subject{"sessionId": "cs_test_" + id, "customer": "cus_" + id, "amount": 4500, "currency": "usd"}, nil
	}
	target.State = func(_ context.Context, s Subject) (any, error) {
		mu.Lock()
		defer mu.Unlock()
		return map[string]any{"status": orders[s.text("customer")], "customer": s.text("customer")}, nil
	}
	r, err := Judge(t.Context(), target, Options{Only: []string{"idempotence/redelivered", "meaning/unpaid", "meaning/strangers", "meaning/neighbours", "authenticity/no-effect"}})
	require.NoError(t, err)
	require.Equal(t, 5, r.Count(Pass), r.Findings)
}

// A constant is every subject's, so it ties no event to one.
func TestAConstantTiesNothing(t *testing.T) {
	t.Parallel()
	url, _ := orderAPI(t)
	target, err := parsed(t, strings.ReplaceAll(`,
		"subject": {"http": {"url": "URL/orders", "body": {"reference": "r"}}, "pick": {"sessionId": {"value": "cs_test_1"}, "id": "/id"}}, "state": {"command": ["true"]}`, "URL", url))
	require.NoError(t, err)
	_, err = target.Subject(t.Context())
	require.ErrorContains(t, err, "none of sessionId, clientReferenceId, paymentIntent")
}

// An id that the target makes of one that was invented here is known before its object is made.
func TestComposedIdsCanBeAnnounced(t *testing.T) {
	t.Parallel()
	url, _ := orderAPI(t)
	target, err := parsed(t, strings.ReplaceAll(`,
		"subject": {"http": {"url": "URL/orders", "body": {"reference": "ref_{{new.id}}/{{new.sessionId}}"}}, "pick": {"clientReferenceId": "/id", "metadata.order": "/id"}},
		"state": {"http": {"url": "URL/orders/{{clientReferenceId}}"}}`, "URL", url))
	require.NoError(t, err)
	announced, make, err := target.Announce(t.Context())
	require.NoError(t, err)
	id := announced.text("clientReferenceId")
	require.Regexp(t, `^ref_[0-9a-f-]{36}/cs_test_[0-9a-f]{24}$`, id)
	require.Equal(t, id, announced.text("metadata.order"))
	require.NoError(t, make(t.Context()))
	require.Equal(t, id, announced.text("clientReferenceId"), "it was made under the name that was told before")
	again, _, err := target.Announce(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, id, again.text("clientReferenceId"))
}

// An amount that nobody gave is made up, and that is said: in the report, and where a payment shows nothing.
func TestAnAmountThatNobodyGaveIsSaid(t *testing.T) {
	t.Parallel()
	for missing, want := range map[string]string{
		"": "", "amount": "gives no amount, so events have 4500;", "currency": `gives no currency, so events have usd;`, "amount currency": `gives no amount and no currency, so events have 4500 usd;`,
	} {
		s := Subject{"sessionId": "cs_1", "amount": 4900, "currency": "usd"}
		for name := range strings.FieldsSeq(missing) {
			delete(s, name)
		}
		require.Contains(t, granted(s), want)
		require.Equal(t, missing == "", granted(s) == "")
	}
	judged := func(lie func(*stall)) (Report, error) {
		target := openStall(t, lie).target()
		subject := target.Subject
		target.Subject = func(ctx context.Context) (Subject, error) {
			s, err := subject(ctx)
			delete(s, "amount")
			return s, err
		}
		return Judge(t.Context(), target, Options{Only: []string{"authenticity/genuine", "meaning/unpaid"}})
	}
	r, err := judged(nil)
	require.NoError(t, err)
	require.Len(t, r.Notes, 1)
	require.Contains(t, r.Notes[0], `no amount, so events have 4500; if that is not the price, pick it from the hook's answer, or give it as a constant: "amount": {"value": 4500}`)
	_, err = judged(func(s *stall) { s.shows = func(map[string]any) any { return "open" } })
	require.ErrorContains(t, err, "its log may say why. Also, the subject hook gives no amount")
}

// An amount is in minor units, a number in an event however the target writes it.
func TestAmountsAreWholeNumbers(t *testing.T) {
	t.Parallel()
	for amount, why := range map[string]string{`"4900"`: "", `4900`: "", `"49.00"`: `its answer's amount is "49.00", and must be a whole number of the currency's smallest unit`} {
		target, err := parsed(t, `, "subject": {"command": ["echo", "{\"sessionId\": \"cs_1\", \"amount\": `+strings.ReplaceAll(amount, `"`, `\"`)+`}"]}, "state": {"command": ["true"]}`)
		require.NoError(t, err)
		s, err := target.Subject(t.Context())
		if why != "" {
			require.ErrorContains(t, err, why)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, json.Number("4900"), s["amount"])
	}
}
