package hookproof

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"example.com/hookproof/fixtures"
)

// word is one event of the vocabulary that schedules are written in.
type eventSpec struct {
	says     string // what it tells, for people
	event    string // the fixture
	version  string // its API version; "" is the default one
	age      int64  // seconds after the subject's first event, in the order in which things happen
	with     func(Subject) map[string]any
	name     string // of the customer; "" is the fixture's
	raw      string // instead of a fixture
	pad      int
	form     func([]byte) []byte // another way to write the same JSON
	stranger bool                // about an object that is nobody's
	bare     bool                // without metadata and client_reference_id
	nowhere  bool                // about an object that is the target's by its metadata, and is not there
	live     bool                // of the other livemode
	other    bool                // about another object of the target's own
	second   bool                // about another Checkout session of the same order
}

// part is a subject's amount in percent, as minor units.
func part(s Subject, percent int64) int64 { return s.number("amount", usualAmount) * percent / 100 }

func refunded(percent int64) func(Subject) map[string]any {
	return func(s Subject) map[string]any {
		return map[string]any{"/data/object/amount_refunded": part(s, percent), "/data/object/refunded": percent == 100}
	}
}

func total(of func(Subject) any) func(Subject) map[string]any {
	return func(s Subject) map[string]any {
		return map[string]any{"/data/object/amount_total": of(s), "/data/object/amount_subtotal": of(s)}
	}
}

func otherCurrency(s Subject) string {
	if s.text("currency") == "eur" {
		return "usd"
	}
	return "eur"
}

const newest = "2026-08-26.dahlia"

