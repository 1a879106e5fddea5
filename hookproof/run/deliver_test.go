package run

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// A life's words and forms say whose event they are, and in which order they happen.
func TestWordsOfThePaymentLife(t *testing.T) {
	t.Parallel()
	born := time.Unix(1_000_000, 0)
	for word, want := range map[string]int64{"unpaid": 0, "paid": 1, "refund": 9, "compact": 1, "stranger-refund": 9} {
		e, err := eventOf(life.Payment.Vocabulary[word], life.Payment.Completed(event.Subject{"sessionId": "cs_test_1"}), &target.Target{}, born, false)
		require.NoError(t, err)
		var read struct{ Created int64 }
		require.NoError(t, json.Unmarshal(e.Body, &read))
		require.Equal(t, born.Unix()+want, read.Created, word)
	}
	require.True(t, life.Payment.Vocabulary["stranger-dispute"].Stranger)
	require.True(t, life.Payment.Vocabulary["stranger-refund"].Stranger)
	require.True(t, life.Payment.Vocabulary["neighbour-expired"].Other)
	require.True(t, life.Payment.Vocabulary["other-session-failed"].Second)
}
