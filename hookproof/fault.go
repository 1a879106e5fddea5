package hookproof

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// fault is something that goes wrong while the last word of a schedule is delivered.
type fault struct {
	says   string
	needs  []string
	strike func(ctx context.Context, r *run, t *Trial, n int, item Item) error
	placed bool // it strikes at each message between the target and its database in turn
}

// forced is how long answers of the database are held back to make copies overlap.
const forced = 40 * time.Millisecond

// forcing is for how long they are: copies that overlap have met by then. Where each waits for the one before, the
// last of a dozen would else be answered later than its target's own patience allows, and that would be our doing.
const forcing = time.Second

// crowd delivers copies at once, with the database's answers held back for a while, so that they overlap.
func (r *run) crowd(ctx context.Context, copies []shipment) []Delivery {
	if r.target.Proxy != nil && len(copies) < gate { // of a larger crowd some overlap by themselves
		r.target.Proxy.DelayAnswers(forced)
		relief := time.AfterFunc(forcing, func() { r.target.Proxy.DelayAnswers(0) })
		defer func() {
			relief.Stop()
			r.target.Proxy.DelayAnswers(0)
		}()
	}
	deliveries, _ := r.sender.burst(ctx, copies, nil)
	return deliveries
}

// mostMessages is at how many messages of one delivery a fault is tried.
const mostMessages = 30

// healed is how long after a fault answers are judged again: pools hold dead connections.
const healed = 2 * time.Second

// faults are the words for what can strike.
var faults = map[string]fault{
	"": {},
	"cut-before": {
		says:  "the connection to the database ends before a message, each in turn, and the database is away until the target has answered",
		needs: []string{"database"}, placed: true, strike: cutting("cut before message", (*Proxy).StrikeBefore),
	},
	"cut-after": {
		says:  "the database does what a message says, each in turn, but its answer is lost, and it is away until the target has answered",
		needs: []string{"database"}, placed: true, strike: cutting("answer lost to message", (*Proxy).StrikeAfter),
	},
	"killed": {
		says:  "the target ends when the database has done everything, before the target can answer",
		needs: []string{"database", "restart"}, strike: killed,
	},
	"stopped": {
		says:  "the target is stopped while it works on the delivery, in the middle of its messages to the database where they can be counted",
		needs: []string{"restart"}, strike: stopped,
	},
	"away": {
		says:  "the database is away, and comes back when the target has answered",
		needs: []string{"break"},
		strike: func(ctx context.Context, r *run, t *Trial, n int, item Item) error {
			return r.meanwhile(ctx, func() error { return r.target.fail(ctx, "database-away") }, func() { r.post(ctx, t, n, item); t.befell("the database away") })
		},
	},
	"away-and-killed": {
		says:  "the database is away, and the target is killed, whatever it has answered, before that is back",
		needs: []string{"database", "restart"},
		strike: func(ctx context.Context, r *run, t *Trial, n int, item Item) error {
			var stopped error
			err := r.meanwhile(ctx, func() error { return r.target.fail(ctx, "database-away") }, func() {
				r.post(ctx, t, n, item)
				r.called()
				stopped = r.target.bringDown(ctx, "kill", nil)
			})
			t.befell("killed while the database was away")
			return r.startAfter(ctx, stopped, err)
		},
	},
	"frozen": {
		says:  "the database takes connections and answers nothing, until the target has answered, or for ten seconds",
		needs: []string{"database"},
		strike: func(ctx context.Context, r *run, t *Trial, n int, item Item) error {
			if err := r.warm(ctx); err != nil {
				return err
			}
			r.target.Proxy.Freeze()
			t.overdue = !r.postFor(ctx, t, n, item, tooSlow, r.target.Proxy.Heal)
			t.befell("the database frozen")
			r.wounded()
			return nil
		},
	},
	"latency":   trouble("latency", "every answer of the database takes 200 ms"),
	"bandwidth": trouble("bandwidth", "for three seconds answers of the database come at 1 KiB a second"),
	"half-open": trouble("half-open", "for three seconds what the target tells the database arrives, and no answer comes back"),
}

// badTime is how long a line stays bad at most, answer or not.
const badTime = 3 * time.Second

