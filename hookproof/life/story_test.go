package life

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
)

// told is an event of a story, read.
type told struct {
	word, kind string
	created    int64
	body       string
	event      map[string]any
	object     map[string]any
	previous   map[string]any
}

// subscriptionLife returns the built-in life of a subscription, and a subject of it that binds every name.
func subscriptionLife(t *testing.T) (*Life, event.Subject) {
	t.Helper()
	l, err := BuiltIn("subscription")
	require.NoError(t, err)
	return l, event.Subject{
		"sessionId": "cs_test_mine", "subscription": "sub_mine", "customer": "cus_mine", "clientReferenceId": "ref-mine", "email": "mine@example.com",
		"price": "price_mine", "otherPrice": "price_more", "quantity": 3, "amount": 4497, "currency": "sek", "metadata.user": "user-mine", "subscription.metadata.account": "account-mine",
	}
}

// expand returns the words of a story that is written with phrases.
func expand(t *testing.T, l *Life, text string) (story []string) {
	t.Helper()
	for name := range strings.FieldsSeq(text) {
		words := l.WordsOf(name)
		if len(words) == 0 {
			words = []string{name}
		}
		for _, word := range words {
			require.Contains(t, l.Vocabulary, word, text)
			if !slices.Contains(story, word) {
				story = append(story, word)
			}
		}
	}
	return story
}

// tell makes the events of a story in an API version, and returns them in the order in which they happen.
func tell(t *testing.T, l *Life, s event.Subject, version, text string, born time.Time) (story []told) {
	t.Helper()
	words := expand(t, l, text)
	for _, word := range words {
		e, err := l.Told(word, words).About(s, version, false, born, false)
		require.NoError(t, err, word)
		one := told{word: word, body: string(e.Body)}
		require.NoError(t, json.Unmarshal(e.Body, &one.event), word)
		data := one.event["data"].(map[string]any)
		one.object, one.created = data["object"].(map[string]any), int64(one.event["created"].(float64))
		one.previous, _ = data["previous_attributes"].(map[string]any)
		one.kind = one.object["object"].(string)
		require.Equal(t, e.Type, one.event["type"], word)
		story = append(story, one)
	}
	slices.SortStableFunc(story, func(a, b told) int { return int(a.created - b.created) })
	return story
}

// at returns the value at a place of a decoded object; nil for none.
func at(value any, place string) any {
	for token := range strings.SplitSeq(place, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[token]
		case []any:
			n := int(token[0] - '0')
			if n >= len(v) {
				return nil
			}
			value = v[n]
		default:
			return nil
		}
	}
	return value
}

// either returns the first value that there is at one of several places.
func either(value any, places ...string) any {
	for _, place := range places {
		if found := at(value, place); found != nil {
			return found
		}
	}
	return nil
}

// numbers calls see with every number of a decoded value.
func numbers(value any, place string, see func(place string, n int64)) {
	switch v := value.(type) {
	case map[string]any:
		for name := range v {
			numbers(v[name], place+"."+name, see)
		}
	case []any:
		for i := range v {
			numbers(v[i], place+"."+string(rune('0'+i)), see)
		}
	case float64:
		see(strings.TrimPrefix(place, "."), int64(v))
	}
}

// changedNames returns the top-level names at which two objects differ, sorted.
func changedNames(before, after map[string]any) (names []string) {
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !reflect.DeepEqual(before[name], after[name]) {
			names = append(names, name)
		}
	}
	return names
}

// texts calls see with every text of a decoded value.
func texts(value any, see func(string)) {
	switch v := value.(type) {
	case map[string]any:
		for _, inner := range v {
			texts(inner, see)
		}
	case []any:
		for _, inner := range v {
			texts(inner, see)
		}
	case string:
		see(v)
	}
}
