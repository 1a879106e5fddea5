package suggest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	known := []string{"payment", "intent", "subscription", "order/tie", "order/begins", "faults/tie", "a"}
	for typed, want := range map[string]string{
		"subscripton":  "; did you mean subscription?",
		"Payments":     "; did you mean payment?",
		"sub":          "; did you mean subscription?",
		"intnet":       "; did you mean intent?",
		"order/begin":  "; did you mean order/begins?",
		"orders/tie":   "; did you mean order/tie?",
		"meaning/tie":  "; did you mean order/tie or faults/tie?",
		"invoice":      "",
		"":             "",
		"x":            "",
		"order/begins": "; did you mean order/begins?",
	} {
		require.Equal(t, want, DidYouMean(typed, known), typed)
	}
	require.Equal(t, "; did you mean one-1 or one-2 or one-3?", DidYouMean("one-", []string{"one-1", "one-2", "one-3", "one-4"}))
}
