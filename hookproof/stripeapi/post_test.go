package stripeapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"
)

func key(of string) stripe.Params { return stripe.Params{IdempotencyKey: stripe.String(of)} }

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	make := func(key, email string) (*stripe.Customer, error) {
		params := &stripe.CustomerParams{Email: stripe.String(email)}
		params.IdempotencyKey = stripe.String(key)
		return s.stripe.Customers.New(params)
	}
	one, err := make("k-1", "a@example.com")
	require.NoError(t, err)
	again, err := make("k-1", "a@example.com")
	require.NoError(t, err)
	require.Equal(t, one.ID, again.ID)
	require.Equal(t, "true", again.LastResponse.Header.Get("Idempotent-Replayed"))
	require.Equal(t, one.LastResponse.Header.Get("Request-Id"), again.LastResponse.Header.Get("Original-Request"))
	other, err := make("k-2", "a@example.com")
	require.NoError(t, err)
	require.NotEqual(t, one.ID, other.ID)

	_, err = make("k-1", "b@example.com")
	var failure *stripe.Error
	require.True(t, errors.As(err, &failure))
	require.Equal(t, stripe.ErrorTypeIdempotency, failure.Type)
	require.Equal(t, http.StatusBadRequest, failure.HTTPStatusCode)
	require.Contains(t, failure.Msg, "can only be used with the same parameters they were first used with. Try using a key other than 'k-1'")
	_, err = s.stripe.Products.New(&stripe.ProductParams{Params: key("k-1"), Name: stripe.String("x")})
	require.ErrorContains(t, err, "can only be used for the same endpoint they were first used for ('/v1/products' vs '/v1/customers')")

	fetched, err := s.stripe.Customers.Get(one.ID, nil)
	require.NoError(t, err)
	require.Equal(t, "a@example.com", fetched.Email)
	require.Len(t, s.api.made, 2)
}

func TestWhatIsMadeCanBeFetched(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	customer, err := s.stripe.Customers.New(&stripe.CustomerParams{Email: stripe.String("new@example.com"), Metadata: map[string]string{"user": "42"}})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"user": "42"}, customer.Metadata)
	session, err := s.stripe.CheckoutSessions.New(&stripe.CheckoutSessionParams{
		Mode: stripe.String("payment"), SuccessURL: stripe.String("http://localhost/"), Customer: &customer.ID, ClientReferenceID: stripe.String("42"),
		LineItems: []*stripe.CheckoutSessionLineItemParams{{Quantity: stripe.Int64(2), PriceData: &stripe.CheckoutSessionLineItemPriceDataParams{Currency: stripe.String("eur"), UnitAmount: stripe.Int64(750)}}},
	})
	require.NoError(t, err)
	require.EqualValues(t, 1500, session.AmountTotal)
	require.Equal(t, "42", session.ClientReferenceID)
	require.Equal(t, stripe.CheckoutSessionStatusOpen, session.Status)
	require.NotEmpty(t, session.URL)
	items := s.stripe.CheckoutSessions.ListLineItems(&stripe.CheckoutSessionListLineItemsParams{Session: &session.ID})
	require.True(t, items.Next())
	require.EqualValues(t, 2, items.LineItem().Quantity)
	expired, err := s.stripe.CheckoutSessions.Expire(session.ID, nil)
	require.NoError(t, err)
	require.Equal(t, stripe.CheckoutSessionStatusExpired, expired.Status)
	_, err = s.stripe.CheckoutSessions.Expire(session.ID, nil)
	require.ErrorContains(t, err, "a status of expired")

	sub, err := s.stripe.Subscriptions.New(&stripe.SubscriptionParams{Customer: &customer.ID, Items: []*stripe.SubscriptionItemsParams{{Price: stripe.String("price_theirs"), Quantity: stripe.Int64(3)}}})
	require.NoError(t, err)
	require.Equal(t, stripe.SubscriptionStatusActive, sub.Status)
	require.Len(t, sub.Items.Data, 1)
	require.Equal(t, "price_theirs", sub.Items.Data[0].Price.ID)
	require.EqualValues(t, 3, sub.Items.Data[0].Quantity)
	found := s.stripe.Subscriptions.List(&stripe.SubscriptionListParams{Customer: &customer.ID})
	require.True(t, found.Next())
	require.Equal(t, sub.ID, found.Subscription().ID)
	canceled, err := s.stripe.Subscriptions.Cancel(sub.ID, nil)
	require.NoError(t, err)
	require.Equal(t, stripe.SubscriptionStatusCanceled, canceled.Status)
	require.NotZero(t, canceled.EndedAt)

	invoice, err := s.stripe.Invoices.New(&stripe.InvoiceParams{Customer: &customer.ID})
	require.NoError(t, err)
	_, err = s.stripe.InvoiceItems.New(&stripe.InvoiceItemParams{Customer: &customer.ID, Invoice: &invoice.ID, Amount: stripe.Int64(250), Currency: stripe.String("usd")})
	require.NoError(t, err)
	invoice, err = s.stripe.Invoices.FinalizeInvoice(invoice.ID, nil)
	require.NoError(t, err)
	require.Equal(t, stripe.InvoiceStatusOpen, invoice.Status)
	invoice, err = s.stripe.Invoices.Pay(invoice.ID, nil)
	require.NoError(t, err)
	require.Equal(t, stripe.InvoiceStatusPaid, invoice.Status)
	require.EqualValues(t, 250, invoice.AmountPaid)
	require.Len(t, invoice.Lines.Data, 1)
	_, err = s.stripe.Invoices.Pay(invoice.ID, nil)
	require.ErrorContains(t, err, "Invoice is already paid")

	gone, err := s.stripe.Customers.Del(customer.ID, nil)
	require.NoError(t, err)
	require.True(t, gone.Deleted)
	gone, err = s.stripe.Customers.Get(customer.ID, nil)
	require.NoError(t, err)
	require.True(t, gone.Deleted)
	_, list := s.get(t, "/v1/customers")
	require.Empty(t, list["data"])
}

