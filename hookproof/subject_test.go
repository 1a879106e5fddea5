package hookproof

import (
	"encoding/json"
	"io"
	"net"
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

// An object that is not there must not be another's: targets count their own from 1.
func TestAnObjectThatIsNowhereIsNobodys(t *testing.T) {
	t.Parallel()
	for _, id := range []any{json.Number("7"), "7", "order-7f3a9c"} {
		s := Subject{"clientReferenceId": id, "metadata.orderId": id, "amount": json.Number("4500")}
		other := s.nowhere()
		require.Equal(t, s["amount"], other["amount"])
		for _, name := range []string{"clientReferenceId", "metadata.orderId"} {
			require.NotEqual(t, s.text(name), other.text(name))
			if s.text(name) == "7" {
				require.GreaterOrEqual(t, other.number(name, 0), int64(beyond), name)
			}
		}
	}
}

func TestADatabaseWithoutTLSIsToldInWords(t *testing.T) {
	t.Parallel()
	address := serve(t, func(conn net.Conn) {
		_, _ = io.ReadFull(conn, make([]byte, 8)) // may we speak TLS?
		_, _ = io.WriteString(conn, "N")
		_ = conn.Close()
	})
	hook := Hook{SQL: &HookQuery{DSN: "postgres://u@" + address + "/d", Query: "SELECT 1"}}
	_, err := hook.call(t.Context(), "", nothing)
	require.EqualError(t, err, "the database has no TLS; put sslmode=prefer, which is psql's default, or sslmode=disable into the dsn")
}
