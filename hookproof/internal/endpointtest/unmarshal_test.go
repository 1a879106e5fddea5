package endpointtest

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/fixtures"
)

type few struct {
	ID, Type string
	Livemode bool
	Created  json.RawMessage
	Data     struct {
		Object struct {
			object
			PaymentIntent json.RawMessage `json:"payment_intent"`
			Metadata      map[string]string
			Amount        *int `json:"amount_total,omitempty"`
		}
		Previous map[string]any `json:"previous_attributes"`
	}
}

type object struct{ ID, Status string }

// An event is read as encoding/json reads it.
func TestUnmarshal(t *testing.T) {
	t.Parallel()
	bodies := []string{
		"", " ", "null", "[]", "7", "{", "{}", "{} {}", "{}x", `{"id"}`, `{"id":}`, `{"id" "a"}`, `{"id":"a"`, `{"id":"a",`, `{"id":"a" "type":"b"}`, `{"id":"a"]`,
		` { "id" : "a\"}" , "\u0074ype":"b\\", "x":[{"}":"]"}], "ID":"last" } `, `{"id":7}`, `{"data":[]}`, `{"data":{"object":null}}`, `{id:"a"}`, `{"x":{"y":1}`,
		`{"id":"a","x":"\`, "this is not JSON", `{"id":"a"}}`, `{"x":}`, `{"id":"a",}`, `{,"id":"a"}`,
	}
	for _, version := range fixtures.Versions() {
		for _, name := range []string{"checkout.session.completed", "charge.refunded", "payment_intent.succeeded", "topup.created"} {
			if body, err := fixtures.Event(version, name); err == nil {
				bodies = append(bodies, string(body), string(body[:len(body)/2]), string(body[:len(body)-2]))
			}
		}
	}
	require.Greater(t, len(bodies), 40)
	for _, body := range bodies {
		var want, got few
		wrong := json.Unmarshal([]byte(body), &want)
		err := Unmarshal([]byte(body), &got)
		require.Equal(t, wrong == nil, err == nil, "%s: %v, %v", body, wrong, err)
		if wrong == nil {
			require.Equal(t, want, got, body)
		}
	}
}
