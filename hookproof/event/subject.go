package event

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Subject is one object of the target: names with strings or whole numbers, or with values of types such as uuid.UUID that JSON
// encodes as one of these. Events are bound to the names sessionId, clientReferenceId, paymentIntent, amount (minor units),
// currency, metadata.<key>, charge.metadata.<key>, and customer if its value is a Stripe id. All other names are for the hooks.
type Subject map[string]any

// hasCustomer reports whether the subject has a customer at Stripe.
func (s Subject) hasCustomer() bool { return strings.HasPrefix(s.Text("customer"), "cus_") }

// Text returns a value as text, or "".
func (s Subject) Text(name string) string {
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

// Check returns why events cannot be bound to a subject. Such events would be about no object, and the endpoint would be blamed
// for that.
func (s Subject) Check() error {
	names := slices.Sorted(maps.Keys(s))
	tied := false
	for _, name := range names {
		text := s.Text(name)
		if _, isText := s[name].(string); !isText && text == "" {
			return fmt.Errorf("it gives %s as %T, and can only give texts and whole numbers", name, s[name])
		}
		tied = tied || text != "" && (slices.Contains(Ties, name) || strings.HasPrefix(name, "metadata."))
		if name != "currency" && name != "amount" && text == "" {
			names[slices.Index(names, name)] = name + ` as ""`
		}
	}
	if len(names) == 0 {
		return errors.New("it gives an empty subject; " + Wanted)
	}
	if !tied {
		return fmt.Errorf("it gives %s, none of which ties an event to the object; %s", strings.Join(names, ", "), Wanted)
	}
	if amount, given := s["amount"]; given {
		_, isText := amount.(string)
		if _, err := strconv.ParseInt(s.Text("amount"), 10, 64); err != nil || isText {
			return fmt.Errorf("it gives amount as %#v, and it must be a whole number of the currency's smallest unit, such as 4900 for 49.00", amount)
		}
	}
	return nil
}

const Wanted = "give what its Checkout session has, under the name sessionId, clientReferenceId, paymentIntent or metadata.KEY"

// LeastID is how long a subject's value must be to be an id wherever it appears.
const LeastID = 6

// Ties are the names that tie an event to a subject.
var Ties = []string{"sessionId", "clientReferenceId", "paymentIntent"}

func IsTie(name string) bool {
	return slices.Contains(Ties, name) || strings.HasPrefix(name, "metadata.") || strings.HasPrefix(name, "charge.metadata.")
}

// Sessions reports whether an order can have several sessions: a value that the target puts into each session ties it to the
// order, and not the session's own id.
func (s Subject) Sessions() bool {
	for name := range s {
		if name == "clientReferenceId" || strings.HasPrefix(name, "metadata.") {
			return true
		}
	}
	return false
}
