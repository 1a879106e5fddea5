package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// facts are what the calibration has found out about a target. They never change afterwards.
type facts struct {
	lag         time.Duration   // of effects behind their ACKs
	isLate      bool            // an effect came after its ACK: the first reading of the state did not show it
	neutral     target.Outgoing // an event that is acknowledged however often it comes
	accepted    string          // the event behind the name "carrier": the first that was acknowledged, or the same event about an object of the target
	substituted bool            // payments are replaced by the neutral type: see facts.spec
	sample      event.Subject   // the subject of single deliveries whose state is not read
	ids         idPlaces        // places at which states hold short ids
	notes       []string        // assumptions, for the report
}

// calibrate finds out whether the target can be judged: it is reachable, it accepts genuine events, its state shows their effects.
// It also measures how far effects lag behind their ACKs.
func (x *executor) calibrate(ctx context.Context) error {
	if err := x.target.Reach(ctx); err != nil {
		return cmp.Or(ctx.Err(), error(&Unusable{err.Error()}))
	}
	if err := x.firstAnswer(ctx); err != nil {
		return err
	}
	if err := x.checkReplicas(ctx); err != nil {
		return err
	}
	if x.target.Subject == nil || x.target.State == nil {
		if x.facts.sample == nil {
			x.facts.sample = x.life.Stranger(nil, true)
		}
		return nil
	}
	fresh, h, err := x.freshState(ctx)
	if err != nil {
		return err
	}
	if text := assumedMoney(x.life, h.Subject); text != "" {
		x.facts.notes = append(x.facts.notes, text)
	}
	restore := x.allowSlowAnswers()
	defer restore()
	grants := x.grants()
	if err := x.deliver(ctx, h, grants, nil, nil); err != nil {
		return err
	}
	acknowledged := h.Deliveries[len(h.Deliveries)-1]
	if refused := len(h.Unacknowledged); refused > 0 && refused < len(grants.Deliveries()) {
		// One of several events is refused, which a check of answers reports. Without it there is no state to compare with.
		restore()
		x.references[""] = known(&reference{state: fresh, perObject: &lazy[[]string]{}})
		return x.findNeutral(ctx)
	}
	if len(h.Unacknowledged) > 0 {
		return x.diagnose(ctx, acknowledged)
	}
	if acknowledged.Latency > x.timings.TooSlow { // the first answer may be slow, if a program has to wake for it
		again, err := x.deliverFresh(ctx, grants)
		if err != nil {
			return err
		}
		if second := again.Deliveries[0]; second.Latency > x.timings.TooSlow {
			return &diagnosis{"ack-policy/in-time", fmt.Sprintf("two payments, one after the other, were acknowledged after %s and %s", roundToTenths(acknowledged.Latency), roundToTenths(second.Latency))}
		}
	}
	restore()
	if h.unanswered() != nil {
		return cmp.Or(x.findNeutral(ctx), error(x.unseenBy(h)))
	}
	if err := x.measureLag(ctx, h, fresh, acknowledged.SentAt.Add(acknowledged.Latency)); err != nil {
		if errors.As(err, new(*unseenError)) {
			return cmp.Or(x.findNeutral(ctx), err)
		}
		return err
	}
	settled, err := x.readStable(ctx, h)
	if err != nil {
		return &Unusable{err.Error()}
	}
	if settled, err = x.comparePaidSubjects(ctx, grants, fresh, settled, h.Subject); err != nil {
		return err
	}
	x.facts.notes = append(x.facts.notes, unseenPlaces(x.target, fresh, settled)...)
	// For the subject whose state is not read: the event is sent again and again, and not every target counts it once.
	if err := x.findNeutral(ctx); err != nil {
		return err
	}
	x.references[""] = known(&reference{state: fresh, perObject: &lazy[[]string]{}})
	x.references[x.roles.grant] = known(&reference{history: h, state: settled, perObject: &lazy[[]string]{}})
	return nil
}

// unhurried raises the answer timeout until the returned function is called. That may be called more than once.
func (x *executor) allowSlowAnswers() (restore func()) {
	usual := x.sender.Timings.Answer
	x.sender.Timings.Answer = x.timings.FirstAnswer
	return func() { x.sender.Timings.Answer = usual }
}

func roundToTenths(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }

// firstAnswer looks for one genuine delivery that the target acknowledges.
func (x *executor) firstAnswer(ctx context.Context) error {
	defer x.allowSlowAnswers()()
	var first target.Delivery
	for _, word := range []string{"unhandled", "stranger"} {
		e, err := eventOf(x.life.Vocabulary[word], x.life.Stranger(nil, true), x.target, time.Now(), false)
		if err != nil {
			return err
		}
		what := target.Outgoing{Event: e, Label: word, Sign: "genuine"}
		d := x.sender.Send(ctx, what)
		if d.Acknowledged() && d.Latency > x.timings.TooSlow {
			if what.Event, err = e.WithID(event.NewID()); err != nil {
				return err
			}
			if again := x.sender.Send(ctx, what); again.Latency > x.timings.TooSlow {
				return &diagnosis{"ack-policy/in-time", fmt.Sprintf("events that nobody waits for were answered after %s and %s", roundToTenths(d.Latency), roundToTenths(again.Latency))}
			}
		}
		if d.Acknowledged() {
			x.facts.neutral, x.facts.accepted = what, word
			if word == "unhandled" && x.target.Subject == nil {
				return x.findSubstitute(ctx)
			}
			return nil
		}
		if word == "unhandled" {
			first = d
		}
	}
	if x.target.Subject != nil {
		return x.firstAnswerAboutSubject(ctx)
	}
	return x.diagnose(ctx, first)
}

