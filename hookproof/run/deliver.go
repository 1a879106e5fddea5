package run

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// deliverFresh delivers a schedule to a fresh subject.
func (x *executor) deliverFresh(ctx context.Context, s check.Schedule) (*History, error) {
	h := &History{}
	var object func(context.Context) error
	var err error
	switch {
	case s.Verb("make"):
		x.budget.called()
		if h.Subject, object, err = x.target.Announced(ctx); err == nil {
			x.recordIDs(h.Subject)
		}
	case x.target.Subject != nil:
		h.Subject, err = x.subject(ctx)
	default:
		h.Subject = x.life.Stranger(nil, true)
	}
	if err != nil {
		return nil, target.HookFailed("subject", err)
	}
	h.Subject = x.life.Completed(h.Subject)
	return h, x.deliver(ctx, h, s, object, nil)
}

// strikeFunc delivers a step while a fault strikes.
type strikeFunc func(ctx context.Context, x *executor, h *History, step int) error

// deliver delivers a schedule to a history's subject, and redelivers what is not acknowledged. object makes the subject. If
// strikes is not nil, it delivers the last step.
func (x *executor) deliver(ctx context.Context, h *History, s check.Schedule, object func(context.Context) error, strikes strikeFunc) error {
	h.begin(x.life, s.Crowded(x.minCopies()), strikes != nil, time.Now().Add(-x.timings.StoryAge))
	h.starts, h.ends = x.process.starts.Load(), x.ends.Load()
	h.endStarts = h.starts
	defer func() { h.endStarts = x.process.starts.Load() }()
	if err := x.tellAPI(ctx, h); err != nil {
		return err
	}
	defer x.toldAPI(h)
	var before normalized
	if x.facts.isLate && s.Verb("later") {
		before = x.glance(ctx, h)
	}
	for n, step := range h.steps {
		var err error
		switch step.Verb {
		case "tie", "spread", "awaited", check.InStep, check.Ahead:
		case "refused":
			err = x.whileRefused(ctx, h, n)
		case "make":
			if err = x.pause(ctx, x.timings.Overtake); err == nil {
				x.budget.called()
				err = target.HookFailed("subject", object(ctx))
				h.recordMade()
			}
		case "later":
			err = x.letPass(ctx, h, before)
		case "restart":
			err = x.restart(ctx, h)
		case "again":
			for _, name := range h.genuineBefore(n) {
				x.post(ctx, h, n, check.Step{Event: name, Spec: x.life.Vocabulary[name], Copies: 1})
			}
		default:
			err = x.deliverStep(ctx, h, n, strikes)
		}
		if err != nil {
			return err
		}
	}
	return x.redeliver(ctx, h)
}

// begin prepares a history for what is to be delivered, and when its story began.
func (h *History) begin(l *life.Life, s check.Schedule, faultStrikes bool, born time.Time) {
	h.Schedule, h.steps, h.events, h.answers, h.born = s.String(), s, map[string]event.Event{}, make([][]int, len(s)), born
	subject := h.Subject
	h.names = sync.OnceValue(func() *strings.Replacer { return idNames(l, subject) })
	h.recovers = faultStrikes
	h.Faulty = faultStrikes || s.Verb("restart") || s.Verb("refused")
}

// deliverStep delivers the events of step n, with those of the steps that overlap it. A step that overlaps the one before it was
// delivered with that.
func (x *executor) deliverStep(ctx context.Context, h *History, n int, strikes strikeFunc) error {
	if h.steps[n].Beside && n > 0 && h.steps[n-1].Verb == "" {
		return nil
	}
	group := h.steps.Group(n)
	for _, one := range group {
		if err := x.bind(ctx, h, one); err != nil {
			return err
		}
	}
	if strikes != nil && n == len(h.steps)-1 {
		if err := strikes(ctx, x, h, n); err != nil {
			return err
		}
	} else {
		x.post(ctx, h, n, group...)
	}
	if h.steps.Verb("awaited") {
		return x.pause(ctx, x.timings.QuietFor(x.facts.lag))
	}
	return nil
}

// post delivers the copies of step n, and those of the steps that overlap it.
func (x *executor) post(ctx context.Context, h *History, n int, steps ...check.Step) {
	var copies []target.Outgoing
	for _, step := range steps {
		copies = append(copies, x.copies(h, step)...)
	}
	var deliveries []target.Delivery
	if steps[0].Together || len(steps) > 1 {
		if deliveries = x.crowd(ctx, copies, h.steps.Crowds()); slices.ContainsFunc(steps, check.Step.Overlaps) {
			h.Overlap = max(h.Overlap, overlap(deliveries))
		}
	} else {
		for _, one := range copies {
			deliveries = append(deliveries, x.sender.Send(ctx, one))
		}
	}
	for i, step := range steps {
		h.answered(n+i, step, deliveries[:step.Copies])
		deliveries = deliveries[step.Copies:]
	}
}

// copies returns what a step sends.
func (x *executor) copies(h *History, step check.Step) []target.Outgoing {
	copies := make([]target.Outgoing, step.Copies)
	for i := range copies {
		e := h.events[step.Event]
		if step.Fresh && (i > 0 || h.sent(e.ID)) {
			if again, err := h.again(e); err == nil {
				e = again
			}
		}
		_, label := x.spec(step.Event)
		copies[i] = target.Outgoing{Event: e, Label: label, Sign: event.OrGenuine(step.Sign), URL: x.url(h.steps, i)}
	}
	return copies
}

