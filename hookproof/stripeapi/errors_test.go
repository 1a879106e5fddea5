package stripeapi

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"
)

func TestAnUnknownObject(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	_, err := s.stripe.CheckoutSessions.Get("cs_test_nobody", nil)
	var failure *stripe.Error
	require.True(t, errors.As(err, &failure))
	require.Equal(t, http.StatusNotFound, failure.HTTPStatusCode)
	require.Equal(t, stripe.ErrorCodeResourceMissing, failure.Code)
	require.Equal(t, stripe.ErrorTypeInvalidRequest, failure.Type)
	require.Equal(t, "No such checkout.session: 'cs_test_nobody'", failure.Msg)
	require.Equal(t, "session", failure.Param)
	require.Equal(t, "https://stripe.com/docs/error-codes/resource-missing", failure.DocURL)
	require.NotEmpty(t, failure.RequestID)
	require.Equal(t, "resource_missing", s.api.Requests(0)[0].Error)

	s.tell(t, event(t, older, "evt_kind0001", "customer.created", "customer", "cus_Kind0001", nil, nil))
	status, _ := s.get(t, "/v1/subscriptions/cus_Kind0001")
	require.Equal(t, http.StatusNotFound, status, "it is of another kind")
}

func TestAnUnknownRouteIsRecorded(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	for _, path := range []string{"/v1/issuing/cards", "/v2/core/events/evt_1", "/v1/invoices/in_1/nonsense", "/v1/invoice_payments", "/v1/customers?tax_id=1", "/v1/charges/search?query=a:'1'%20OR%20b:'2'"} {
		status, body := s.get(t, path)
		require.Equal(t, http.StatusNotImplemented, status, path)
		require.Contains(t, first(body, "/error/message"), "hookproof does not answer GET")
	}
	for _, r := range s.api.Requests(0) {
		require.True(t, r.Unknown, r.Path)
		require.Equal(t, http.MethodGet, r.Method)
	}
	require.Equal(t, "/v1/issuing/cards", s.api.Requests(0)[0].Path)
	require.Len(t, s.api.Requests(3), 3)
	require.Empty(t, s.api.Requests(99))
}

func TestKeys(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	s.tell(t, event(t, older, "evt_keys0001", "customer.created", "customer", "cus_Keys0001", nil, nil))
	ask := func(change func(*http.Request)) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v1/customers/cus_Keys0001", nil)
		require.NoError(t, err)
		change(request)
		status, body := s.do(t, request)
		message, _ := first(body, "/error/message").(string)
		return status, message
	}
	bearer := func(key string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) }
	}
	for _, key := range []string{"sk_test_1", "rk_test_1"} {
		status, _ := ask(bearer(key))
		require.Equal(t, http.StatusOK, status, key)
		status, _ = ask(func(r *http.Request) { r.SetBasicAuth(key, "") })
		require.Equal(t, http.StatusOK, status, key)
	}
	status, message := ask(func(*http.Request) {})
	require.Equal(t, http.StatusUnauthorized, status)
	require.Contains(t, message, "You did not provide an API key.")
	for _, key := range []string{"sk_live_secret", "rk_live_secret"} {
		for _, with := range []func(*http.Request){bearer(key), func(r *http.Request) { r.SetBasicAuth(key, "") }} {
			status, message = ask(with)
			require.Equal(t, http.StatusUnauthorized, status)
			require.Contains(t, message, "hookproof refuses live keys")
			require.NotContains(t, message, "secret")
		}
	}
	status, message = ask(bearer("whatever"))
	require.Equal(t, http.StatusUnauthorized, status)
	require.Contains(t, message, "Invalid API Key provided")
}

func TestOnlyTheLoopbackInterface(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "127.0.0.1"} {
		require.Error(t, New(older).Listen(address), address)
	}
	api := New(older)
	require.NoError(t, api.Listen("127.0.0.1:0"))
	require.NoError(t, api.Close())
	require.NoError(t, New(older).Close())
}

func TestAnswersHaveStripesHeaders(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	customer, err := s.stripe.Customers.New(&stripe.CustomerParams{Email: stripe.String("a@example.com")})
	require.NoError(t, err)
	head := customer.LastResponse.Header
	require.Regexp(t, "^req_", head.Get("Request-Id"))
	require.Equal(t, older, head.Get("Stripe-Version"))
	require.Equal(t, "application/json", head.Get("Content-Type"))
	require.Equal(t, head.Get("Request-Id"), head.Get("Original-Request"))
	require.NotEmpty(t, head.Get("Idempotency-Key"))
	require.Equal(t, "2023-10-16", s.api.Requests(0)[0].Version)
}
