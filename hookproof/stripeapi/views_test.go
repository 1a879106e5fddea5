package stripeapi

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"
)

func TestInStep(t *testing.T) {
	t.Parallel()
	for _, version := range []string{older, newer} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, version)
			story := s.tell(t, subscribed(t, version)...)
			story.SetView(InStep)
			status := func(path string) any {
				_, body := s.get(t, "/v1/"+path)
				if code := first(body, "/error/code"); code != nil {
					return code
				}
				return body["status"]
			}
			require.Equal(t, "resource_missing", status("subscriptions/sub_Sub1Test"), "it is not made yet")
			require.Equal(t, "open", status("checkout/sessions/cs_test_Sub1Test"), "it exists before it is completed")
			require.Equal(t, "resource_missing", status("events/evt_created1"))

			s.api.Delivered("evt_created1")
			require.Equal(t, "incomplete", status("subscriptions/sub_Sub1Test"))
			require.Equal(t, "open", status("invoices/in_Sub1Test"), "it is told as paid later")
			require.Equal(t, "resource_missing", status("invoices/in_Sub2Test"))

			s.api.Delivered("evt_active01")
			require.Equal(t, "active", status("subscriptions/sub_Sub1Test"))
			require.Equal(t, "paid", status("invoices/in_Sub1Test"), "what has happened counts, delivered or not")
			require.Equal(t, "open", status("checkout/sessions/cs_test_Sub1Test"))

			s.api.Delivered("evt_created1")
			require.Equal(t, "active", status("subscriptions/sub_Sub1Test"), "a redelivery changes nothing")

			s.api.Delivered("evt_deleted1")
			require.Equal(t, "canceled", status("subscriptions/sub_Sub1Test"))
		})
	}
}

func TestEachStoryHasItsView(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	ahead := s.tell(t, event(t, older, "evt_one00001", "payment_intent.succeeded", "payment_intent", "pi_Ahead0001", map[string]any{"/status": "succeeded"}, nil))
	behind := s.tell(t, event(t, older, "evt_two00001", "payment_intent.succeeded", "payment_intent", "pi_Behind001", map[string]any{"/status": "succeeded"}, nil))
	behind.SetView(InStep)
	status := func(id string) stripe.PaymentIntentStatus {
		intent, err := s.stripe.PaymentIntents.Get(id, nil)
		require.NoError(t, err)
		return intent.Status
	}
	require.Equal(t, stripe.PaymentIntentStatusSucceeded, status("pi_Ahead0001"))
	require.Equal(t, stripe.PaymentIntentStatusRequiresPaymentMethod, status("pi_Behind001"))
	s.api.Delivered("evt_two00001")
	require.Equal(t, stripe.PaymentIntentStatusSucceeded, status("pi_Behind001"))
	ahead.Forget()
	_, err := s.stripe.PaymentIntents.Get("pi_Ahead0001", nil)
	require.ErrorContains(t, err, "No such payment_intent: 'pi_Ahead0001'")
	_, list := s.get(t, "/v1/payment_intents")
	require.Equal(t, []any{"pi_Behind001"}, all(list, "/data/*/id"))
}

func TestWhatWasBeforeIsPutBack(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	story := s.tell(t, paid(t, older)...)
	story.SetView(InStep)
	s.api.Delivered("evt_1PqSaunaEvent001aBcDeFg")
	charge, err := s.stripe.Charges.Get("ch_3PqSauna0Booking1aBcDeFg", nil)
	require.NoError(t, err)
	require.Zero(t, charge.AmountRefunded)
	require.False(t, charge.Refunded)
}

func TestWhatANameTellsOfWhatComes(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	story := s.tell(t,
		event(t, older, "evt_named001", "customer.subscription.created", "subscription", "sub_Named001", map[string]any{"/customer": "cus_Named001", "/latest_invoice": "in_Draft001", "/status": "active"}, nil),
		event(t, older, "evt_named002", "invoice.created", "invoice", "in_Draft001", map[string]any{"/customer": "cus_Named001", "/subscription": "sub_Named001", "/total": number(77)}, nil))
	story.SetView(InStep)
	s.api.Delivered("evt_named001")
	invoice, err := s.stripe.Invoices.Get("in_Draft001", nil)
	require.NoError(t, err)
	require.Equal(t, stripe.InvoiceStatusDraft, invoice.Status, "as it is told when it is made")
	require.EqualValues(t, 77, invoice.Total, "what is told counts more than what could be made of its subscription")
}

func TestAStoryThatIsNone(t *testing.T) {
	t.Parallel()
	api := New(older)
	for name, c := range map[string]struct{ body, message string }{
		"no JSON":   {`{`, "event 1 of the story: is not JSON"},
		"no id":     {`{"data": {"object": {}}}`, "event 1 of the story: has no id"},
		"no object": {`{"id": "evt_1"}`, "event 1 of the story: evt_1 has no data.object"},
	} {
		_, err := api.Tell([]byte(c.body))
		require.ErrorContains(t, err, c.message, name)
	}
}

