package run

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/stripeapi"
	"example.com/hookproof/hookproof/target"
)

// A target that asks Stripe's API when an event comes gets the objects of the stories that are delivered to it. So each story is told to the
// API before its first delivery, with what is supposed to have happened before. How far the API is, a verb of the schedule says.

// tellAPI tells Stripe's API the story of a history's schedule.
func (x *executor) tellAPI(ctx context.Context, h *History) error {
	api := x.target.Stripe
	if api == nil {
		return nil
	}
	type happened struct {
		age  int64
		body []byte
	}
	var story []happened
	var words []string
	for _, step := range h.steps {
		if !step.Genuine() || slices.Contains(words, step.Event) {
			continue
		}
		if err := x.bind(ctx, h, step); err != nil {
			return err
		}
		if spec := x.told(h, step.Event); spec.Raw == "" && !spec.Live {
			body := event.Signings[event.OrGenuine(step.Sign)].Of(h.events[step.Event].Body, x.target.Connect.Account)
			story, words = append(story, happened{spec.Age, body}), append(words, step.Event)
		}
	}
	for _, word := range x.life.Supposed(words) {
		spec := x.life.Told(word, h.steps.Events())
		e, err := eventOf(spec, h.Subject, x.target, h.born, h.steps.Verb("tie"))
		if err != nil {
			return err
		}
		story = append(story, happened{spec.Age, e.Body})
	}
	slices.SortStableFunc(story, func(a, b happened) int { return cmp.Compare(a.age, b.age) })
	var err error
	if h.story, err = api.Tell(); err != nil {
		return err
	}
	if h.steps.Mode() != check.Ahead {
		h.story.SetView(stripeapi.InStep)
	}
	for _, one := range story {
		_ = h.story.Tell(one.body) // an error is that it is no event
	}
	h.askedBefore = api.Asked()
	return nil
}

// toldAPI records that a history's story has been delivered.
func (x *executor) toldAPI(h *History) {
	if x.target.Stripe != nil {
		h.askedAfter = x.target.Stripe.Asked()
	}
}

// again returns an event under an id of its own, and lets Stripe's API know of it.
func (h *History) again(e event.Event) (event.Event, error) {
	again, err := e.WithID(event.NewID())
	if err == nil && h.story != nil {
		_ = h.story.Again(e.ID, again.Body) // an error is that the API was not told of the first
	}
	return again, err
}

// unanswered returns why a history proves nothing: the target has asked Stripe's API for something that hookproof cannot answer. It is nil if it
// has not.
func (h *History) unanswered() error {
	if h.story == nil {
		return nil
	}
	requests := h.story.Unanswered(h.askedBefore, h.askedAfter)
	if len(requests) == 0 {
		return nil
	}
	return result.NoEvidenceOf(cannotAnswer(requests[0]))
}

func cannotAnswer(r stripeapi.Request) string {
	return "the target asks Stripe's API for " + asked(r) + ", and hookproof has no answer to that"
}

// setAPI is how an endpoint that asks Stripe's API can be judged.
const setAPI = `put "api": {"listen": "127.0.0.1:12111"} into the target file, and let the endpoint take http://127.0.0.1:12111 for Stripe's API`

// apiAdvice is what to do about Stripe's API if a payment shows nothing.
func (x *executor) apiAdvice() string {
	if x.target.Stripe == nil {
		return " And if the endpoint asks Stripe for an event, or for what it is about, Stripe knows none of hookproof's: " + setAPI + "."
	}
	requests := x.target.Stripe.Requests(0)
	if at := slices.IndexFunc(requests, func(r stripeapi.Request) bool { return r.Unknown }); at >= 0 {
		return " Also, " + cannotAnswer(requests[at]) + "."
	}
	if len(requests) == 0 {
		return " The endpoint has asked Stripe's API nothing; if it means to, it must take the address of api.listen for Stripe's."
	}
	return ""
}

// apiFails lets what is asked of Stripe's API about the story fail in one way until a delivery is answered, or for as long as an answer may take: the official clients try
// again by themselves, and some wait for more than a minute.
func apiFails(kind stripeapi.FaultKind) strikeFunc {
	return func(ctx context.Context, x *executor, h *History, n int) error {
		var met []stripeapi.Request
		fault := h.story.Begin(kind)
		x.postFor(ctx, h, n, x.timings.TooSlow, func() { met = fault.End() })
		x.struckByAPI(h.last().EventID)
		if len(met) == 0 {
			return &result.NotJudged{Kind: result.NothingToAsk, Text: fmt.Sprintf("when %s is delivered, the target asks Stripe's API for nothing%s", h.steps[n].Spec.Type, actsOnly(kind))}
		}
		h.recordFault(fmt.Sprintf("Stripe's API failed (%s): %s%s", kind, asked(met[0]), andMore(len(met)-1)))
		return nil
	}
}

func asked(r stripeapi.Request) string { return r.Method + " " + r.Path }

func andMore(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

// struckByAPI records that deliveries of an event are no example of how the target answers.
func (x *executor) struckByAPI(event string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.unanswerable[event] = true
}

// actsOnly says what a fault strikes, if it is not all that is asked for.
func actsOnly(kind stripeapi.FaultKind) string {
	if kind == stripeapi.AnswerLost {
		return " that creates or acts"
	}
	return ""
}

// actsOnce judges that nothing was asked of Stripe again by an event that came again. A redelivery is told by its event, so only deliveries that
// did not overlap are compared.
func (o Outcome) actsOnce() Outcome {
	h := o.History
	acted := false
	for n, d := range h.Deliveries {
		requests := h.requestsOf(n)
		acted = acted || slices.ContainsFunc(requests, func(r stripeapi.Request) bool { return r.Acts && r.Status/100 == 2 })
		var earlier []stripeapi.Request
		for before := range h.Deliveries[:n] {
			if h.Deliveries[before].EventID == d.EventID {
				earlier = append(earlier, h.requestsOf(before)...)
			}
		}
		for _, r := range stripeapi.Repeated(earlier, requests) {
			return o.fails(askedTwice, fmt.Sprintf("after %s, %s was sent to Stripe again when %s came again%s", strings.TrimSuffix(o.Case.Struck(h.Schedule), ","), asked(r), life.SpecOf(d.Label), keyOf(r)))
		}
	}
	if !acted {
		return o.notRun(&result.NotJudged{Kind: result.NothingToAsk, Text: "the target sends Stripe nothing that creates or acts"})
	}
	return o
}

func keyOf(r stripeapi.Request) string {
	if r.Key == "" {
		return ", without an Idempotency-Key"
	}
	return ", with another Idempotency-Key than before"
}

// requestsOf returns what was asked about the story between a delivery and the next one.
func (h *History) requestsOf(n int) (requests []stripeapi.Request) {
	for _, r := range h.requests {
		if r.Number >= h.Deliveries[n].Asked && (n+1 == len(h.Deliveries) || r.Number < h.Deliveries[n+1].Asked) {
			requests = append(requests, r)
		}
	}
	return requests
}

// readRequests records what was asked about the story. What comes after an answer has the time of an effect.
func (x *executor) readRequests(ctx context.Context, h *History) error {
	if err := target.Sleep(ctx, x.timings.QuietFor(x.facts.lag)); err != nil {
		return err
	}
	if h.story != nil {
		h.requests = h.story.Requests()
	}
	return nil
}
