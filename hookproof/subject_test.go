package hookproof

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// Stripe writes ids and metadata as texts, also where the target's own are numbers.
func TestIdsThatAreNumbersAreToldAsTexts(t *testing.T) {
	t.Parallel()
	e, err := NewEvent("checkout.session.completed", Subject{
		"sessionId": json.Number("7"), "clientReferenceId": json.Number("7"), "metadata.orderId": json.Number("7"), "paymentIntent": json.Number("8"), "amount": json.Number("4500"),
	})
	require.NoError(t, err)
	var read struct {
		Data struct{ Object map[string]any }
	}
	require.NoError(t, json.Unmarshal(e.Body, &read))
	o := read.Data.Object
	require.Equal(t, []any{"7", "7", "8", map[string]any{"orderId": "7"}, 4500.0},
		[]any{o["id"], o["client_reference_id"], o["payment_intent"], o["metadata"], o["amount_total"]})
}