func TestAnUpdateShowsInBothViews(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	story := s.tell(t, subscribed(t, older)...)
	story.SetView(InStep)
	s.api.Delivered("evt_created1")
	params := &stripe.SubscriptionParams{Metadata: map[string]string{"seen": "yes"}}
	_, err := s.stripe.Subscriptions.Update("sub_Sub1Test", params)
	require.NoError(t, err)
	for _, view := range []View{InStep, Ahead} {
		story.SetView(view)
		sub, err := s.stripe.Subscriptions.Get("sub_Sub1Test", nil)
		require.NoError(t, err)
		require.Equal(t, map[string]string{"seen": "yes", "user": "user-4711"}, sub.Metadata)
	}
	_, err = s.stripe.Subscriptions.Update("sub_Sub1Test", &stripe.SubscriptionParams{Metadata: map[string]string{"seen": "", "user": ""}})
	require.NoError(t, err)
	sub, err := s.stripe.Subscriptions.Get("sub_Sub1Test", nil)
	require.NoError(t, err)
	require.Empty(t, sub.Metadata, "an empty value takes a key away")
	require.Equal(t, stripe.SubscriptionStatusCanceled, sub.Status, "what it did not change is as told")
}

func TestRefunds(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	s.tell(t, paid(t, older)[0])
	refund := func(amount int64) error {
		_, err := s.stripe.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String("pi_3PqSauna0Booking1aBcDeFg"), Amount: stripe.Int64(amount)})
		return err
	}
	require.NoError(t, refund(1000))
	require.ErrorContains(t, refund(4000), "greater than unrefunded amount")
	require.NoError(t, refund(3500))
	require.ErrorContains(t, refund(1), "charge_already_refunded")
	charge, err := s.stripe.Charges.Get("ch_3PqSauna0Booking1aBcDeFg", nil)
	require.NoError(t, err)
	require.True(t, charge.Refunded)
	list := s.stripe.Refunds.List(&stripe.RefundListParams{Charge: &charge.ID})
	n := 0
	for list.Next() {
		n++
	}
	require.Equal(t, 2, n)
}

func TestARefundThatWasToldIsNoneOfItsOwn(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	s.tell(t, paid(t, older)[0], paid(t, older)[1],
		event(t, older, "evt_refund01", "refund.created", "refund", "re_Told0001", map[string]any{"/charge": "ch_3PqSauna0Booking1aBcDeFg", "/payment_intent": "pi_3PqSauna0Booking1aBcDeFg", "/amount": number(1000)}, nil))
	list := s.stripe.Refunds.List(&stripe.RefundListParams{Charge: stripe.String("ch_3PqSauna0Booking1aBcDeFg")})
	require.True(t, list.Next())
	require.Equal(t, "re_Told0001", list.Refund().ID)
	require.False(t, list.Next())
}

func TestAChunkedBody(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	body := struct{ *strings.Reader }{strings.NewReader("email=chunk%40example.com&metadata[a]=1")}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/customers", body)
	require.NoError(t, err)
	require.Zero(t, request.ContentLength)
	request.Header.Set("Authorization", "Bearer sk_test_123")
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, customer := s.do(t, request)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "chunk@example.com", customer["email"])
	require.Equal(t, map[string]any{"email": "chunk@example.com", "metadata": map[string]any{"a": "1"}}, s.api.Requests(0)[0].Params)
}

