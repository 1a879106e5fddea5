package target

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
)

// A stream shows each delivery once, with what its verdict needs, and keeps none when it is told so.
func TestStream(t *testing.T) {
	t.Parallel()
	const secret, count = "whsec_stream", 200
	var genuine atomic.Int64
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && len(body) > 0 && r.Header.Get("Stripe-Signature") != "" {
			genuine.Add(1)
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(target.Close)
	e, err := life.Payment.New("checkout.session.completed", event.Subject{"amount": 4500, "currency": "usd"})
	require.NoError(t, err)

	for _, dropped := range []bool{false, true} {
		genuine.Store(0)
		journal, seen := &Journal{}, 0
		if dropped {
			journal.Each = func(d Delivery) {
				require.Equal(t, http.StatusAccepted, d.Status)
				require.Equal(t, e.Body, d.Body)
				seen++ // one at a time: the race detector would object
			}
		}
		var given atomic.Int64
		(&Target{URL: target.URL, Secret: secret}).Stream(t.Context(), 8, func() (event.Event, bool) {
			return e, given.Add(1) <= count
		}, journal)
		require.EqualValues(t, count, genuine.Load())
		require.Equal(t, count, journal.Length())
		if dropped {
			require.Equal(t, count, seen)
			require.Zero(t, len(journal.Deliveries()), "none is kept")
		} else {
			require.Equal(t, count, len(journal.Deliveries()))
		}
	}
}
