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
	l.Nouns = life.Nouns{Subject: "account", Grant: "verification", Object: "identity"}
	foreign := regexp.MustCompile(`\b(payments?|sessions?|paid|orders? (is|as)|(an|the) order)\b|<(subject|grant|object)>`)
	documented := map[string]Check{}
	for _, c := range Documented([]*life.Life{l}) {
		documented[c.Name] = c
	}
	said := map[string]string{}
	for _, c := range Of(l) {
		said[c.Name] = c.Demand + " " + c.Why + " " + c.Fix + " " + c.Excuse
		require.NotRegexp(t, foreign, said[c.Name], c.Name)
		require.True(t, l == documented[c.Name].Life, c.Name)
	}
	require.Contains(t, said["idempotence/redelivered"], "A verification that is delivered several times counts once.")
	require.Contains(t, said["order/late-after-paid"], "let a late event end only an account that has no verification")
	require.Equal(t, "A payment that is delivered several times counts once.", Named("idempotence/redelivered")[0].Demand)
}

// A check that no life has is documented without a placeholder.
func TestNoSentenceHasAPlaceholder(t *testing.T) {
	t.Parallel()
	for _, lives := range [][]*life.Life{nil, life.BuiltIns()} {
		for _, c := range Documented(lives) {
			require.NotRegexp(t, `<(subject|grant|object)>`, c.Demand+c.Why+c.Fix+c.Excuse, c.Name)
		}
	}
}
