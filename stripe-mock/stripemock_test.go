package stripemock

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"
)

func TestSessionsHaveIdsOfTheirOwn(t *testing.T) {
	t.Parallel()
	mock, err := Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, mock.Close()) })
	api := client.New("sk_test_123", &stripe.Backends{API: stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: stripe.String(mock.URL()), LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	})})
	seen := map[string]bool{}
	for range 3 {
		session, err := api.CheckoutSessions.New(&stripe.CheckoutSessionParams{
			Mode: stripe.String("payment"), SuccessURL: stripe.String("http://localhost/"), ClientReferenceID: stripe.String("mine"),
		})
		require.NoError(t, err)
		require.Equal(t, "mine", session.ClientReferenceID)
		require.NotEmpty(t, session.URL)
		require.False(t, seen[session.ID])
		seen[session.ID] = true
	}
}
