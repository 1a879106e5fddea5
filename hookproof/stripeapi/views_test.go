package stripeapi

import (
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

			story.Delivered("evt_created1")
			require.Equal(t, "incomplete", status("subscriptions/sub_Sub1Test"))
			require.Equal(t, "open", status("invoices/in_Sub1Test"), "it is told as paid later")
			require.Equal(t, "resource_missing", status("invoices/in_Sub2Test"))

			story.Delivered("evt_active01")
			require.Equal(t, "active", status("subscriptions/sub_Sub1Test"))
			require.Equal(t, "paid", status("invoices/in_Sub1Test"), "what has happened counts, delivered or not")
			require.Equal(t, "open", status("checkout/sessions/cs_test_Sub1Test"))

			story.Delivered("evt_created1")
			require.Equal(t, "active", status("subscriptions/sub_Sub1Test"), "a redelivery changes nothing")

			story.Delivered("evt_deleted1")
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
	behind.Delivered("evt_two00001")
	require.Equal(t, stripe.PaymentIntentStatusSucceeded, status("pi_Behind001"))
	ahead.Forget()
	_, err := s.stripe.PaymentIntents.Get("pi_Ahead0001", nil)
	require.ErrorContains(t, err, "No such payment_intent: 'pi_Ahead0001'")
}

func TestWhatWasBeforeIsPutBack(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	story := s.tell(t, paid(t, older)...)
	story.SetView(InStep)
	story.Delivered("evt_1PqSaunaEvent001aBcDeFg")
	charge, err := s.stripe.Charges.Get("ch_3PqSauna0Booking1aBcDeFg", nil)
	require.NoError(t, err)
	require.Zero(t, charge.AmountRefunded)
	require.False(t, charge.Refunded)
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
