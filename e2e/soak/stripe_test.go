package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shop is a stand-in without any trouble, and the events that it made.
type shop struct {
	t      *testing.T
	api    *api
	events []*event
}

func newShop(t *testing.T) *shop {
	s := &shop{t: t}
	s.api = &api{newStripe(1, newHistory(), func(e *event) { s.events = append(s.events, e) }), newMoods(1), &figures{}}
	return s
}

func (s *shop) post(path, key string, form url.Values) (int, string) {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Idempotency-Key", key)
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// form is what a server asks for a session with.
func form(booking string, open time.Duration) url.Values {
	return url.Values{
		"mode": {"payment"}, "client_reference_id": {booking}, "metadata[bookingId]": {booking},
		"payment_intent_data[metadata][bookingId]": {booking}, "line_items[0][quantity]": {"1"},
		"line_items[0][price_data][unit_amount]": {"4500"}, "expires_at": {strconv.FormatInt(time.Now().Add(open).Unix(), 10)},
	}
}

const sessions = "/v1/checkout/sessions"

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	asked := form("b", 31*time.Minute)
	status, first := s.post(sessions, "k", asked)
	require.Equal(t, 200, status, first)
	status, again := s.post(sessions, "k", asked)
	require.Equal(t, 200, status)
	require.Equal(t, first, again, "the same key has the same answer")
	require.Len(t, s.api.snapshot(), 1)

	status, body := s.post(sessions, "k", form("b", 40*time.Minute))
	require.Equal(t, 400, status, "the same key with other parameters")
	require.Contains(t, body, "idempotency_error")

	s.api.keys["busy"] = &saved{request: sessions + "?" + asked.Encode(), busy: true}
	status, body = s.post(sessions, "busy", asked)
	require.Equal(t, 409, status, "the same key while the first request is on its way")
	require.Contains(t, body, "idempotency_key_in_use")
	require.Len(t, s.api.snapshot(), 1)

	status, _ = s.post(sessions, "late", form("b", 29*time.Minute))
	require.Equal(t, 400, status, "a session must be open for thirty minutes")
	status, _ = s.post(sessions, "late", form("b", 31*time.Minute))
	require.Equal(t, 200, status, "what fails validation is not remembered")
}

// A call that breaks is done, and answered 500 from then on.
func TestABrokenCallIsRemembered(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	r := httptest.NewRequest(http.MethodPost, sessions, nil)
	r.PostForm = form("b", 31*time.Minute)
	r.Header.Set("Idempotency-Key", "k")
	for range 2 {
		status, _ := s.api.answer(r, mood{breaks: true})
		require.Equal(t, 500, status)
	}
	require.Len(t, s.api.snapshot(), 1)
	require.True(t, s.api.snapshot()[0].Hidden)
}

func TestASessionEndsOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, _ = s.post(sessions, "a", form("a", 31*time.Minute))
	_, _ = s.post(sessions, "b", form("b", 31*time.Minute))
	paid, expired := s.api.snapshot()[0].ID, s.api.snapshot()[1].ID

	require.NoError(t, s.api.pay(payURL+paid, "paid"))
	require.ErrorIs(t, s.api.pay(payURL+paid, "paid"), errNotOpen)
	status, _ := s.post(sessions+"/"+paid+"/expire", "1", nil)
	require.Equal(t, 400, status, "complete")
	status, _ = s.post(sessions+"/"+expired+"/expire", "2", nil)
	require.Equal(t, 200, status)
	status, _ = s.post(sessions+"/"+expired+"/expire", "3", nil)
	require.Equal(t, 400, status, "expired")
	require.ErrorIs(t, s.api.pay(payURL+expired, "paid"), errNotOpen)
	status, body := s.post(sessions+"/cs_none/expire", "4", nil)
	require.Equal(t, 404, status)
	require.Contains(t, body, "resource_missing")
}

func TestRefundsEndAtTheAmount(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, _ = s.post(sessions, "a", form("a", 31*time.Minute))
	id := s.api.snapshot()[0].ID
	require.NoError(t, s.api.pay(id, "unpaid"))
	refund := url.Values{"payment_intent": {s.api.snapshot()[0].Intent}, "amount": {"4500"}}
	status, _ := s.post("/v1/refunds", "early", refund)
	require.Equal(t, 400, status, "it is not paid yet")
	s.api.transfer(id, true)
	s.api.refundByHand(id, true)
	status, _ = s.post("/v1/refunds", "much", refund)
	require.Equal(t, 400, status, "a part is refunded already")
	refund.Set("amount", "3375")
	status, _ = s.post("/v1/refunds", "rest", refund)
	require.Equal(t, 200, status)
	status, body := s.post("/v1/refunds", "more", refund)
	require.Equal(t, 400, status)
	require.Contains(t, body, "charge_already_refunded")
	require.EqualValues(t, 4500, s.api.snapshot()[0].refunded())
	last := s.events[len(s.events)-1]
	require.Equal(t, "charge.refunded", last.Type)
	require.EqualValues(t, 4500, last.Refunded)
}
