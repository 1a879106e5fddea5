package life

import (
	"encoding/json"
	"testing"

	"example.com/hookproof/hookproof/event"
	"github.com/stretchr/testify/require"
)

// An object that is not there must not be another's: targets count their own from 1.
func TestAnObjectThatIsNowhereIsNobodys(t *testing.T) {
	t.Parallel()
	for _, id := range []any{json.Number("7"), "7", "order-7f3a9c"} {
		s := event.Subject{"clientReferenceId": id, "metadata.orderId": id, "amount": json.Number("4500")}
		other := Payment.Nowhere(s)
		require.Equal(t, s["amount"], other["amount"])
		for _, name := range []string{"clientReferenceId", "metadata.orderId"} {
			require.NotEqual(t, s.Text(name), other.Text(name))
			if s.Text(name) == "7" {
				require.GreaterOrEqual(t, other.Number(name, 0), int64(unusedNumber), name)
			}
		}
	}
}
