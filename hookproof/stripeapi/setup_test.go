package stripeapi

import (
	"encoding/json"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"example.com/hookproof/hookproof/internal/memnet"
)

const (
	older = "2023-10-16"
	newer = "2026-08-26.dahlia"
)

// setup is an API in memory with a client of Stripe's own library.
type setup struct {
	api    *API
	url    string
	http   *http.Client
	stripe *client.API
}

func newSetup(t *testing.T, version string) *setup {
	t.Helper()
	api := New(version)
	listener, err := memnet.InMemory.Listen("127.0.0.1:0")
	require.NoError(t, err)
	api.Serve(listener)
	transport := &http.Transport{DialContext: memnet.InMemory.Dial}
	t.Cleanup(func() {
		require.NoError(t, api.Close())
		transport.CloseIdleConnections()
	})
	s := &setup{api: api, url: "http://" + listener.Addr().String(), http: &http.Client{Transport: transport}}
	s.stripe = s.client("sk_test_123", 0)
	return s
}

func (s *setup) client(key string, retries int64) *client.API {
	return client.New(key, &stripe.Backends{API: stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: stripe.String(s.url), HTTPClient: s.http, MaxNetworkRetries: stripe.Int64(retries), LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	})})
}

// get asks without a library.
func (s *setup) get(t *testing.T, path string) (int, map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer sk_test_123")
	return s.do(t, request)
}

func (s *setup) do(t *testing.T, request *http.Request) (int, map[string]any) {
	t.Helper()
	response, err := s.http.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var body map[string]any
	require.NoError(t, json.NewDecoder(response.Body).Decode(&body))
	return response.StatusCode, body
}

// event is an event's body about an object of a template's shape.
func event(t *testing.T, version, id, typ, kind, objectID string, with map[string]any, previous map[string]any) []byte {
	t.Helper()
	c := catalogOf(version)
	o := c.fresh(kind, objectID)
	require.NotNil(t, o, "a template of %s", kind)
	put(o, "/created", number(1700000000))
	apply(o, with, object{}, 0)
	c.complete(o)
	body := object{"id": id, "object": "event", "api_version": version, "created": number(1700000000), "type": typ, "livemode": false, "data": object{"object": o}}
	if previous != nil {
		body["data"].(object)["previous_attributes"] = previous
	}
	raw, err := json.MarshalIndent(body, "", "  ")
	require.NoError(t, err)
	return raw
}

// subscribed is a story of a subscription: begun, renewed, ended.
func subscribed(t *testing.T, version string) [][]byte {
	t.Helper()
	sub := func(id, typ string, with map[string]any, previous map[string]any) []byte {
		all := map[string]any{"/customer": "cus_Sub1Test", "/items/data/0/price/id": "price_GoldTest", "/items/data/0/price/unit_amount": number(900), "/items/data/0/id": "si_Sub1Test", "/latest_invoice": "in_Sub1Test",
			"/items/data/0/price/product": "prod_GoldTest", "/metadata": object{"user": "user-4711"},
			"/current_period_end": number(1700000900), "/items/data/0/current_period_end": number(1700000900)}
		for k, v := range with {
			all[k] = v
		}
		return event(t, version, id, typ, "subscription", "sub_Sub1Test", all, previous)
	}
	invoice := func(id, objectID, reason string) []byte {
		with := map[string]any{"/customer": "cus_Sub1Test", "/customer_email": "zoe@example.com", "/amount_due": number(900), "/amount_paid": number(900), "/total": number(900), "/subtotal": number(900),
			"/status": "paid", "/paid": true, "/billing_reason": reason, "/subscription": "sub_Sub1Test",
			"/parent": object{"quote_details": nil, "subscription_details": object{"metadata": object{}, "subscription": "sub_Sub1Test"}, "type": "subscription_details"},
			"/lines/data/0/pricing/price_details/price": "price_GoldTest"}
		if version == older {
			with["/payment_intent"] = "pi_Other" + objectID[len("in_Sub"):]
			with["/lines/data/0/price/id"] = "price_GoldTest"
		}
		return event(t, version, id, "invoice.paid", "invoice", objectID, with, nil)
	}
	return [][]byte{
		sub("evt_created1", "customer.subscription.created", map[string]any{"/status": "incomplete"}, nil),
		invoice("evt_paid0001", "in_Sub1Test", "subscription_create"),
		sub("evt_active01", "customer.subscription.updated", map[string]any{"/status": "active"}, map[string]any{"status": "incomplete"}),
		event(t, version, "evt_session1", "checkout.session.completed", "checkout.session", "cs_test_Sub1Test", map[string]any{"/mode": "subscription", "/status": "complete", "/payment_status": "paid", "/subscription": "sub_Sub1Test",
			"/customer": "cus_Sub1Test", "/invoice": "in_Sub1Test", "/amount_total": number(900), "/amount_subtotal": number(900), "/currency": "usd", "/client_reference_id": "order-4711",
			"/customer_details": object{"email": "zoe@example.com", "name": "Zoë", "phone": nil, "address": nil}}, nil),
		invoice("evt_renewed1", "in_Sub2Test", "subscription_cycle"),
		sub("evt_renewed2", "customer.subscription.updated", map[string]any{"/status": "active", "/latest_invoice": "in_Sub2Test"}, map[string]any{"latest_invoice": "in_Sub1Test"}),
		sub("evt_deleted1", "customer.subscription.deleted", map[string]any{"/status": "canceled", "/latest_invoice": "in_Sub2Test", "/ended_at": number(1700000100)}, nil),
	}
}

// paid is a story of the fixtures: a session that is paid, then refunded in steps.
func paid(t *testing.T, version string) [][]byte {
	t.Helper()
	var bodies [][]byte
	for _, name := range []string{"checkout.session.completed", "charge.refunded.partial", "charge.refunded"} {
		raw, err := os.ReadFile("../../fixtures/lives/payment/" + version + "/" + name + ".json")
		require.NoError(t, err)
		bodies = append(bodies, raw)
	}
	return bodies
}

func (s *setup) tell(t *testing.T, bodies ...[]byte) *Story {
	t.Helper()
	story, err := s.api.Tell(bodies...)
	require.NoError(t, err)
	return story
}
