package life

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/hookproof/fixtures"
	"example.com/hookproof/hookproof/event"
)

// Spec is one event that schedules can name.
type Spec struct {
	Says     string               // what it tells, for people
	Event    string               // the fixture
	Version  string               // its API version; "" is the default one
	Age      int64                // seconds after the subject's first event, in the order in which things happen
	with     map[string]lifeValue // places that have another value in it
	bind     bindings             // places that are bound in it alone
	Instead  []string             // what cannot be in one story with it
	Raw      string               // instead of a fixture
	Pad      int
	Form     func([]byte) ([]byte, error) // another way to write the same JSON
	Stranger bool                         // about an object that is nobody's
	bare     bool                         // without metadata and client_reference_id
	Nowhere  bool                         // about an object that is the target's by its metadata, and is not there
	Live     bool                         // of the other livemode
	Other    bool                         // about another object of the target's own
	Second   bool                         // about another Checkout session of the same order
}

// Vocabulary is all events that a schedule can name.
var Vocabulary = Payment.Vocabulary

// whoseEvents are whose a life's word can be, beside the subject's own.
var whoseEvents = map[string]func(*Spec){
	"":          func(*Spec) {},
	"second":    func(w *Spec) { w.Second = true },
	"neighbour": func(w *Spec) { w.Other = true },
	"stranger":  func(w *Spec) { w.Stranger = true },
}

// About makes the event for a subject, in an API version and for a livemode. All of a schedule's events are of one life that
// began at born, except where tie makes all of the same second.
func (w Spec) About(s event.Subject, apiVersion string, livemode bool, born time.Time, tie bool) (event.Event, error) {
	if w.Raw != "" {
		return event.Raw(w.Raw), nil
	}
	if w.Stranger {
		s = Stranger(s, w.bare)
	}
	if w.Nowhere {
		s = s.Nowhere()
	}
	if w.Second {
		s = again(s)
	}
	at := born.Unix()
	if !tie {
		at += w.Age
	}
	e, err := Payment.bindEvent(cmp.Or(w.Version, apiVersion), w.Event, Bound{s, event.NewID(), at, livemode != w.Live}, w.bind)
	if err != nil {
		return e, err
	}
	for _, pointer := range slices.Sorted(maps.Keys(w.with)) {
		if e.Body, err = event.Put(e.Body, pointer, w.with[pointer](s)); err != nil {
			return e, err
		}
	}
	if w.Form != nil {
		if e.Body, err = w.Form(e.Body); err != nil {
			return e, err
		}
	}
	return e.Pad(w.Pad), nil
}

// FixtureType is the type of a fixture's event.
func FixtureType(name string) string { return cmp.Or(fixtureTypes()[name], name) }

var fixtureTypes = sync.OnceValue(func() map[string]string {
	types := map[string]string{}
	for _, name := range fixtures.EventNames(shapeOf(APIVersionOf(""))) {
		if e, err := New(name, Invented()); err == nil {
			types[name] = e.Type
		}
	}
	return types
})

// NeutralEvent is delivered where a question is about signatures and bodies and payments cannot be: the target refuses those of
// objects that it does not know, which is one fault and no more, and no hook makes an object that it does.
const NeutralEvent = "topup.created"

// SpecOf is the name behind what a schedule's word was told as.
func SpecOf(label string) string {
	name, _, _ := strings.Cut(label, " by ")
	return name
}

// Payment reports whether an event says no more than that an object of the target's is paid, whichever way it is written.
func (w Spec) Payment() bool {
	return w.Event == Vocabulary[Payment.Grant()].Event && len(w.with) == 0 && !w.Stranger && !w.Nowhere && !w.Live && !w.Other
}

// Verbs are what a schedule can say beside deliveries.
var Verbs = map[string]string{
	"tie":     "all events are created in the same second",
	"make":    "the subject's object is made now",
	"again":   "everything so far is delivered again",
	"restart": "the target is stopped and started",
	"later":   "a while passes",
	"spread":  "copies go to the target and its replicas in turn",
}

// wordForm is an event's name.
var wordForm = regexp.MustCompile(`^[a-z0-9-]+$`)
