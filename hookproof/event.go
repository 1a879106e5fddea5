package hookproof

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"example.com/hookproof/fixtures"
)

// Event is one event's body, ready to be signed.
type Event struct {
	ID   string
	Type string
	Body []byte
}

// binding says which place of an event's body is tied to a subject, and to what. Fixtures' FORMAT.md
// has the same table in words.
type binding struct {
	object  string // data.object.object; "" is any
	pointer string
	value   func(b bound) any // nil leaves the place as it is
	always  bool              // add the place where the file has none
}

// bound is what an event is bound to.
type bound struct {
	subject  Subject
	id       string
	created  int64
	livemode bool
}

var bindings = []binding{
	{"", "/id", func(b bound) any { return b.id }, true},
	{"", "/created", func(b bound) any { return b.created }, true},
	{"", "/livemode", func(b bound) any { return b.livemode }, true},
	{"", "/data/object/livemode", func(b bound) any { return b.livemode }, false},
	{"", "/data/object/payment_intent", text("paymentIntent"), false},
	{"", "/data/object/currency", named("currency"), false},
	{"", "/data/object/customer", customer, false},

	{"checkout.session", "/data/object/id", text("sessionId"), true},
	{"checkout.session", "/data/object/client_reference_id", orNull("clientReferenceId"), true},
	{"checkout.session", "/data/object/metadata", entries("metadata."), true},
	{"checkout.session", "/data/object/amount_total", named("amount"), true},
	{"checkout.session", "/data/object/amount_subtotal", named("amount"), false},
	{"checkout.session", "/data/object/total_details/amount_discount", named("amount"), false},

	{"charge", "/data/object/id", fromIntent("ch_"), true},
	{"charge", "/data/object/metadata", entries("charge.metadata."), true},
	{"charge", "/data/object/amount", named("amount"), true},
	{"charge", "/data/object/amount_captured", named("amount"), false},
	{"charge", "/data/object/amount_refunded", named("amount"), true},

	{"dispute", "/data/object/id", fromIntent("du_"), true},
	{"dispute", "/data/object/charge", fromIntent("ch_"), true},
	{"dispute", "/data/object/amount", named("amount"), true},
}

// kept is what a fixture has where nothing was to be paid, nothing was discounted or no intent was needed: that is so of
// every subject.
var kept = map[string]string{
	"/data/object/payment_intent": "null", "/data/object/amount_total": "0", "/data/object/total_details/amount_discount": "0",
}

func named(name string) func(bound) any {
	return func(b bound) any { return b.subject[name] }
}

// text is a value that Stripe writes as a text, whatever the target keeps it as.
func text(name string) func(bound) any {
	return func(b bound) any {
		if _, there := b.subject[name]; !there {
			return nil
		}
		return b.subject.text(name)
	}
}

// customer is the subject's customer at Stripe. What else a target calls so, such as a name, is its own.
func customer(b bound) any {
	if !b.subject.hasCustomer() {
		return nil
	}
	return b.subject.text("customer")
}

func orNull(name string) func(bound) any {
	return func(b bound) any {
		if _, there := b.subject[name]; there {
			return b.subject.text(name)
		}
		return json.RawMessage("null")
	}
}

func entries(prefix string) func(bound) any {
	return func(b bound) any { return b.subject.entries(prefix) }
}

func fromIntent(prefix string) func(bound) any {
	return func(b bound) any { return prefix + strings.TrimPrefix(b.subject.text("paymentIntent"), "pi_") }
}

// apiVersionOf is an API version's name; "" is the default one.
func apiVersionOf(version string) string { return cmp.Or(version, fixtures.DefaultVersion) }

// shapeOf is the newest API version of which there are events that is no newer than the one asked for, or the oldest.
func shapeOf(version string) string {
	known := fixtures.Versions()
	shape := known[0]
	for _, one := range known {
		if one <= version {
			shape = one
		}
	}
	return shape
}

