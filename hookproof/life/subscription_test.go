package life

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
)

func subscriptionLife(t *testing.T) *Life {
	t.Helper()
	l, err := BuiltIn("subscription")
	require.NoError(t, err)
	return l
}

// Every word can be told in every version.
func TestEveryWordCanBeTold(t *testing.T) {
	t.Parallel()
	l := subscriptionLife(t)
	s := l.Completed(event.Subject{"price": "price_ours", "otherPrice": "price_theirs", "amount": 4999, "quantity": 1, "metadata.user": "7", "subscription.metadata.user": "8", "email": "a@example.com"})
	for word := range l.Vocabulary {
		for _, v := range []string{"2023-10-16", "2025-03-31.basil", "2026-08-26.dahlia"} {
			e, err := l.Told(word, nil).About(s, v, false, time.Now(), false)
			require.NoError(t, err, word)
			if l.Vocabulary[word].Raw == "" {
				require.True(t, json.Valid(e.Body), word)
			}
		}
	}
}
