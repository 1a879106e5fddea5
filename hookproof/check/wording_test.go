package check

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/life"
)

// A life of one's own is not asked in the words of payments and subscriptions. Its checks are still documented as asked of it.
func TestOwnLivesAreAskedInTheirOwnWords(t *testing.T) {
	t.Parallel()
	l, err := life.ReadLife(endpointtest.LifeFolder(endpointtest.InvoiceLife), "lives/mine")
	require.NoError(t, err)
	foreign := regexp.MustCompile(`(?i)\b(a payment|the payment|the session|not paid|trialing|the order)\b`)
	documented := map[string]Check{}
	for _, c := range Documented([]*life.Life{l}) {
		documented[c.Name] = c
	}
	for _, c := range Of(l) {
		require.NotRegexp(t, foreign, c.Demand+" "+c.Fix, c.Name)
		require.True(t, l == documented[c.Name].Life, c.Name)
	}
	require.Equal(t, "A payment that is delivered several times counts once.", Named("idempotence/redelivered")[0].Demand)
}