// bindEvent makes an event of a fixture for a subject. It says that it is of the API version that was asked for, in the
// shape that is known next to it.
func bindEvent(version, name string, b bound) (Event, error) {
	version = apiVersionOf(version)
	shape := shapeOf(version)
	body, err := fixtures.Event(shape, name)
	if err != nil {
		return Event{}, err
	}
	if shape != version {
		if body, err = put(body, "/api_version", version); err != nil {
			return Event{}, err
		}
	}
	var read struct {
		Type string
		Data struct{ Object struct{ Object string } }
	}
	if err := json.Unmarshal(body, &read); err != nil {
		return Event{}, fmt.Errorf("event %s of %s: %w", name, version, err)
	}
	for _, row := range bindings {
		if row.object != "" && row.object != read.Data.Object.Object {
			continue
		}
		value := row.value(b)
		if value == nil {
			continue
		}
		at, err := find(body, row.pointer)
		if errors.Is(err, errNoPlace) && !row.always {
			continue
		}
		if left, may := kept[row.pointer]; may && err == nil && string(body[at.value.from:at.value.to]) == left {
			continue
		}
		raw, failed := asStripeWrites(row.pointer, value)
		switch {
		case failed != nil:
			return Event{}, failed
		case err == nil:
			body = replace(body, at.value, raw)
		default:
			if body, err = splice(body, row.pointer, raw); err != nil {
				return Event{}, err
			}
		}
	}
	return Event{ID: b.id, Type: read.Type, Body: body}, nil
}

// asStripeWrites is a value by the line, two spaces deeper each time, as all of an event.
func asStripeWrites(pointer string, value any) ([]byte, error) {
	return json.MarshalIndent(value, strings.Repeat("  ", strings.Count(pointer, "/")), "  ")
}

func put(body []byte, pointer string, value any) ([]byte, error) {
	raw, err := asStripeWrites(pointer, value)
	if err != nil {
		return nil, err
	}
	return splice(body, pointer, raw)
}

// newEventID is an id that no event had before.
func newEventID() string { return "evt_1" + random() }

var placeholder = regexp.MustCompile(`\{\{(\w+)\.([\w.]+)\}\}`)

// override applies a scenario's with: pointers to values, {"remove": true}, and {{subject.name}} inside
// strings.
func override(e Event, with map[string]json.RawMessage, subjects map[string]Subject) (Event, error) {
	for _, pointer := range sortedKeys(with) {
		raw := with[pointer]
		var instruction struct{ Remove bool }
		var err error
		if json.Unmarshal(raw, &instruction) == nil && instruction.Remove {
			if e.Body, err = remove(e.Body, pointer); err != nil {
				return e, err
			}
			continue
		}
		raw, err = resolve(raw, subjects)
		if err != nil {
			return e, err
		}
		if e.Body, err = splice(e.Body, pointer, raw); err != nil {
			return e, err
		}
	}
	var now struct{ ID, Type string }
	if json.Unmarshal(e.Body, &now) == nil { // one whose id is no string stays known by its old one
		e.ID, e.Type = now.ID, now.Type
	}
	return e, nil
}

// resolve puts subjects' values in the place of {{subject.name}}.
func resolve(raw []byte, subjects map[string]Subject) ([]byte, error) {
	var missing error
	out := placeholder.ReplaceAllFunc(raw, func(match []byte) []byte {
		parts := placeholder.FindSubmatch(match)
		value := subjects[string(parts[1])].text(string(parts[2]))
		if value == "" {
			missing = fmt.Errorf("%s: the scenario has no such subject, or it has no such value", match)
		}
		quoted, _ := json.Marshal(value) // a string can always be marshalled
		return quoted[1 : len(quoted)-1]
	})
	return out, missing
}

// rawEvent is a body given literally.
func rawEvent(text string) Event {
	e := Event{Body: []byte(text)}
	var read struct{ ID, Type string }
	if json.Unmarshal(e.Body, &read) == nil {
		e.ID, e.Type = read.ID, read.Type
	}
	return e
}

// pad fills a body with trailing spaces.
func (e Event) pad(size int) Event {
	if missing := size - len(e.Body); missing > 0 {
		e.Body = append(append([]byte(nil), e.Body...), strings.Repeat(" ", missing)...)
	}
	return e
}

// withID is the same fact under a fresh id.
func (e Event) withID(id string) (Event, error) {
	body, err := put(e.Body, "/id", id)
	return Event{ID: id, Type: e.Type, Body: body}, err
}

func created(now time.Time, offset int64) int64 { return now.Unix() + offset }

// NewEvent is an event of the default API version about a subject, by its fixture's name. A subject
// without a payment intent or session is given one, so that its further events agree.
func NewEvent(name string, subject Subject) (Event, error) {
	return bindEvent("", name, bound{subject.completed(), newEventID(), time.Now().Unix(), false})
}
