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

// Subject is one object of the target's: names to strings and whole numbers, also of types such as uuid.UUID that JSON has as
// one of these. The names that events are
// bound to are sessionId, clientReferenceId, paymentIntent, amount (minor units), currency,
// metadata.<key>, charge.metadata.<key> and customer, if that is an id of Stripe's; others are the hooks' own.
type Subject map[string]any

// hasCustomer reports whether the subject has a customer at Stripe.
func (s Subject) hasCustomer() bool { return strings.HasPrefix(s.Text("customer"), "cus_") }

// Text is a value as text, or "".
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

// IsLong reports whether a value is a text that is long enough to be taken for an id wherever it appears.
func (s Subject) IsLong(name string) bool {
	text := s.Text(name)
	if len(text) < LeastID {
		return false
	}
	_, err := strconv.ParseInt(text, 10, 64)
	_, isText := s[name].(string)
	return isText || err != nil
}

// Number is a value as a whole number, or what is said if there is none.
func (s Subject) Number(name string, otherwise int64) int64 {
	n, err := strconv.ParseInt(s.Text(name), 10, 64)
	if err != nil {
		return otherwise
	}
	return n
}

// Entries are the values whose names begin with a prefix, without it: as texts, which metadata's always are.
func (s Subject) Entries(prefix string) map[string]any {
	found := map[string]any{}
	for name := range s {
		if key, is := strings.CutPrefix(name, prefix); is {
			found[key] = s.Text(name)
		}
	}
	return found
}

// Random is an identifier's random part.
func Random() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails, says crypto/rand
	return hex.EncodeToString(b[:])
}

// Differs says in which of the expected keys a state is not as expected, or "".
func Differs(state any, expected map[string]any) string {
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

// Value is what {{name}} stands for in a hook that is about the subject.
func (s Subject) Value(name string) (string, bool) {
	_, known := s[name]
	return s.Text(name), known
}

// Check says what of a subject cannot be bound to events. Without it an event would be about nobody, and the endpoint be blamed for that.
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

// LeastID is how long a subject's value must be to be taken for an id wherever it appears.
const LeastID = 6

// names are what ties an event to a subject.
var Ties = []string{"sessionId", "clientReferenceId", "paymentIntent"}

func IsTie(name string) bool {
	return slices.Contains(Ties, name) || strings.HasPrefix(name, "metadata.") || strings.HasPrefix(name, "charge.metadata.")
}

// Sessions reports whether several sessions can be one order's: something that the target has put into a session ties them to
// it, and not the session's own id.
func (s Subject) Sessions() bool {
	for name := range s {
		if name == "clientReferenceId" || strings.HasPrefix(name, "metadata.") {
			return true
		}
	}
	return false
}
