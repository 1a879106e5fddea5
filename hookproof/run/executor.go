package run

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// executor executes cases on a target and returns what was seen. It makes no verdict. Its methods are safe for concurrent use, and
// none holds a lock while it waits.
type executor struct {
	target  *target.Target
	options Options
	timings target.Timings
	sender  *target.Sender
	journal target.Journal
	life    *life.Life
	roles   roles
	facts   facts
	budget  budget

	traffic *semaphore.Weighted // who delivers beside others holds one of atMost; who must be alone holds all
	process process
	ends    atomic.Int64 // how often the target's process was found to have ended

	mu           sync.Mutex
	references   map[string]*lazy[*reference]
	decisive     lazy[string]      // the event of a grant that faults strike
	untouched    []event.Subject   // subjects that were made, and about which nothing was acknowledged
	messages     map[string]int    // messages to the database during a schedule's last step
	overlap      int               // most copies in flight at once
	struck       int               // messages at which a connection was cut
	lastFault    time.Time         // the end of the last fault
	lastStart    time.Time         // the last start of the process
	faults       period            // the phase of the faults, whose answers are not judged as usual
	unanswerable map[string]bool   // events during whose delivery Stripe's API failed
	outages      []period          // times in which the target's process had ended
	suspect      *History          // the history whose delivery was cut off when the process ended
	dead         *result.NotJudged // why nothing more is judged; nil while the target can be judged
	counters     result.Counters   // as read last, after countersAt deliveries
	countersAt   int
	memory       memory
	lastStderr   string       // standard error of the process that ended last
	unseen       *unseenError // why no effect can be judged; nil if effects are seen
}

// atMost is how many cases are executed at once.
const atMost = 8

// period is a time in which answers are not judged. A zero end is an open one.
type period struct{ from, to time.Time }

// overlaps reports whether a delivery was in flight during the period.
func (p period) overlaps(d target.Delivery) bool {
	return !p.from.IsZero() && d.SentAt.Add(d.Latency).After(p.from) && (p.to.IsZero() || d.SentAt.Before(p.to))
}

func newExecutor(t *target.Target, options Options) *executor {
	x := &executor{
		target: t, options: options, timings: t.Timings.OrDefault(), budget: budget{began: time.Now(), options: options},
		traffic: semaphore.NewWeighted(atMost), process: newProcess(), references: map[string]*lazy[*reference]{}, messages: map[string]int{}, unanswerable: map[string]bool{},
	}
	x.life = cmp.Or(t.Life, life.Payment)
	x.roles = rolesOf(x.life)
	if t.Stripe != nil {
		x.roles = x.roles.beginning(check.InStep)
	}
	x.sender = target.NewSender(t, &x.journal)
	return x
}

// execute executes a case: on one subject, or, if a fault strikes at one message after the other, on as many as that needs. An
// error comes from a hook or the context. A reason for not judging is part of the history.
func (x *executor) execute(ctx context.Context, c Case) iter.Seq2[History, error] {
	return func(yield func(History, error) bool) {
		err := x.prepare(ctx, c)
		for at := (progress{}); err == nil && !at.done; {
			var h *History
			if h, err = x.executeOnce(ctx, c, &at); err == nil && !yield(*h, nil) {
				return
			}
		}
		var ended *endedError
		switch why := result.AsReason(err); {
		case errors.As(err, &ended):
			yield(ended.history, nil)
		case why != nil:
			yield(History{Schedule: c.Left, Withheld: why}, nil)
		case err != nil:
			yield(History{Schedule: c.Left}, err)
		}
	}
}

// progress is how far a case has been executed.
type progress struct {
	next, last int        // messages at which a fault strikes; without a fault next is how often the case was executed
	struck     int        // how often it did
	waiting    []*History // that are executed, and not judged yet
	done       bool
}

// prepare delivers the schedules that the case is compared with, whose states other cases use as well. It returns a reason if the
// case cannot be asked.
func (x *executor) prepare(ctx context.Context, c Case) error {
	if why := x.isDead(); why != nil {
		return why
	}
	if unhandled := c.unhandled(x.target.Unhandled); unhandled != "" {
		return &result.NotJudged{Kind: result.NothingToAsk, Text: meansToIgnore + unhandled}
	}
	if x.unseen != nil && c.ReadsStates() {
		if ignored := x.ignoresGrant(); ignored != "" {
			return &result.NotJudged{Kind: result.NothingToAsk, Text: meansToIgnore + ignored}
		}
		if c.Fault == "" {
			return result.NoEvidenceOf(x.unseen.effect)
		}
		return nil
	}
	for _, schedule := range c.references() {
		if _, err := x.reference(ctx, schedule); err != nil {
			return err
		}
	}
	for _, schedule := range x.learnsFrom(c) { // now, and not when nothing more should be sent
		if _, err := x.reference(ctx, schedule); err != nil && provesNothing(err) == nil {
			return err
		}
	}
	return nil
}

