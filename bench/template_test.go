package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// The body of a delivery is a whole event with the ids of its number.
func TestATemplateMakesAnEvent(t *testing.T) {
	t.Parallel()
	tmpl, err := newTemplate()
	require.NoError(t, err)
	body := tmpl.appendBody(nil, 42)
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
	require.False(t, bytes.Contains(body, []byte("bench")), "no placeholder is left")
	require.NotEqual(t, body, tmpl.appendBody(nil, 43))
	require.Len(t, tmpl.appendBody(nil, 123456), len(body), "all bodies have the same size")
}
