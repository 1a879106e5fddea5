package check

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
)

// Schedule is what is sent to one fresh subject: deliveries with their order, copies and overlap. ParseSchedule describes its
// text.
type Schedule []Step

// Step is one word of a schedule: deliveries of one event, or a verb.
type Step struct {
	Verb     string     // one of verbs; "" is a delivery
	Sign     string     // how it is signed; "" is genuine
	Event    string     // the event's name
	Spec     *life.Spec // the event; of a verb an empty one
	Copies   int        // 1 or more
	Together bool       // the copies overlap
	Beside   bool       // it overlaps the step before
	Fresh    bool       // every copy has its own event id
	Want     string     // the answer that each copy must have; "" is an ACK in the end
}

// Prepares reports whether any answer is accepted: the delivery only prepares for later steps.
func (i Step) Prepares() bool { return i.Verb == "" && i.Want == "any" }

// Overlaps reports whether the copies must overlap for the demand to be tested.
func (i Step) Overlaps() bool { return (i.Together || i.Beside) && !i.Prepares() }

// wants are the answers that can be demanded of a delivery.
var wants = map[string]string{
	"rejected": "a 4xx, or a 5xx, which is worth knowing",
	"ack":      "a 2xx at once",
	"refused":  "a 4xx",
	"ack?":     "a 2xx, though another answer is no fault",
	"refused?": "a 4xx, though another answer is no fault",
	"any":      "an answer",
}

// noEvent is what a verb delivers.
var noEvent life.Spec

var stepForm = regexp.MustCompile(`^(?:([a-z0-9-]+):)?([a-z0-9-]+)(?:([*&])(\d+))?(\+)?(?:=([a-z?]+))?$`)

// ParseSchedule reads a schedule of a life's events. Its words are separated by spaces, and delivered in that order:
//
//	paid                 one event, with a genuine signature
//	wrong-secret:paid    the same event signed in another way
//	paid*3  paid&20      copies one after the other, or overlapping
//	paid & refund        two events, overlapping
//	paid*2+              copies with their own event ids: one fact, reported twice
//	paid=ack             with an answer that is demanded: ack, refused, rejected, ack?, refused?, any
//	tie make again later awaited restart spread refused   verbs
//
// The same word twice is the same event, delivered again.
func ParseSchedule(l *life.Life, text string) (Schedule, error) {
	var s Schedule
	beside := false
	for field := range strings.FieldsSeq(text) {
		if field == "&" {
			if beside = len(s) > 0 && s[len(s)-1].Verb == ""; !beside {
				return nil, fmt.Errorf("%q: & stands between two events", text)
			}
			continue
		}
		if _, is := life.Verbs[field]; is && !beside {
			s = append(s, Step{Verb: field, Spec: &noEvent})
			continue
		}
		if spec := l.Vocabulary[field]; spec != nil { // most steps are an event alone
			s, beside = append(s, Step{Event: field, Spec: spec, Copies: 1, Beside: beside}), false
			continue
		}
		m := stepForm.FindStringSubmatch(field)
		if m == nil {
			return nil, fmt.Errorf("%q is no step of a schedule; one is like paid, wrong-secret:paid, paid*3, paid&20 or paid=ack", field)
		}
		item := Step{Sign: m[1], Event: m[2], Spec: l.Vocabulary[m[2]], Copies: 1, Together: m[3] == "&", Beside: beside, Fresh: m[5] != "", Want: m[6]}
		if _, known := event.Signings[item.Sign]; item.Sign != "" && !known {
			return nil, fmt.Errorf("%q: there is no signing called %q", field, item.Sign)
		}
		if item.Spec == nil {
			return nil, fmt.Errorf("%q: there is no event called %q", field, item.Event)
		}
		if _, known := wants[item.Want]; item.Want != "" && !known {
			return nil, fmt.Errorf("%q: an answer is one of %s", field, strings.Join(slices.Sorted(maps.Keys(wants)), ", "))
		}
		if m[4] != "" {
			item.Copies, _ = strconv.Atoi(m[4])
			if item.Copies < 1 || item.Copies > 100 {
				return nil, fmt.Errorf("%q: there can be 1 to 100 copies", field)
			}
		}
		s, beside = append(s, item), false
	}
	if beside {
		return nil, fmt.Errorf("%q: & stands between two events", text)
	}
	return s, nil
}

func (i Step) String() string {
	if i.Verb != "" {
		return i.Verb
	}
	text := i.Event
	if i.Sign != "" {
		text = i.Sign + ":" + text
	}
	if i.Copies > 1 {
		mark := "*"
		if i.Together {
			mark = "&"
		}
		text += mark + strconv.Itoa(i.Copies)
	}
	if i.Fresh {
		text += "+"
	}
	if i.Want != "" {
		text += "=" + i.Want
	}
	return text
}

// Undemanding returns the step without the demand on its answer.
func (i Step) Undemanding() string {
	i.Want = ""
	return i.String()
}

func (s Schedule) String() string {
	texts := make([]string, len(s))
	for i, item := range s {
		if texts[i] = item.String(); item.Beside && i > 0 {
			texts[i] = "& " + texts[i]
		}
	}
	return strings.Join(texts, " ")
}

// Genuine reports whether the step is a delivery that must have its effect, if its event has any.
func (i Step) Genuine() bool { return i.Verb == "" && (i.Sign == "" || event.Signings[i.Sign].Genuine) }

// Group returns a step with the steps after it that overlap it.
func (s Schedule) Group(n int) []Step {
	end := n + 1
	for end < len(s) && s[end].Beside {
		end++
	}
	return s[n:end]
}