// vocabulary is all events that a schedule can name.
var vocabulary = map[string]eventSpec{
	"paid":                  {says: "the session is completed and paid", event: "checkout.session.completed", age: 1},
	"paid-newest":           {says: "the session is completed and paid, in a newer API version", event: "checkout.session.completed", version: newest, age: 1},
	"unpaid":                {says: "the session is completed, and its payment is pending", event: "checkout.session.completed.unpaid"},
	"free":                  {says: "the session is completed and nothing had to be paid: a voucher covers the price", event: "checkout.session.completed.no_payment_required", age: 1},
	"async-paid":            {says: "a slow payment has succeeded", event: "checkout.session.async_payment_succeeded", age: 2},
	"async-failed":          {says: "a slow payment has failed", event: "checkout.session.async_payment_failed", age: 2},
	"expired":               {says: "the session has expired", event: "checkout.session.expired", age: 3},
	"other-session-expired": {says: "an earlier session of the same order, abandoned for this one, has expired", event: "checkout.session.expired", age: 3, second: true},
	"other-session-failed":  {says: "the slow payment of another session of the same order has failed", event: "checkout.session.async_payment_failed", age: 3, second: true},

	"refund":       {says: "everything has been refunded", event: "charge.refunded", age: 6, with: refunded(100)},
	"refund-10":    {says: "a tenth has been refunded", event: "charge.refunded.partial", age: 4, with: refunded(10)},
	"refund-25":    {says: "a quarter has been refunded in all", event: "charge.refunded.partial", age: 5, with: refunded(25)},
	"dispute":      {says: "the customer's bank disputes the payment", event: "charge.dispute.created", age: 7},
	"dispute-lost": {says: "the dispute is lost", event: "charge.dispute.closed.lost", age: 8},
	"dispute-won":  {says: "the dispute is won", event: "charge.dispute.closed.won", age: 8},

	"half-amount": {says: "a session is completed and paid with half the price", event: "checkout.session.completed", age: 1,
		with: total(func(s Subject) any { return part(s, 50) })},
	"no-amount": {says: "a paid session without an amount", event: "checkout.session.completed", age: 1,
		with: total(func(Subject) any { return nil })},
	"other-currency": {says: "a session is paid in another currency", event: "checkout.session.completed", age: 1,
		with: func(s Subject) map[string]any { return map[string]any{"/data/object/currency": otherCurrency(s)} }},
	"other-livemode":    {says: "a paid session of the other livemode", event: "checkout.session.completed", age: 1, live: true},
	"bare":              {says: "a paid session without metadata that belongs to nobody", event: "checkout.session.completed", age: 1, stranger: true, bare: true},
	"stranger":          {says: "a paid session of another integration", event: "checkout.session.completed", age: 1, stranger: true},
	"stranger-refund":   {says: "a refund of another integration's payment", event: "charge.refunded", age: 6, stranger: true},
	"stranger-dispute":  {says: "a dispute of another integration's payment", event: "charge.dispute.created", age: 7, stranger: true},
	"neighbour-paid":    {says: "the session of another object of the target is paid", event: "checkout.session.completed", age: 1, other: true},
	"neighbour-expired": {says: "the session of another object of the target has expired", event: "checkout.session.expired", age: 3, other: true},
	"paid-nowhere":      {says: "a paid session that names an object that does not exist", event: "checkout.session.completed", age: 1, nowhere: true},
	"refund-other-currency": {says: "everything has been refunded, in another currency", event: "charge.refunded", age: 6, with: func(s Subject) map[string]any {
		with := refunded(100)(s)
		with["/data/object/currency"] = otherCurrency(s)
		return with
	}},
	"refund-too-much": {says: "twice the price has been refunded", event: "charge.refunded", age: 6, with: func(s Subject) map[string]any {
		return map[string]any{"/data/object/amount_refunded": part(s, 200), "/data/object/refunded": true}
	}},
	"unhandled": {says: "an event of a type that hardly any endpoint handles", event: neutralEvent},
	"carrier":   {says: "an event that the target acknowledges, for checks that are not about the event", event: neutralEvent},
	"unhandled-succeeded": {says: "an event that Stripe sends beside the session's", event: "payment_intent.succeeded", age: 1,
		with: func(s Subject) map[string]any {
			return map[string]any{"/data/object/id": s.text("paymentIntent")}
		}},

	"ascii":     {says: "a paid session with nothing beyond ASCII", event: "checkout.session.completed", age: 1, form: asciiText},
	"compact":   {says: "a paid session written without spaces, in ASCII", event: "checkout.session.completed", age: 1, form: compact},
	"spaced":    {says: "a paid session with spaces and line breaks between its parts", event: "checkout.session.completed", age: 1, form: spaced},
	"escaped":   {says: "a paid session with letters beyond ASCII written as \\u escapes", event: "checkout.session.completed", age: 1, form: escaped},
	"emoji":     {says: "a paid session with a name beyond Unicode's basic plane", event: "checkout.session.completed", age: 1, name: "Zoë Łukasik 😀 𝒳 東京"},
	"large":     {says: "a paid session of 200 KiB", event: "checkout.session.completed", age: 1, pad: 200 << 10},
	"huge":      {says: "a paid session of 600 KiB", event: "checkout.session.completed", age: 1, pad: 600 << 10},
	"garbage":   {says: "a signed body that is not JSON", raw: "this is not JSON"},
	"cut-off":   {says: "a signed body that is cut off", raw: `{"id":"evt_1","object":"event","type":"checkout.sess`},
	"no-event":  {says: "signed JSON that is not an event", raw: `{"object":"event"}`},
	"blank":     {says: "a signed body of one space", raw: " "},
	"json-null": {says: "the signed JSON value null", raw: "null"},
}

// eventOf makes a word's event for a subject. All of a schedule's events tell of one life that began at
// born, except where tie makes all of the same second.
func eventOf(w eventSpec, s Subject, t *Target, born time.Time, tie bool) (Event, error) {
	if w.raw != "" {
		return rawEvent(w.raw), nil
	}
	if w.stranger {
		s = stranger(s, w.bare)
	}
	if w.nowhere {
		s = s.nowhere()
	}
	if w.second {
		s = s.again()
	}
	at := born.Unix()
	if !tie {
		at += w.age
	}
	e, err := bindEvent(cmp.Or(w.version, t.APIVersion), w.event, bound{s, newEventID(), at, t.Livemode != w.live})
	if err != nil {
		return e, err
	}
	if w.with != nil {
		with := w.with(s)
		for _, pointer := range sortedKeys(with) {
			if e.Body, err = put(e.Body, pointer, with[pointer]); err != nil {
				return e, err
			}
		}
	}
	if w.name != "" {
		place := "/data/object/customer_details/name"
		if w.event == neutralEvent {
			place = "/data/object/description"
		}
		if e.Body, err = put(e.Body, place, w.name); err != nil {
			return e, err
		}
	}
	if w.form != nil {
		e.Body = w.form(e.Body)
	}
	return e.pad(w.pad), nil
}