// firstAnswerAboutSubject looks for an ACK of an event about an object of the target, if the target acknowledges nothing else.
func (x *executor) firstAnswerAboutSubject(ctx context.Context) error {
	h, err := x.deliverFresh(ctx, x.grants())
	if err != nil {
		return err
	}
	if len(h.Unacknowledged) > 0 {
		return x.diagnose(ctx, h.Deliveries[len(h.Deliveries)-1])
	}
	x.facts.neutral, x.facts.sample = target.Outgoing{Event: h.events[x.life.Grant()], Label: x.life.Grant(), Sign: "genuine"}, h.Subject
	x.facts.accepted = life.Neighbours + x.life.Grant() // other events of this kind, since the state of a schedule's own subject may be read
	return nil
}

// checkReplicas asks each replica once, after the target has acknowledged an event. A replica that handles no copies would make
// duplicates look as if they counted once.
func (x *executor) checkReplicas(ctx context.Context) error {
	defer x.allowSlowAnswers()()
	for _, url := range x.target.Replicas {
		replica := target.Target{URL: url, AllowHosts: x.target.AllowHosts, OnlyLoopback: x.target.OnlyLoopback, Resolver: x.target.Resolver, Dialer: x.target.Dialer}
		// The start hook returns when the target listens. A replica that it starts as well may need longer.
		for deadline := time.Now().Add(x.timings.Ready); x.target.Start != nil && !replica.Listens() && time.Now().Before(deadline); {
			if err := target.Sleep(ctx, x.timings.Poll); err != nil {
				return err
			}
		}
		if err := replica.Reach(ctx); err != nil {
			return cmp.Or(ctx.Err(), error(&Unusable{"a replica: " + err.Error()}))
		}
		what := x.facts.neutral
		what.URL = url
		var err error
		if what.Event, err = what.Event.WithID(event.NewID()); err != nil {
			return err
		}
		if d := x.sender.Send(ctx, what); !d.Acknowledged() {
			return cmp.Or(ctx.Err(), error(&Unusable{fmt.Sprintf("the replica %s answers %s to an event that the target has accepted%s; are its path and its secret right?", url, target.Said(d), quoteAnswer(d))}))
		}
	}
	return nil
}

// freshState returns the state of a subject to which nothing was delivered. It makes two subjects: their states must agree, and so
// must two readings of one. It returns the first subject's history; the second serves where no state is read.
func (x *executor) freshState(ctx context.Context) (normalized, *History, error) {
	var two [2]*History
	var states [3]normalized
	for n, at := range []int{0, 1, 0} {
		var err error
		if two[at] == nil {
			if two[at], err = x.deliverFresh(ctx, nil); err != nil {
				return nil, nil, err
			}
		}
		if err = x.read(ctx, two[at]); err != nil {
			return nil, nil, err
		}
		states[n] = two[at].State
	}
	x.facts.ids.learn(states[0], states[1], two[0].Subject, two[1].Subject)
	for n, h := range []*History{two[0], two[1], two[0]} {
		states[n] = x.facts.ids.mask(states[n], h.Subject)
	}
	for n, what := range []string{"two fresh subjects", "two readings of one fresh subject"} {
		if places := states[0].difference(states[n+1]); len(places) > 0 {
			proposed := toIgnore(states[0], states[1]).and(toIgnore(states[0], states[2]))
			differ := fmt.Sprintf("%s differ at %s (%s)", what, strings.Join(places, ", "), states[0].describe(states[n+1]))
			return nil, nil, &mendable{Unusable{fmt.Sprintf("%s; if that is correct, %s", differ, proposed)}, Remedy{Ignore: proposed.places, Why: differ}}
		}
	}
	x.facts.sample = two[0].Subject
	return states[1], two[1], nil
}

// measureLag waits until the payment shows in the state.
func (x *executor) measureLag(ctx context.Context, t *History, fresh normalized, since time.Time) error {
	again := false // the state was read before, and did not show it yet
	for deadline, pause := time.Now().Add(x.timings.FirstShown), x.timings.Poll; ; again, pause = true, min(2*pause, 25*x.timings.Poll) {
		if err := x.read(ctx, t); err != nil {
			return err
		}
		if !t.State.equal(fresh) {
			x.facts.lag, x.facts.isLate = max(0, time.Since(since)), again
			return nil
		}
		if time.Now().After(deadline) {
			return x.unseenBy(t)
		}
		if err := target.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}
