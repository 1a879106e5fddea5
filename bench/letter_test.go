package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
)

// A delivery that is put together from pieces is the event that it stands for.
func TestALetterIsAnEvent(t *testing.T) {
	t.Parallel()
	cut, err := newTemplate()
	require.NoError(t, err)
	body := cut.appendBody(nil, 42)
	var event struct {
		ID   string
		Type string
		Data struct {
			Object struct {
				ID            string
				PaymentIntent string `json:"payment_intent"`
				AmountTotal   int    `json:"amount_total"`
				Metadata      map[string]string
			}
		}
	}
	require.NoError(t, json.Unmarshal(body, &event))
	require.Equal(t, "evt_10000000000000042", event.ID)
	require.Equal(t, "checkout.session.completed", event.Type)
	require.Equal(t, "pi_30000000000000042", event.Data.Object.PaymentIntent)
	require.Equal(t, "cs_test_a1d0c6e83f027327d8461063f4ac58a6", event.Data.Object.ID)
	require.Equal(t, map[string]string{"bookingId": "00000000-0000-4000-8000-000000000042"}, event.Data.Object.Metadata)
	require.Equal(t, price, event.Data.Object.AmountTotal)
	require.False(t, bytes.Contains(body, []byte("mark")), "no mark is left")
	require.NotEqual(t, body, cut.appendBody(nil, 43))
	require.Len(t, cut.appendBody(nil, 123456), len(body), "all are of one size")
}

func TestSignerAgreesWithHookproof(t *testing.T) {
	t.Parallel()
	s := newSigner(webhookSecret)
	for unix, body := range []string{"", "{}", `{"id":"evt_1"}`} { // used again each time
		want := fmt.Sprintf("t=%d,v1=%s", unix, event.Signature(webhookSecret, int64(unix), []byte(body)))
		require.Equal(t, want, string(s.sign(int64(unix), []byte(body))))
	}
}
