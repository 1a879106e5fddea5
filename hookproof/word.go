package hookproof

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.com/hookproof/fixtures"
)

// eventSpec is one event that schedules can name.
type eventSpec struct {
	says     string               // what it tells, for people
	event    string               // the fixture
	version  string               // its API version; "" is the default one
	age      int64                // seconds after the subject's first event, in the order in which things happen
	with     map[string]lifeValue // places that have another value in it
	bind     bindings             // places that are bound in it alone
	instead  []string             // what cannot be in one story with it
	raw      string               // instead of a fixture
	pad      int
	form     func([]byte) ([]byte, error) // another way to write the same JSON
	stranger bool                         // about an object that is nobody's
	bare     bool                         // without metadata and client_reference_id
	nowhere  bool                         // about an object that is the target's by its metadata, and is not there
	live     bool                         // of the other livemode
	other    bool                         // about another object of the target's own
	second   bool                         // about another Checkout session of the same order
}

// vocabulary is all events that a schedule can name.
var vocabulary = payment.vocabulary

// whoseEvents are whose a life's word can be, beside the subject's own.
var whoseEvents = map[string]func(*eventSpec){
	"":          func(*eventSpec) {},
	"second":    func(w *eventSpec) { w.second = true },
	"neighbour": func(w *eventSpec) { w.other = true },
	"stranger":  func(w *eventSpec) { w.stranger = true },
}

// eventOf makes an event of the vocabulary for a subject, as the target is sent it.
func eventOf(w eventSpec, s Subject, t *Target, born time.Time, tie bool) (Event, error) {
	return w.about(s, t.APIVersion, t.Livemode, born, tie)
}

// about makes the event for a subject, in an API version and for a livemode. All of a schedule's events are of one life that
// began at born, except where tie makes all of the same second.
func (w eventSpec) about(s Subject, apiVersion string, livemode bool, born time.Time, tie bool) (Event, error) {
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
	e, err := payment.bindEvent(cmp.Or(w.version, apiVersion), w.event, bound{s, newEventID(), at, livemode != w.live}, w.bind)
	if err != nil {
		return e, err
	}
	for _, pointer := range slices.Sorted(maps.Keys(w.with)) {
		if e.Body, err = put(e.Body, pointer, w.with[pointer](s)); err != nil {
			return e, err
		}
	}
	if w.form != nil {
		if e.Body, err = w.form(e.Body); err != nil {
			return e, err
		}
	}
	return e.pad(w.pad), nil
}

// stranger is like a subject, and of another integration on the same Stripe account: nothing of it is the
// target's, and of metadata it has only a key of its own.
func stranger(like Subject, bare bool) Subject {
	s := invented().completed()
	for name := range payment.usual() {
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
	names, _ := payment.ids()
	for _, name := range names {
		delete(other, name)
	}
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