// Events returns the names of the events that a schedule delivers, in its order, each once.
func (s Schedule) Events() []string {
	var names []string
	for _, step := range s {
		if step.Verb == "" && !slices.Contains(names, step.Event) {
			names = append(names, step.Event)
		}
	}
	return names
}

// Without returns the deliveries of events that another schedule does not have.
func (s Schedule) Without(other Schedule) Schedule {
	return slices.DeleteFunc(slices.Clone(s), func(step Step) bool { return step.Verb != "" || slices.ContainsFunc(other, step.Tells) })
}

// Has reports whether a schedule delivers an event, with any signing.
func (s Schedule) Has(event string) bool {
	return slices.ContainsFunc(s, func(i Step) bool { return i.Verb == "" && i.Event == event })
}

// HasRaw reports whether a schedule delivers a body that is no event.
func (s Schedule) HasRaw() bool {
	return slices.ContainsFunc(s, func(i Step) bool { return i.Verb == "" && i.Spec.Raw != "" })
}

func (s Schedule) Verb(verb string) bool {
	return slices.ContainsFunc(s, func(i Step) bool { return i.Verb == verb })
}

// Deliveries returns the schedule without its verbs.
func (s Schedule) Deliveries() Schedule {
	return slices.DeleteFunc(slices.Clone(s), func(step Step) bool { return step.Verb != "" })
}

// Under returns the schedule with a verb before it.
func (s Schedule) Under(verb string) Schedule {
	return append(Schedule{{Verb: verb, Spec: &noEvent}}, s...)
}

// Crowded returns the schedule with at least that many deliveries in each overlapping step, so that some overlap. Different events
// that overlap share the number.
func (s Schedule) Crowded(least int) Schedule {
	out := slices.Clone(s)
	for n := 0; n < len(out); {
		group := out[n : n+len(s.Group(n))]
		for i := range group {
			if group[i].Together || len(group) > 1 {
				group[i].Copies = max(group[i].Copies, least/len(group))
				group[i].Together = group[i].Copies > 1
			}
		}
		n += len(group)
	}
	return out
}

// Plain returns the schedule without the answers that it demands: the state depends on nothing else.
func (s Schedule) Plain() Schedule {
	out := slices.Clone(s)
	for i := range out {
		out[i].Want = ""
	}
	return out
}

var choice = regexp.MustCompile(`\{([^{}]*)\}`)

// Expand returns the schedules that a row's text stands for: {a|b} is a or b, and {a b c} is every order of a, b and c. If there
// are more orders than limit, a seed picks some.
func Expand(text string, limit int, seed uint64) []string {
	m := choice.FindStringSubmatchIndex(text)
	if m == nil {
		return []string{strings.Join(strings.Fields(text), " ")}
	}
	inside, before, after := text[m[2]:m[3]], text[:m[0]], text[m[1]:]
	var options []string
	if strings.Contains(inside, "|") {
		options = strings.Split(inside, "|")
	} else {
		parts := strings.Fields(inside)
		for order := range Permutations(len(parts)) {
			picked := make([]string, len(order))
			for i, n := range order {
				picked[i] = parts[n]
			}
			options = append(options, strings.Join(picked, " "))
		}
		options = sample(options, limit, seed)
	}
	var all []string
	for _, option := range options {
		all = append(all, Expand(before+option+after, limit, seed)...)
	}
	return all
}

// sample picks some elements of a list, always the same for a seed, and keeps their order.
func sample(list []string, limit int, seed uint64) []string {
	if len(list) <= limit {
		return list
	}
	chance := rand.New(rand.NewPCG(seed, uint64(len(list))))
	picked := chance.Perm(len(list))[:limit]
	slices.Sort(picked)
	out := make([]string, limit)
	for i, n := range picked {
		out[i] = list[n]
	}
	return out
}

// Crowds returns how many steps of a schedule deliver several events at once.
func (s Schedule) Crowds() int {
	n := 0
	for at, step := range s {
		if step.Together || at > 0 && step.Beside && !s[at-1].Beside {
			n++
		}
	}
	return n
}

// Tells reports whether both steps deliver the same event.
func (i Step) Tells(other Step) bool { return i.Verb == "" && i.Event == other.Event }

// Repeats reports whether a schedule delivers any event more than once.
func (s Schedule) Repeats() bool {
	return s.Verb("again") || slices.ContainsFunc(s, func(step Step) bool { return step.Verb == "" && s.Copies(step) > 1 })
}

// LastType returns the type of a schedule's last event.
func (s Schedule) LastType() string { return s[len(s)-1].Spec.Type }

// Permutations iterates over all orders of the numbers below n.
func Permutations(n int) func(yield func([]int) bool) {
	return func(yield func([]int) bool) {
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		var from func(int) bool
		from = func(k int) bool {
			if k == n {
				return yield(append([]int(nil), order...))
			}
			for i := k; i < n; i++ {
				order[k], order[i] = order[i], order[k]
				if !from(k + 1) {
					return false
				}
				order[k], order[i] = order[i], order[k]
			}
			return true
		}
		from(0)
	}
}

// How many orders of a life are tried: all orders of four events, or of six.
const (
	UsualOrders    = 24
	ThoroughOrders = 720
)

// Copies returns how many times a schedule delivers a step's event.
func (s Schedule) Copies(step Step) int {
	n := 0
	for _, other := range s {
		if other.Genuine() && other.Tells(step) {
			n += other.Copies
		}
	}
	return n
}
