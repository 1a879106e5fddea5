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