// A client asks for the API version that it knows, whatever version the endpoint's events have.
func TestAnotherVersionIsAskedFor(t *testing.T) {
	t.Parallel()
	s := newSetup(t, newer)
	s.tell(t, subscribed(t, newer)...)
	params := &stripe.SubscriptionParams{}
	params.AddExpand("latest_invoice.payment_intent")
	sub, err := s.stripe.Subscriptions.Get("sub_Sub1Test", params) // stripe-go v76 asks for 2023-10-16
	require.NoError(t, err)
	require.EqualValues(t, 1700000900, sub.CurrentPeriodEnd)
	require.Equal(t, "sub_Sub1Test", sub.LatestInvoice.Subscription.ID)
	require.True(t, sub.LatestInvoice.Paid)
	require.Equal(t, stripe.PaymentIntentStatusSucceeded, sub.LatestInvoice.PaymentIntent.Status)
	require.Equal(t, "in_Sub2Test", sub.LatestInvoice.PaymentIntent.Invoice.ID)
	require.Equal(t, "price_GoldTest", sub.LatestInvoice.Lines.Data[0].Price.ID)
	require.EqualValues(t, 900, sub.LatestInvoice.Lines.Data[0].Price.UnitAmount, "the price is told by the subscription")

	old := newSetup(t, older)
	old.tell(t, subscribed(t, older)...)
	ask := func(path string) map[string]any {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, old.url+path, nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer sk_test_123")
		request.Header.Set("Stripe-Version", "2025-03-31.basil")
		status, body := old.do(t, request)
		require.Equal(t, http.StatusOK, status, body)
		return body
	}
	body := ask("/v1/subscriptions/sub_Sub1Test")
	require.NotContains(t, body, "current_period_end")
	require.EqualValues(t, 1700000900, first(body, "/items/data/0/current_period_end"))
	body = ask("/v1/invoices/in_Sub2Test?expand[]=payments")
	require.Equal(t, "sub_Sub1Test", first(body, "/parent/subscription_details/subscription"))
	require.Equal(t, "price_GoldTest", first(body, "/lines/data/0/pricing/price_details/price"))
	require.Equal(t, "pi_Other2Test", first(body, "/payments/data/0/payment/payment_intent"), "as the older invoice names it")
	require.NotContains(t, body, "payment_intent")
	require.NotContains(t, body, "~payment_intent")
	require.Equal(t, "2023-10-16", ask("/v1/events/evt_deleted1")["api_version"], "an event keeps its version")
}

func TestAnInvoiceOfASessionInTheOlderShape(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"session", "invoice"} {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, newer)
			bodies := [][]byte{
				event(t, newer, "evt_session2", "checkout.session.completed", "checkout.session", "cs_test_Bought1", map[string]any{"/invoice": "in_Bought1Test", "/payment_intent": "pi_Paid1Test", "/payment_status": "paid", "/amount_total": number(5)}, nil),
				event(t, newer, "evt_invoice2", "invoice.paid", "invoice", "in_Bought1Test", map[string]any{"/status": "paid", "/amount_due": number(5)}, nil),
				event(t, newer, "evt_intent02", "payment_intent.succeeded", "payment_intent", "pi_Paid1Test", map[string]any{"/status": "succeeded"}, nil),
			}
			if first == "invoice" {
				bodies[0], bodies[1] = bodies[1], bodies[0]
			}
			s.tell(t, bodies...)
			invoice, err := s.stripe.Invoices.Get("in_Bought1Test", nil)
			require.NoError(t, err)
			require.Equal(t, "pi_Paid1Test", invoice.PaymentIntent.ID)
			intent, err := s.stripe.PaymentIntents.Get("pi_Paid1Test", nil)
			require.NoError(t, err)
			require.Equal(t, "in_Bought1Test", intent.Invoice.ID)
		})
	}
}

func TestWhatIsMadeLaterIsNotThereBefore(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	story := s.tell(t,
		event(t, older, "evt_first001", "customer.created", "customer", "cus_First001", nil, nil),
		event(t, older, "evt_second01", "payment_intent.created", "payment_intent", "pi_Second01", nil, nil),
		event(t, older, "evt_third001", "payment_intent.succeeded", "payment_intent", "pi_Second01", map[string]any{"/status": "succeeded"}, nil),
		event(t, older, "evt_fourth01", "customer.subscription.updated", "subscription", "sub_Fourth01", map[string]any{"/status": "past_due"}, map[string]any{"status": "active"}))
	story.SetView(InStep)
	s.api.Delivered("evt_first001")
	_, err := s.stripe.PaymentIntents.Get("pi_Second01", nil)
	require.ErrorContains(t, err, "No such payment_intent")
	sub, err := s.stripe.Subscriptions.Get("sub_Fourth01", nil)
	require.NoError(t, err, "it is told as changed, so it was there")
	require.Equal(t, stripe.SubscriptionStatusActive, sub.Status)
}
