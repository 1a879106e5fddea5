package server

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCurrencies(t *testing.T) {
	t.Parallel()
	require.True(t, slices.IsSorted(currencies), "the search is binary")
	require.Len(t, slices.Compact(slices.Clone(currencies)), len(currencies))
	for _, code := range currencies {
		require.Regexp(t, `^[a-z]{3}$`, code)
		got, err := normalCurrency(code)
		require.NoError(t, err)
		require.Equal(t, code, got)
	}
	for currency := range steps {
		require.Contains(t, currencies, currency)
	}
	got, err := normalCurrency("EuR")
	require.NoError(t, err)
	require.Equal(t, "eur", got)

	// What is gone (Kroon, Litas, Kuna), what is no money, what is no code.
	for _, code := range []string{"", "eek", "ltl", "hrk", "xxx", "xau", "btc", "eu", "euro", " eur", "eur ", "€", "978"} {
		_, err := normalCurrency(code)
		var p *problem
		require.ErrorAs(t, err, &p, code)
		require.Equal(t, http.StatusBadRequest, p.Status)
		require.Contains(t, p.Detail, "currency")
	}
}

func TestUnitAmounts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		amount   int64
		currency string
		right    bool
	}{
		{1, "eur", true}, {99_999_999, "eur", true}, {500, "jpy", true},
		{0, "eur", false}, {-1, "eur", false}, {100_000_000, "eur", false}, {-1 << 63, "eur", false},
		{10, "kwd", true}, {5124, "kwd", false}, {5120, "kwd", true},
		{500, "isk", true}, {550, "isk", false}, {100, "ugx", true}, {1, "ugx", false},
	} {
		err := checkUnitAmount(tc.amount, tc.currency)
		if tc.right {
			require.NoError(t, err, tc)
			continue
		}
		var p *problem
		require.ErrorAs(t, err, &p, tc)
		require.Equal(t, http.StatusBadRequest, p.Status)
		require.Contains(t, p.Detail, "unitAmount must be")
	}
}