// stranger is like a subject, and of another integration on the same Stripe account: nothing of it is the
// target's, and of metadata it has only a key of its own.
func stranger(like Subject, bare bool) Subject {
	s := invented().completed()
	for _, name := range []string{"amount", "currency"} {
		if value, there := like[name]; there {
			s[name] = value
		}
	}
	if !bare {
		s["metadata.somebodyElse"] = "cart_1"
	}
	return s
}

// again is the same order in another Checkout session: what the target has put into it is as before, and what Stripe makes
// is new.
func (s Subject) again() Subject {
	other := maps.Clone(s)
	delete(other, "sessionId")
	delete(other, "paymentIntent")
	return other.completed()
}

// sessions tells whether several sessions can be one order's: something that the target has put into a session ties them to
// it, and not the session's own id.
func (s Subject) sessions() bool {
	for name := range s {
		if name == "clientReferenceId" || strings.HasPrefix(name, "metadata.") {
			return true
		}
	}
	return false
}

// nowhere is a subject like this one that was never made: the same names, with ids of nobody's.
func (s Subject) nowhere() Subject {
	other := Subject{}
	for name, value := range s {
		other[name] = value
		switch text := s.text(name); {
		case !isTie(name) && (name != "customer" || !s.hasCustomer()):
		case text != "" && strings.Trim(text, "0123456789") == "":
			other[name] = strconv.Itoa(beyond + rand.IntN(math.MaxInt32-beyond))
		default:
			other[name] = scrambled(text)
		}
	}
	return other
}

// beyond is a number that no target's objects have counted up to, and that still has place in 32 bits.
const beyond = 2_000_000_000

// scrambled is an id of the same form: its last letters and digits are others.
func scrambled(id string) string {
	out, fresh := []byte(id), random()
	for at, n := len(out)-1, 0; at >= 0 && n < 12; at-- {
		if c := out[at]; '0' <= c && c <= '9' || 'a' <= c && c <= 'f' {
			out[at] = fresh[n]
			n++
		} else if c == '_' {
			break
		}
	}
	return string(out)
}

// asciiText is the same text with a question mark for each letter beyond ASCII.
func asciiText(body []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return '?'
		}
		return r
	}, body)
}

// compact is what JavaScript's JSON.stringify and its like make of JSON: no spaces. Only ASCII is left.
func compact(body []byte) []byte {
	var value any
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil {
		return body
	}
	raw, err := json.Marshal(ascii(value))
	if err != nil {
		return body
	}
	return raw
}

// ascii leaves out of every text what is not ASCII, and what encoders escape differently.
func ascii(value any) any {
	switch v := value.(type) {
	case string:
		return strings.Map(func(r rune) rune {
			if r > 126 || strings.ContainsRune(`<>&/'`, r) {
				return -1
			}
			return r
		}, v)
	case []any:
		for i := range v {
			v[i] = ascii(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = ascii(v[name])
		}
	}
	return value
}

// spaced puts a space after every colon outside texts, and a line break after every comma.
func spaced(body []byte) []byte {
	var out []byte
	inside, escape := false, false
	for _, c := range body {
		out = append(out, c)
		switch {
		case escape:
			escape = false
		case inside && c == '\\':
			escape = true
		case c == '"':
			inside = !inside
		case !inside && c == ':':
			out = append(out, ' ')
		case !inside && c == ',':
			out = append(out, '\r', '\n')
		}
	}
	return out
}

// escaped writes what is not ASCII as \u escapes, as some of Stripe's encoders have.
func escaped(body []byte) []byte {
	var out []byte
	for _, r := range string(body) {
		switch {
		case r < 128:
			out = append(out, byte(r))
		case r > 0xffff:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// fixtureType is the type of a fixture's event.
func fixtureType(name string) string { return cmp.Or(fixtureTypes()[name], name) }

var fixtureTypes = sync.OnceValue(func() map[string]string {
	types := map[string]string{}
	for _, name := range fixtures.EventNames(shapeOf(apiVersionOf(""))) {
		if e, err := NewEvent(name, invented()); err == nil {
			types[name] = e.Type
		}
	}
	return types
})