func TestWhatActsAgain(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	s.tell(t, subscribed(t, older)...)
	ask := func(f func() error) []Request {
		from := len(s.api.Requests(0))
		require.NoError(t, f())
		return s.api.Requests(from)
	}
	create := func(key string) func() error {
		return func() error {
			params := &stripe.InvoiceParams{Customer: stripe.String("cus_Sub1Test")}
			if key != "" {
				params.IdempotencyKey = stripe.String(key)
			}
			_, err := s.stripe.Invoices.New(params)
			return err
		}
	}
	update := func() error {
		_, err := s.stripe.Customers.Update("cus_Sub1Test", &stripe.CustomerParams{Name: stripe.String("Z")})
		return err
	}
	read := func() error { _, err := s.stripe.Customers.Get("cus_Sub1Test", nil); return err }
	require.Empty(t, Repeated(ask(create("evt-1")), ask(create("evt-1"))), "the same key")
	again := Repeated(ask(create("evt-2")), ask(create("evt-3")))
	require.Len(t, again, 1)
	require.Equal(t, "/v1/invoices", again[0].Route)
	require.Equal(t, "evt-3", again[0].Key)
	require.Equal(t, "cus_Sub1Test", again[0].Params["customer"])
	require.Len(t, Repeated(ask(create("")), ask(create(""))), 1, "keys that the library invents")
	require.Empty(t, Repeated(ask(update), ask(update)))
	require.Empty(t, Repeated(ask(read), ask(read)))
	require.Empty(t, Repeated(nil, ask(create(""))), "nothing was done before")

	pay := ask(func() error {
		_, err := s.stripe.Refunds.New(&stripe.RefundParams{Charge: stripe.String("ch_Other1Test"), Amount: stripe.Int64(5)})
		return err
	})
	require.True(t, pay[0].Acts)
	for path, acts := range map[string]bool{"/v1/invoices/in_1/pay": true, "/v1/payment_intents/pi_1/capture": true, "/v1/customers": true, "/v1/customers/cus_1": false} {
		r, known := catalogOf(older).match(http.MethodPost, path)
		require.True(t, known, path)
		require.Equal(t, acts, r.acts(), path)
	}
}

func TestRepeated(t *testing.T) {
	t.Parallel()
	request := func(route, key string, status int) Request {
		return Request{Route: route, Key: key, Status: status, Acts: true}
	}
	replay := request("/v1/refunds", "a", 200)
	replay.Replay = true
	update := Request{Route: "/v1/customers/{id}", Key: "b", Status: 200}
	for name, c := range map[string]struct {
		earlier, redelivery []Request
		again               int
	}{
		"another key":                 {[]Request{request("/v1/refunds", "a", 200)}, []Request{request("/v1/refunds", "b", 200)}, 1},
		"no key":                      {[]Request{request("/v1/refunds", "", 200)}, []Request{request("/v1/refunds", "", 200)}, 1},
		"a replay beside another":     {[]Request{request("/v1/refunds", "a", 200), request("/v1/refunds", "c", 200)}, []Request{replay}, 0},
		"another route":               {[]Request{request("/v1/refunds", "a", 200)}, []Request{request("/v1/invoices", "b", 200)}, 0},
		"the earlier one failed":      {[]Request{request("/v1/refunds", "a", 500)}, []Request{request("/v1/refunds", "b", 200)}, 0},
		"the later one failed":        {[]Request{request("/v1/refunds", "a", 200)}, []Request{request("/v1/refunds", "b", 429)}, 0},
		"an update":                   {[]Request{update}, []Request{update}, 0},
		"the earlier one hangs still": {[]Request{request("/v1/refunds", "a", 0)}, []Request{request("/v1/refunds", "b", 200)}, 0},
	} {
		require.Len(t, Repeated(c.earlier, c.redelivery), c.again, name)
	}
}

func TestAStorysRequests(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	one := s.tell(t, subscribed(t, older)...)
	other := s.tell(t, paid(t, older)...)
	_, err := s.stripe.Customers.New(&stripe.CustomerParams{Metadata: map[string]string{"order": "order-4711"}})
	require.NoError(t, err)
	_, err = s.stripe.PaymentIntents.Get("pi_3PqSauna0Booking1aBcDeFg", nil)
	require.NoError(t, err)
	require.Len(t, one.Requests(), 1)
	require.Equal(t, http.MethodPost, one.Requests()[0].Method)
	require.Len(t, other.Requests(), 1)
	require.Equal(t, "/v1/payment_intents/{id}", other.Requests()[0].Route)
}
