package hookproof

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

// Subject is one object of the target's: names to strings and whole numbers, also of types such as uuid.UUID that JSON has as
// one of these. The names that events are
// bound to are sessionId, clientReferenceId, paymentIntent, amount (minor units), currency,
// metadata.<key>, charge.metadata.<key> and customer, if that is an id of Stripe's; others are the hooks' own.
type Subject map[string]any

// hasCustomer tells whether the subject has a customer at Stripe.
func (s Subject) hasCustomer() bool { return strings.HasPrefix(s.text("customer"), "cus_") }

// text is a value as text, or "".
func (s Subject) text(name string) string {
	switch value := s[name].(type) {
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

// textOf is a value of a type of Go's own, such as uuid.UUID, as JSON has it: a text or a whole number, else "".
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

// isLong tells whether a value is a text that is long enough to be taken for an id wherever it appears.
func (s Subject) isLong(name string) bool {
	text := s.text(name)
	if len(text) < leastID {
		return false
	}
	_, err := strconv.ParseInt(text, 10, 64)
	_, isText := s[name].(string)
	return isText || err != nil
}

// number is a value as a whole number, or what is said if there is none.
func (s Subject) number(name string, otherwise int64) int64 {
	n, err := strconv.ParseInt(s.text(name), 10, 64)
	if err != nil {
		return otherwise
	}
	return n
}

// entries are the values whose names begin with a prefix, without it: as texts, which metadata's always are.
func (s Subject) entries(prefix string) map[string]any {
	found := map[string]any{}
	for name := range s {
		if key, is := strings.CutPrefix(name, prefix); is {
			found[key] = s.text(name)
		}
	}
	return found
}

// invented is a subject that no target knows.
func invented() Subject {
	s := Subject{}
	for name, value := range payment.usual() {
		s[name] = value
	}
	return s.completed()
}

// completed gives a subject the ids that the target leaves to us.
func (s Subject) completed() Subject {
	names, values := payment.ids()
	for _, name := range names {
		if s.text(name) == "" {
			s[name] = values[name]
		}
	}
	return s
}

// random is an identifier's random part.
func random() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails, says crypto/rand
	return hex.EncodeToString(b[:])
}

// differs says in which of the expected keys a state is not as expected, or "".
func differs(state any, expected map[string]any) string {
	has, object := plain(state).(map[string]any)
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
		if !reflect.DeepEqual(got, plain(expected[name])) {
			return fmt.Sprintf("%s is %v, expected %v", name, got, expected[name])
		}
	}
	return ""
}

// plain makes values comparable, whichever way their numbers were decoded.
func plain(v any) any {
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
