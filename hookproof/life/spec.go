package life

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"example.com/hookproof/hookproof/event"
)

// Spec is one event that schedules can name.
type Spec struct {
	life     *Life
	Says     string               // a description for people
	Event    string               // the fixture
	Type     string               // Stripe's type of the event; "" for a body that is no event
	Version  string               // its API version; "" is the default one
	Age      int64                // seconds after the subject's first event, in the order of the life
	with     map[string]lifeValue // places with another value in this event
	bind     bindings             // places that are bound in this event alone
	as       map[string]string    // names that stand for others in this event
	becomes  map[string]string    // names and instants that stand for others in this event and in later ones of the story
	became   map[string]string    // those of earlier events
	sets     changes              // what it makes of objects, which later events of the story tell, too
	before   changes              // what earlier events have made of them
	after    string               // an instant that is past when it happens
	passed   time.Duration        // how long before its birth the story has begun
	in       string               // the phrase that it belongs to where a story does not say
	form     string               // the life's form, such as old
	Instead  []string             // words that cannot be in the same story
	Needs    []string             // names that the subject must bind
	Raw      string               // the body, instead of a fixture
	Pad      int
	Form     func([]byte) ([]byte, error) // another encoding of the same JSON
	Stranger bool                         // about an object that no target has
	bare     bool                         // without metadata and client_reference_id
	Nowhere  bool                         // about an object that is the target's by its metadata, and does not exist
	Live     bool                         // of the other livemode
	Other    bool                         // about another object of the target
	Second   bool                         // about another Checkout session of the same order
	shape    string                       // the file of a shape, instead of a fixture; Event is its type then
}

// wordObjects are the objects that a word's event can be about, other than the subject.
var wordObjects = map[string]func(*Spec){
	"":          func(*Spec) {},
	"second":    func(w *Spec) { w.Second = true },
	"neighbour": func(w *Spec) { w.Other = true },
	"stranger":  func(w *Spec) { w.Stranger = true },
}

// About makes the event for a subject, in an API version and a livemode. All events of a schedule belong to one life that began at
// born. tie gives all of them the same second.
func (w Spec) About(s event.Subject, apiVersion string, livemode bool, born time.Time, tie bool) (event.Event, error) {
	if w.Raw != "" {
		return event.Raw(w.Raw), nil
	}
	if w.Stranger {
		s = w.life.Stranger(s, w.bare)
	}
	if w.Nowhere {
		s = w.life.Nowhere(s)
	}
	if w.Second {
		s = w.life.again(s)
	}
	at := born.Unix()
	if !tie {
		at += w.Age
	}
	if w.shape != "" {
		return w.aboutNobody(APIVersionOf(cmp.Or(w.Version, apiVersion)), Bound{s, event.NewID(), at, livemode != w.Live})
	}
	if w.form != "" {
		s = w.life.Forms[w.form].of(w.form, w.life, s)
	}
	t := telling{w.life, s, aliases(w.became, w.becomes, w.as), born, w.passed, at}
	e, err := w.life.bindEvent(cmp.Or(w.Version, apiVersion), w.Event, Bound{s, event.NewID(), at, livemode != w.Live}, &w, t)
	if err != nil {
		return e, err
	}
	for _, pointer := range slices.Sorted(maps.Keys(w.with)) {
		if e.Body, err = event.Put(e.Body, pointer, w.with[pointer](t)); err != nil {
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

// NeutralEvent is delivered if a check is about signatures and bodies, and payments cannot be used: the target refuses events
// about objects that it does not know, and no hook makes an object that it knows. That refusal is one fault, not many.
const NeutralEvent = "topup.created"

// SpecOf returns the event's name in a label of a report.
func SpecOf(label string) string {
	name, _, _ := strings.Cut(label, " by ")
	return name
}

// Payment reports whether an event says that the subject is paid and nothing else, in any encoding.
func (w Spec) Payment() bool {
	return w.life != nil && w.Event == w.life.Words[w.life.Grant()].Event && len(w.with) == 0 && !w.Stranger && !w.Nowhere && !w.Live && !w.Other
}

// Verbs are the words of schedules that are not deliveries.
var Verbs = map[string]string{
	"tie":     "all events are created in the same second",
	"make":    "the subject's object is made now",
	"again":   "everything so far is delivered again",
	"restart": "the target is stopped and started",
	"later":   "a while passes",
	"refused": "all that follows is delivered once while the database is away",
	"awaited": "each event is delivered when the effect of the one before has come",
	"spread":  "copies go to the target and its replicas in turn",
	"ahead":   "Stripe's API shows every object as at the story's end, whatever has been delivered",
	"in-step": "Stripe's API shows every object as of the latest event that has been delivered",
}

// wordForm matches an event's name.
var wordForm = regexp.MustCompile(`^[a-z0-9-]+$`)

// notAName says that a word cannot be called so.
var notAName = "a word is of small letters, digits and hyphens, and not one of " + strings.Join(slices.Sorted(maps.Keys(Verbs)), ", ") + ", which schedules have for what is no event"