// postFor delivers a word, heals what is bad when it was answered or the time is over, and tells whether it was
// answered in that time.
func (r *run) postFor(ctx context.Context, t *Trial, n int, item Item, most time.Duration, heal func()) (inTime bool) {
	answered := make(chan struct{})
	go func() { defer close(answered); r.post(ctx, t, n, item) }()
	select {
	case <-answered:
		inTime = true
	case <-time.After(most):
	}
	heal()
	<-answered
	return inTime
}

func trouble(how, says string) fault {
	return fault{says: says, needs: []string{"link"}, strike: func(ctx context.Context, r *run, t *Trial, n int, item Item) error {
		defer r.target.Link.Heal()
		if err := r.target.Link.Trouble(how); err != nil {
			return err
		}
		r.postFor(ctx, t, n, item, badTime, r.target.Link.Heal)
		t.befell("the line to the database: " + how)
		r.wounded()
		return nil
	}}
}

// befell notes what went wrong during a trial's last delivery.
func (t *Trial) befell(what string) { t.Deliveries[len(t.Deliveries)-1].Fault = what }

// meanwhile does something while the database is broken.
func (r *run) meanwhile(ctx context.Context, broken func() error, do func()) error {
	if r.target.Proxy == nil {
		r.called()
		r.called()
	}
	if err := r.warm(ctx); err != nil { // a connection that is idle then must not end the process
		return err
	}
	if err := broken(); err != nil {
		return hookFailed("break", err)
	}
	do()
	r.wounded()
	return hookFailed("mend", r.target.heal(ctx))
}

// cutting delivers a word again and again, as Stripe would, and cuts at one message after the other, until
// it is acknowledged. Of a word that was acknowledged before all are duplicates.
func cutting(says string, arm func(*Proxy, int) <-chan struct{}) func(context.Context, *run, *Trial, int, Item) error {
	return func(ctx context.Context, r *run, t *Trial, n int, item Item) error {
		duplicate := slices.ContainsFunc(t.schedule[:n], item.tells)
		for ; t.place <= t.last && ctx.Err() == nil; t.place++ {
			// A connection that was cut is replaced first, by an event that has long been done.
			if err := r.warm(ctx); err != nil {
				return err
			}
			tripped := arm(r.target.Proxy, t.place)
			r.post(ctx, t, n, item)
			r.target.Proxy.Count()
			r.target.Proxy.Heal()
			r.wounded()
			select {
			case <-tripped:
				t.struck++
				t.befell(fmt.Sprintf("%s %d of %d", says, t.place, t.last))
			default:
			}
			if answer := t.Deliveries[len(t.Deliveries)-1]; answer.Acknowledged() && !duplicate || !r.listens() {
				t.place++
				return nil
			}
		}
		return nil
	}
}

// warm sends an event that has long been done, so that connections are there, until the answer is no failure: an
// ACK, or the refusal of a target that refuses duplicates.
func (r *run) warm(ctx context.Context) error {
	var absent absence
	for deadline := time.Now().Add(2 * healed); time.Now().Before(deadline); {
		d := r.sender.send(ctx, r.good)
		if d.Status != 0 && d.Status/100 != 5 || nobodyListens(d) && absent.lasts(r) {
			return nil
		}
		if err := sleep(ctx, r.sender.timings.Retry); err != nil {
			return err
		}
	}
	return nil
}

// stopped ends the target in the middle of a delivery, and starts it again.
func stopped(ctx context.Context, r *run, t *Trial, n int, item Item) error {
	if r.target.Proxy != nil {
		last, err := r.messages(ctx, t.schedule)
		if err == nil {
			return r.killAt(ctx, t, n, item, (last+1)/2, "stopped in the middle of its work")
		}
		if !errors.Is(err, errEvidence) {
			return err
		}
	}
	answered := make(chan struct{})
	go func() { defer close(answered); r.post(ctx, t, n, item) }()
	r.called()
	err := r.target.bringDown(ctx, "kill", nil)
	<-answered
	t.befell("stopped meanwhile")
	return r.startAfter(ctx, err, nil)
}

// killed ends the target when the database has done everything, before it can answer, and starts it again.
func killed(ctx context.Context, r *run, t *Trial, n int, item Item) error {
	return r.killAt(ctx, t, n, item, t.last, "killed when the database had done its work, or the target had answered")
}