// executeOnce executes a case on the next subject.
func (x *executor) executeOnce(ctx context.Context, c Case, at *progress) (h *History, err error) {
	if c.Fault == "" {
		at.next++
		at.done = at.next >= c.tries()
	}
	switch {
	case c.Fault != "":
		h, err = x.executeFault(ctx, c, at)
	case c.Counts != nil:
		h, err = x.executeCounts(ctx, c)
	case c.comparesReferences():
		var one *reference
		if one, err = x.reference(ctx, c.Left); err == nil {
			seen := *one.history
			h = &seen
		}
	case !c.ReadsStates():
		h, err = x.deliverAnswersOnly(ctx, c.Delivered)
	default:
		h, err = x.deliverOverlapping(ctx, c.again(at.next))
	}
	if err == nil && slices.ContainsFunc(c.Delivered, check.Step.Overlaps) {
		if h.Overlap < 2 {
			err = result.NoEvidenceOf("no two copies were in flight at the same time")
		} else {
			x.recordOverlap(h.Overlap)
		}
	}
	if err == nil {
		err = x.noticeEnd(ctx, h)
	}
	if err == nil && !h.Ended {
		err = cmp.Or(x.ignores(h.Unacknowledged), h.unanswered())
	}
	switch {
	case err == nil && c.Op == check.ActsOnce:
		err = x.readRequests(ctx, h)
	case err != nil || c.Op == "" || h.Ended || h.Overdue:
	case x.unseen != nil:
		h.Unseen = x.unseen.effect
	case len(h.Unacknowledged) > 0 && c.Op == "=": // the state shows whether it had its effect all the same
		if err = target.Sleep(ctx, x.timings.QuietFor(x.facts.lag)); err == nil {
			err = x.readStates(ctx, c, h)
		}
	case (c.AtOnce || h.restarted() && x.forgetful()) && len(h.Unacknowledged) == 0:
		err = x.readSettled(ctx, c, h)
	}
	if errors.Is(err, errEnded) {
		h.Ended, err = true, nil
	}
	if h != nil && h.Ended {
		h.End = x.lastEnd()
	}
	return h, err
}

// meansToIgnore is the reason for not asking about a type that is listed under unhandled.
const meansToIgnore = "unhandled lists "

// ignores returns why events that were never acknowledged prove nothing; nil if they do.
func (x *executor) ignores(unacknowledged []string) error {
	if name := x.ignored(unacknowledged); name != "" {
		return &result.NotJudged{Kind: result.NothingToAsk, Text: meansToIgnore + name}
	}
	return nil
}

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
	s = s.Crowded(x.minCopies())
	h.Schedule, h.steps, h.events, h.answers = s.String(), s, map[string]event.Event{}, make([][]int, len(s))
	h.starts, h.ends = x.process.starts.Load(), x.ends.Load()
	h.endStarts = h.starts
	defer func() { h.endStarts = x.process.starts.Load() }()
	h.recovers = strikes != nil
	h.Faulty = h.recovers || s.Verb("restart") || s.Verb("refused")
	born := time.Now().Add(-time.Minute)
	h.born = born
	if err := x.tellAPI(ctx, h, born); err != nil {
		return err
	}
	defer x.toldAPI(h)
	var before normalized
	if x.facts.isLate && s.Verb("later") {
		before = x.glance(ctx, h)
	}
	for n, step := range s {
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
			group := s.Group(n)
			if step.Beside && n > 0 && s[n-1].Verb == "" { // was posted with the step before
				continue
			}
			for _, one := range group {
				if err = x.bind(ctx, h, one, born); err != nil {
					return err
				}
			}
			if strikes != nil && n == len(s)-1 {
				err = strikes(ctx, x, h, n)
			} else {
				x.post(ctx, h, n, group...)
			}
			if s.Verb("awaited") && err == nil {
				err = x.pause(ctx, x.timings.QuietFor(x.facts.lag))
			}
		}
		if err != nil {
			return err
		}
	}
	return x.redeliver(ctx, h)
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