// answered records the answers to a step. An event that must have its effect and was not acknowledged is to be redelivered.
func (h *History) answered(n int, step check.Step, deliveries []target.Delivery) {
	taken := false
	for _, d := range deliveries {
		h.answers[n] = append(h.answers[n], len(h.Deliveries))
		h.Deliveries = append(h.Deliveries, d)
		taken = taken || d.Acknowledged()
	}
	if !step.Genuine() || step.Want != "" { // a step that demands an answer is judged by that answer
		return
	}
	h.pending = slices.DeleteFunc(h.pending, func(name string) bool { return name == step.Event })
	if !taken && (h.Faulty || !h.acknowledged(step.Event)) { // an acknowledged event is not redelivered because a later copy was refused
		h.pending = append(h.pending, step.Event)
	}
}

// eventOf makes the event of a spec for a subject, in the target's API version and livemode.
func eventOf(w *life.Spec, s event.Subject, t *target.Target, born time.Time, tie bool) (event.Event, error) {
	return w.About(s, t.APIVersion, t.Livemode, born, tie)
}

// bind makes a step's event, unless an earlier step has made it.
func (x *executor) bind(ctx context.Context, h *History, step check.Step) error {
	if _, there := h.events[step.Event]; there {
		return nil
	}
	about, spec := h.Subject, x.told(h, step.Event)
	if spec.Other {
		other, err := x.subject(ctx)
		if err != nil {
			return target.HookFailed("subject", err)
		}
		about = x.life.Completed(other)
	}
	var err error
	h.events[step.Event], err = eventOf(spec, about, x.target, h.born, h.steps.Verb("tie"))
	return err
}

// told returns the event that a word stands for in a history's story.
func (x *executor) told(h *History, word string) *life.Spec {
	spec, _ := x.spec(word)
	if spec == x.life.Vocabulary[word] { // an object has what the events before have made of it
		spec = x.life.Told(word, h.steps.Events())
	}
	return spec
}

// letPass lets a while pass. An endpoint whose effects come after its answers may apply what waits in any order, and a busy one has much
// that waits. So what happens a while later is delivered when the state is no longer what it was before the first event, or in vain after
// FirstShown. before is nil if effects come with the answers.
func (x *executor) letPass(ctx context.Context, h *History, before normalized) error {
	err := x.pause(ctx, max(x.timings.Later, x.timings.EffectFor(x.facts.lag)))
	for deadline := time.Now().Add(x.timings.FirstShown); err == nil && before != nil && time.Now().Before(deadline); {
		if now := x.glance(ctx, h); now == nil || !now.equal(before) {
			return nil
		}
		err = x.pause(ctx, x.timings.QuietFor(x.facts.lag))
	}
	return err
}

// glance returns the state as it is now; nil if it cannot be read. No case is judged by it.
func (x *executor) glance(ctx context.Context, h *History) normalized {
	seen := *h
	if err := x.readBeside(ctx, &seen); err != nil {
		return nil
	}
	return seen.State
}

// redeliver sends what was not acknowledged again and again, as Stripe does: the same event with a fresh timestamp, on a
// compressed clock. It gives up when the time is over, when the target keeps refusing, or when its process has ended.
func (x *executor) redeliver(ctx context.Context, h *History) error {
	patience := x.timings.Redeliver
	if h.recovers {
		patience = x.timings.Recover
	}
	var refused time.Time // since when every answer was a refusal
	var last target.Delivery
	began := time.Now()
	for len(h.pending) > 0 && time.Since(began) < patience {
		if !refused.IsZero() && time.Since(refused) > x.timings.Refusal {
			if !x.mayBeLeased(ctx, last) {
				break
			}
			refused = time.Time{}
		}
		if time.Since(began) > 2*x.timings.CoolDown && !slices.ContainsFunc(h.pending, func(name string) bool { return !h.acknowledged(name) }) {
			break
		}
		if err := target.Sleep(ctx, x.timings.Retry); err != nil {
			return err
		}
		for _, name := range slices.Clone(h.pending) {
			last = x.sender.Send(ctx, target.Outgoing{Event: h.events[name], Label: name, Sign: "genuine"})
			h.Deliveries = append(h.Deliveries, last)
			switch {
			case last.Status/100 != 4:
				refused = time.Time{}
			case refused.IsZero():
				refused = last.SentAt
			}
			if last.Acknowledged() {
				h.pending = slices.DeleteFunc(h.pending, func(other string) bool { return other == name })
			}
		}
		if nobodyListens(last) && x.target.Start != nil && !x.comesBack(ctx) { // a process that has ended acknowledges nothing
			break
		}
	}
	h.Unacknowledged = slices.DeleteFunc(slices.Clone(h.pending), h.acknowledged)
	return ctx.Err()
}

// temporaryRefusals are statuses of refusals that may be temporary.
var temporaryRefusals = []int{http.StatusConflict, http.StatusLocked, http.StatusTooEarly, http.StatusTooManyRequests}

// mayBeLeased reports whether a refused event may be held by an earlier delivery of it: a fault has ended that delivery, and its
// lease has not expired. A target that refuses every duplicate will keep refusing.
func (x *executor) mayBeLeased(ctx context.Context, refused target.Delivery) bool {
	neutral := x.neutral()
	return slices.Contains(temporaryRefusals, refused.Status) && neutral.Event.Body != nil && x.sender.Send(ctx, neutral).Acknowledged()
}
