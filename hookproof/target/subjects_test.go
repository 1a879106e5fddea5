package target

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
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
	require.Equal(t, int64(4900), s.Number("amount", 0))
	require.Equal(t, []string{"eur", "acme"}, []string{s.Text("currency"), s.Text("metadata.tenant")})
	e, err := life.Payment.New("checkout.session.completed", s)
	require.NoError(t, err)
	require.Regexp(t, `"amount_total": 4900,`, string(e.Body))

	announced, _, err := target.Announce(t.Context())
	require.NoError(t, err, "what the file says is known before")
	require.Equal(t, []string{"4900", "eur", "acme"}, []string{announced.Text("amount"), announced.Text("currency"), announced.Text("metadata.tenant")})
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
	for _, subject := range []event.Subject{s, announced} {
		for _, name := range []string{"checkout.session.completed", "charge.refunded", "payment_intent.succeeded"} {
			e, err := life.Payment.New(name, subject)
			require.NoError(t, err)
			require.Regexp(t, `"customer": "cus_NffrFeUfNV2Hib",`, string(e.Body), name)
		}
	}
	for _, other := range []event.Subject{{"sessionId": "cs_test_1"}, {"sessionId": "cs_test_1", "customer": "Zoë"}, {"sessionId": "cs_test_1", "customer": json.Number("7")}} {
		e, err := life.Payment.New("checkout.session.completed", other)
		require.NoError(t, err)
		require.Regexp(t, `"customer": null,`, string(e.Body), "%v is no customer of Stripe's", other["customer"])
	}
	require.NotEqual(t, "cus_0123456789abcdef", life.Payment.Nowhere(event.Subject{"clientReferenceId": "order-1", "customer": "cus_0123456789abcdef"}).Text("customer"), "whose object is not there is nobody")
	require.NotContains(t, life.Payment.Stranger(s, false), "customer")
}

// A customer that the target makes up cannot be told before its object is made.
func TestACustomerThatTheTargetMakesUpIsNotAnnounced(t *testing.T) {
	t.Parallel()
	target, err := parsed(t, `,
		"subject": {"command": ["echo", "{\"clientReferenceId\": \"{{new.id}}\", \"customer\": \"cus_NffrFeUfNV2Hib\"}"]}, "state": {"command": ["true"]}`)
	require.NoError(t, err)
	_, _, err = target.Announce(t.Context())
	require.Equal(t, []string{"announce"}, result.AsReason(err).Hooks)
	require.ErrorContains(t, err, "customer")
}

// A constant is every subject's, so it ties no event to one.
func TestAConstantTiesNothing(t *testing.T) {
	t.Parallel()
	url, _ := orderAPI(t)
	_, err := parsed(t, strings.ReplaceAll(`,
		"subject": {"http": {"url": "URL/orders", "body": {"reference": "r"}}, "pick": {"sessionId": {"value": "cs_test_1"}, "id": "/id"}}, "state": {"command": ["true"]}`, "URL", url))
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
	id := announced.Text("clientReferenceId")
	require.Regexp(t, `^ref_[0-9a-f-]{36}/cs_test_[0-9a-f]{24}$`, id)
	require.Equal(t, id, announced.Text("metadata.order"))
	require.NoError(t, make(t.Context()))
	require.Equal(t, id, announced.Text("clientReferenceId"), "it was made under the name that was told before")
	again, _, err := target.Announce(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, id, again.Text("clientReferenceId"))
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
