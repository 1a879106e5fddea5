package stripeapi

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"
)

func TestOneFactUnderTwoIds(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	charge := func(id string, refunded int) []byte {
		return event(t, older, id, "charge.refunded", "charge", "ch_Again0001", map[string]any{"/amount_refunded": number(int64(refunded))}, nil)
	}
	story := s.tell(t, charge("evt_tenth001", 100), charge("evt_half0001", 500))
	story.SetView(InStep)
	refunded := func() any {
		_, body := s.get(t, "/v1/charges/ch_Again0001")
		return body["amount_refunded"]
	}
	require.True(t, s.api.Delivered("evt_tenth001"))
	require.EqualValues(t, 100, refunded())
	require.NoError(t, story.Again("evt_tenth001", charge("evt_tenth002", 100)))
	require.True(t, s.api.Delivered("evt_tenth002"))
	require.EqualValues(t, 100, refunded(), "it happened when the first one did")
	require.True(t, s.api.Delivered("evt_half0001"))
	require.EqualValues(t, 500, refunded())
	require.NoError(t, story.Again("evt_tenth001", charge("evt_tenth003", 100)))
	require.EqualValues(t, 500, refunded(), "what was reached stays reached")
	status, body := s.get(t, "/v1/events/evt_tenth003")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "evt_tenth003", body["id"])

	require.False(t, s.api.Delivered("evt_unknown1"))
	require.ErrorContains(t, story.Again("evt_unknown1", charge("evt_tenth004", 100)), "no event evt_unknown1")
	require.ErrorContains(t, story.Again("evt_tenth001", []byte("{}")), "has no id")
}

func TestWhatNobodyHasPlanned(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	events := subscribed(t, older)
	status := func() any {
		_, body := s.get(t, "/v1/subscriptions/sub_Sub1Test")
		return body["status"]
	}
	deleted := event(t, older, "evt_deleted1", "customer.subscription.deleted", "subscription", "sub_Sub1Test", map[string]any{"/status": "canceled", "/created": number(1700000000)}, nil)
	later := func(raw []byte, created int64) []byte {
		var e object
		require.NoError(t, decode(raw, &e))
		e["created"] = number(created)
		changed, err := json.Marshal(e)
		require.NoError(t, err)
		return changed
	}
	require.NoError(t, s.api.DeliveredAlone("evt_deleted1", later(deleted, 1700009000)))
	require.Equal(t, "canceled", status())
	require.NoError(t, s.api.DeliveredAlone("evt_active01", later(events[2], 1700000100)))
	require.Equal(t, "canceled", status(), "the other happened later")
	require.NoError(t, s.api.DeliveredAlone("evt_active01", events[2]), "again")
	require.ErrorContains(t, s.api.DeliveredAlone("evt_nothing1", []byte(`{"id": "evt_nothing1"}`)), "has no data.object")

	planned := s.tell(t, event(t, older, "evt_planned1", "payment_intent.succeeded", "payment_intent", "pi_Planned01", map[string]any{"/status": "succeeded"}, nil))
	planned.SetView(InStep)
	require.NoError(t, s.api.DeliveredAlone("evt_planned1", nil), "a story has it")
	_, body := s.get(t, "/v1/payment_intents/pi_Planned01")
	require.Equal(t, "succeeded", body["status"])
}

func TestALostAnswer(t *testing.T) {
	t.Parallel()
	s := newSetup(t, older)
	s.tell(t, subscribed(t, older)...)
	give := func(key string) error {
		params := &stripe.CustomerBalanceTransactionParams{Customer: stripe.String("cus_Sub1Test"), Amount: stripe.Int64(-500), Currency: stripe.String("usd")}
		if key != "" {
			params.SetIdempotencyKey(key)
		}
		_, err := s.stripe.CustomerBalanceTransactions.New(params)
		return err
	}
	fault := s.api.Begin(AnswerLost)
	require.Error(t, give("k-1"))
	_, err := s.stripe.Customers.Get("cus_Sub1Test", nil)
	require.NoError(t, err, "a question is answered")
	_, err = s.stripe.Customers.Update("cus_Sub1Test", &stripe.CustomerParams{})
	require.NoError(t, err, "and so is what does not act")
	met := fault.End()
	require.Len(t, met, 1)
	require.Equal(t, http.StatusOK, met[0].Status)
	_, given := s.get(t, "/v1/customers/cus_Sub1Test/balance_transactions")
	require.Len(t, given["data"], 1, "it was done")

	before := s.api.Asked()
	require.NoError(t, give("k-1"))
	require.Empty(t, Repeated(met, s.api.Requests(before)), "the key tells that it was done")
	before = s.api.Asked()
	require.NoError(t, give("k-2"))
	require.Len(t, Repeated(met, s.api.Requests(before)), 1)
}