// killAt holds the answer to a message, ends the target, and starts it again.
func (r *run) killAt(ctx context.Context, t *Trial, n int, item Item, message int, says string) error {
	tripped := r.target.Proxy.HoldAfter(message)
	answered := make(chan struct{})
	go func() { defer close(answered); r.post(ctx, t, n, item) }()
	select {
	case <-tripped:
	case <-answered: // first, since the work comes after the ACK: the more it has to outlive
	}
	t.struck++
	r.called()
	err := r.target.bringDown(ctx, "kill", r.target.Proxy.Cut)
	<-answered
	r.target.Proxy.Count() // where it was answered first, nothing may be held later: it starts again
	r.target.Proxy.Heal()
	r.wounded()
	t.befell(says)
	return r.startAfter(ctx, err, nil)
}

// decideFault lets a fault strike at every place that it has. Places that one subject's deliveries did not
// come to, since one was acknowledged, are another's.
func (r *run) decideFault(ctx context.Context, out outcome) (outcome, error) {
	f, first, last := faults[out.instance.Fault], 1, 1
	if slices.Contains(f.needs, "database") {
		var err error
		if last, err = r.messages(ctx, out.instance.left); err != nil {
			return r.undecided(out, err)
		}
	}
	if out.instance.at > 0 {
		first, last = out.instance.at, out.instance.at
	}
	if !f.placed {
		first = last
	}
	struck := 0
	for first <= last {
		if why := r.spent(); why != "" {
			out.verdict, out.lacking, out.why = NotRun, true, fmt.Sprintf("%s after %d of %d messages", why, first-1, last)
			return out, nil
		}
		trial, err := r.performFault(ctx, out.instance.left, f, first, last)
		if err != nil {
			return out, err
		}
		struck += trial.struck
		first = max(trial.place, first+1)
		if out, err = r.compare(ctx, out, trial); err != nil || out.verdict != Pass {
			return out, err
		}
	}
	if f.placed || out.instance.Fault == "killed" {
		r.strikes(struck)
		if struck == 0 {
			return r.undecided(out, fmt.Errorf("%w: no delivery came to a message that could be cut", errEvidence))
		}
	}
	return out, nil
}

func (r *run) performFault(ctx context.Context, s Schedule, f fault, first, last int) (*Trial, error) {
	t := &Trial{place: first, last: last}
	var err error
	if t.Subject, err = r.subject(ctx); err != nil {
		return nil, hookFailed("subject", err)
	}
	t.Subject = t.Subject.completed()
	return t, r.deliver(ctx, t, s, nil, f)
}

// messages counts what passes between target and database while a schedule's last word is delivered, once.
func (r *run) messages(ctx context.Context, s Schedule) (int, error) {
	if count, known := r.counts[s.String()]; known {
		return count, nil
	}
	count := 0
	counting := fault{strike: func(ctx context.Context, r *run, t *Trial, n int, item Item) error {
		r.target.Proxy.Count()
		r.post(ctx, t, n, item)
		err := sleep(ctx, r.stillness()) // the work may come after the ACK
		count = r.target.Proxy.Messages()
		return err
	}}
	if _, err := r.performFault(ctx, s, counting, 1, 1); err != nil {
		return 0, err
	}
	if count == 0 && r.reachesDatabase(ctx, s) {
		return 0, fmt.Errorf("%w: when %s is delivered, the target sends its database nothing, so there is nothing to cut", errNothing, s.lastType())
	}
	if count == 0 {
		return 0, fmt.Errorf("%w: a delivery sends the database nothing through the proxy; does the endpoint dial the address that database.listen names?", errEvidence)
	}
	r.counts[s.String()] = min(count, mostMessages)
	return r.counts[s.String()], nil
}

// reachesDatabase tells whether a payment, which must have an effect, comes to the database through the proxy. Then another
// event that does not come there does nothing in it.
func (r *run) reachesDatabase(ctx context.Context, s Schedule) bool {
	payment := Schedule{{Event: "paid", Copies: 1}}
	if s.String() == payment.String() {
		return false
	}
	count, err := r.messages(ctx, payment)
	return err == nil && count > 0
}

// lastType is the type of a schedule's last event.
func (s Schedule) lastType() string { return fixtureType(vocabulary[s[len(s)-1].Event].event) }

// listens tells whether the target takes connections.
func (r *run) listens() bool { return r.target.listens() }
