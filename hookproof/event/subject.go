package event

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

// Subject is one object of the target: names with strings or whole numbers, or with values of types such as uuid.UUID that JSON
// encodes as one of these. A life says to which names its events are bound; those of the payment life are sessionId,
// clientReferenceId, paymentIntent, amount (minor units), currency, metadata.<key>, charge.metadata.<key>, and customer if its value is
// a Stripe id. All other names are for the hooks.
type Subject map[string]any

// Text returns a value as text, or "".
func (s Subject) Text(name string) string {
	switch value := s[name].(type) {
	case nil:
		return ""
	case string:
		return value
	case int:
		return strconv.Itoa(value)
	case int64:
		return strconv.FormatInt(value, 10)
	case json.Number:
		return value.String()
	}
	return textOf(s[name])
}

// textOf returns a value of another Go type, such as uuid.UUID, as its JSON text or whole number, else "".
func textOf(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	if _, err := strconv.ParseInt(string(raw), 10, 64); err != nil {
		return ""
	}
	return string(raw)
}

// IsLong reports whether a value is a text that is long enough to be an id wherever it appears.
func (s Subject) IsLong(name string) bool {
	text := s.Text(name)
	if len(text) < LeastID {
		return false
	}
	_, err := strconv.ParseInt(text, 10, 64)
	_, isText := s[name].(string)
	return isText || err != nil
}

// Number returns a value as a whole number, or otherwise if it is none.
func (s Subject) Number(name string, otherwise int64) int64 {
	n, err := strconv.ParseInt(s.Text(name), 10, 64)
	if err != nil {
		return otherwise
	}
	return n
}

// Entries returns the values whose names begin with a prefix, without the prefix. They are texts, as in Stripe's metadata.
func (s Subject) Entries(prefix string) map[string]any {
	found := map[string]any{}
	for name := range s {
		if key, is := strings.CutPrefix(name, prefix); is {
			found[key] = s.Text(name)
		}
	}
	return found
}

// Random returns the random part of an id.
func Random() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails
	return hex.EncodeToString(b[:])
}

// Differs returns where a state differs from the expected values, or "".
func Differs(state any, expected map[string]any) string {
	has, object := normalizeNumbers(state).(map[string]any)
	if !object {
		return "it is no JSON object"
	}
	names := make([]string, 0, len(expected))
	for name := range expected {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		got, there := has[name]
		if !there {
			return fmt.Sprintf("%s is missing, expected %v", name, expected[name])
		}
		if !reflect.DeepEqual(got, normalizeNumbers(expected[name])) {
			return fmt.Sprintf("%s is %v, expected %v", name, got, expected[name])
		}
	}
	return ""
}

// normalizeNumbers makes values comparable, however their numbers were decoded.
func normalizeNumbers(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return v
	}
	var again any
	if json.Unmarshal(raw, &again) != nil {
		return v
	}
	return again
}

// Value returns the value of {{name}} in a hook that is about the subject.
func (s Subject) Value(name string) (string, bool) {
	_, known := s[name]
	return s.Text(name), known
}

// LeastID is how long a subject's value must be to be an id wherever it appears.
const LeastID = 6
