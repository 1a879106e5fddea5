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
func (x *executor) executeOnce(ctx context.Context, c Case, at *progress) (*History, error) {
	h, err := x.deliverCase(ctx, c, at)
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
	if err == nil {
		err = x.readEffects(ctx, c, h)
	}
	if errors.Is(err, errEnded) {
		h.Ended, err = true, nil
	}
	if h != nil && h.Ended {
		h.End = x.lastEnd()
	}
	return h, err
}

// deliverCase delivers what a case is about, each kind of case in its way.
func (x *executor) deliverCase(ctx context.Context, c Case, at *progress) (*History, error) {
	if c.Fault != "" {
		return x.executeFault(ctx, c, at)
	}
	at.next++
	at.done = at.next >= c.tries()
	switch {
	case c.Counts != nil:
		return x.executeCounts(ctx, c)
	case c.comparesReferences():
		one, err := x.reference(ctx, c.Left)
		if err != nil {
			return nil, err
		}
		seen := *one.history
		return &seen, nil
	case !c.ReadsStates():
		return x.deliverAnswersOnly(ctx, c.Delivered)
	}
	return x.deliverOverlapping(ctx, c.again(at.next))
}

// readEffects reads what a case is judged by besides its answers. A state that is to settle first is read later, but for a case that
// needs it at once.
func (x *executor) readEffects(ctx context.Context, c Case, h *History) error {
	switch {
	case c.Op == check.ActsOnce:
		return x.readRequests(ctx, h)
	case c.Op == "" || h.Ended || h.Overdue:
	case x.unseen != nil:
		h.Unseen = x.unseen.effect
	case len(h.Unacknowledged) > 0 && c.Op == "=": // the state shows whether it had its effect all the same
		if err := target.Sleep(ctx, x.timings.QuietFor(x.facts.lag)); err != nil {
			return err
		}
		return x.readStates(ctx, c, h)
	case (c.AtOnce || h.restarted() && x.forgetful()) && len(h.Unacknowledged) == 0:
		return x.readSettled(ctx, c, h)
	}
	return nil
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
	h.begin(s.Crowded(x.minCopies()), strikes != nil, time.Now().Add(-x.timings.StoryAge))
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
func (h *History) begin(s check.Schedule, faultStrikes bool, born time.Time) {
	h.Schedule, h.steps, h.events, h.answers, h.born = s.String(), s, map[string]event.Event{}, make([][]int, len(s)), born
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
