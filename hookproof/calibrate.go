package hookproof

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// longAnswer is how long the calibration waits for its first answer, to tell a slow target from a dead one.
const longAnswer = 30 * time.Second

// calibrate finds out whether the target can be judged: it is reachable, takes what is genuine, shows
// what is done, and how far effects lag behind their ACKs.
func (r *run) calibrate(ctx context.Context) error {
	if err := r.target.Reach(ctx); err != nil {
		return cmp.Or(ctx.Err(), error(&Unusable{err.Error()}))
	}
	if err := r.firstAnswer(ctx); err != nil {
		return err
	}
	if err := r.replicasTakeIt(ctx); err != nil {
		return err
	}
	if r.target.Subject == nil || r.target.State == nil {
		if r.spare == nil {
			r.spare = stranger(nil, true)
		}
		return nil
	}
	fresh, trial, err := r.freshState(ctx)
	if err != nil {
		return err
	}
	if text := granted(trial.Subject); text != "" {
		r.granted = append(r.granted, text)
	}
	hurried := r.unhurried()
	defer hurried()
	payment := Schedule{{Event: "paid", Copies: 1}}
	if err := r.deliver(ctx, trial, payment, nil, fault{}); err != nil {
		return err
	}
	acknowledged := trial.Deliveries[len(trial.Deliveries)-1]
	if len(trial.Unanswered) > 0 {
		return r.diagnose(ctx, acknowledged)
	}
	if acknowledged.Latency > tooSlow { // as the first may be, where a program is woken for it
		again, err := r.perform(ctx, payment)
		if err != nil {
			return err
		}
		if second := again.Deliveries[0]; second.Latency > tooSlow {
			return &diagnosis{"ack-policy/in-time", fmt.Sprintf("two payments, one after the other, were acknowledged after %s and %s", tenths(acknowledged.Latency), tenths(second.Latency))}
		}
	}
	hurried()
	if err := r.measureLag(ctx, trial, fresh, acknowledged.SentAt.Add(acknowledged.Latency)); err != nil {
		if errors.As(err, new(*unseenError)) {
			return cmp.Or(r.findGood(ctx), err)
		}
		return err
	}
	settled, err := r.rests(ctx, trial)
	if err != nil {
		return &Unusable{err.Error()}
	}
	if settled, err = r.alikeWhenPaid(ctx, payment, fresh, settled, trial.Subject); err != nil {
		return err
	}
	// Of the subject that no state is read of: it is sent again and again, which not every target counts once.
	if err := r.findGood(ctx); err != nil {
		return err
	}
	r.references[""], r.references["paid"] = &reference{state: fresh}, &reference{trial: trial, state: settled}
	return nil
}

// unhurried lets answers take their time, until the returned function is called, once or more.
func (r *run) unhurried() (hurried func()) {
	usual := r.sender.timings.Answer
	r.sender.timings.Answer = longAnswer
	return func() { r.sender.timings.Answer = usual }
}

func tenths(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }

// firstAnswer looks for one genuine delivery that is taken.
func (r *run) firstAnswer(ctx context.Context) error {
	defer r.unhurried()()
	var first Delivery
	for _, word := range []string{"unhandled", "stranger"} {
		e, err := eventOf(vocabulary[word], stranger(nil, true), r.target, time.Now(), false)
		if err != nil {
			return err
		}
		what := shipment{event: e, label: word, sign: "genuine"}
		d := r.sender.send(ctx, what)
		if d.Acknowledged() && d.Latency > tooSlow {
			if what.event, err = e.withID(newEventID()); err != nil {
				return err
			}
			if again := r.sender.send(ctx, what); again.Latency > tooSlow {
				return &diagnosis{"ack-policy/in-time", fmt.Sprintf("events that nobody waits for were answered after %s and %s", tenths(d.Latency), tenths(again.Latency))}
			}
		}
		if d.Acknowledged() {
			r.good, r.taken = what, word
			if word == "unhandled" && r.target.Subject == nil {
				return r.findCarrier(ctx)
			}
			return nil
		}
		if word == "unhandled" {
			first = d
		}
	}
	if r.target.Subject != nil {
		return r.ownAnswer(ctx)
	}
	return r.diagnose(ctx, first)
}

// ownAnswer looks for one about an object of the target's own, where nothing else is taken.
func (r *run) ownAnswer(ctx context.Context) error {
	trial, err := r.perform(ctx, Schedule{{Event: "paid", Copies: 1}})
	if err != nil {
		return err
	}
	if len(trial.Unanswered) > 0 {
		return r.diagnose(ctx, trial.Deliveries[len(trial.Deliveries)-1])
	}
	r.good, r.spare = shipment{event: trial.events["paid"], label: "paid", sign: "genuine"}, trial.Subject
	r.taken = "neighbour-paid" // the state of a schedule's own subject may be looked at
	return nil
}

// replicasTakeIt asks each replica once, where the target has taken an event: copies that one of them never sees would
// pass for copies that count once.
func (r *run) replicasTakeIt(ctx context.Context) error {
	defer r.unhurried()()
	for _, url := range r.target.Replicas {
		replica := Target{URL: url, AllowHosts: r.target.AllowHosts, resolver: r.target.resolver}
		// A start hook has ended when the target listens: a replica that it starts as well may be later.
		for deadline := time.Now().Add(r.target.Timings.orDefault().Ready); r.target.Start != nil && !replica.listens() && time.Now().Before(deadline); {
			if err := sleep(ctx, 50*time.Millisecond); err != nil {
				return err
			}
		}
		if err := replica.Reach(ctx); err != nil {
			return cmp.Or(ctx.Err(), error(&Unusable{"a replica: " + err.Error()}))
		}
		what := r.good
		what.url = url
		var err error
		if what.event, err = what.event.withID(newEventID()); err != nil {
			return err
		}
		if d := r.sender.send(ctx, what); !d.Acknowledged() {
			return cmp.Or(ctx.Err(), error(&Unusable{fmt.Sprintf("the replica %s answers %s to what the target has taken%s; are its path and its secret right?", url, said(d), says(d))}))
		}
	}
	return nil
}

// freshState is what the target says of a subject to which nothing was delivered. Two subjects, and two
// readings, must agree. One of them is answered, the other serves where no state is read.
func (r *run) freshState(ctx context.Context) (canonical, *Trial, error) {
	var trials [2]*Trial
	var states [3]canonical
	for n, at := range []int{0, 1, 0} {
		var err error
		if trials[at] == nil {
			if trials[at], err = r.perform(ctx, nil); err != nil {
				return nil, nil, err
			}
		}
		if _, err = r.read(ctx, trials[at]); err != nil {
			return nil, nil, err
		}
		states[n] = trials[at].timed // a time that a fresh subject has is to be put in ignore, like all that differs
	}
	r.ids.learn(states[0], states[1], trials[0].Subject, trials[1].Subject)
	for n, trial := range []*Trial{trials[0], trials[1], trials[0]} {
		states[n] = r.ids.mask(states[n], trial.Subject)
	}
	for n, what := range []string{"two fresh subjects", "two readings of one fresh subject"} {
		if places := states[0].difference(states[n+1]); len(places) > 0 {
			proposed := toIgnore(states[0], states[1]).and(toIgnore(states[0], states[2]))
			return nil, nil, &Unusable{fmt.Sprintf("%s differ at %s (%s); if that is as it should be, %s",
				what, strings.Join(places, ", "), states[0].tells(states[n+1]), proposed)}
		}
	}
	r.spare = trials[0].Subject
	return states[1].timeless(), trials[1], nil
}

// isOwn tells whether a value may be one object's own, such as a key that a payment brings: a text with digits that is no
// name of the subject's.
func isOwn(value string) bool {
	return len(value) > leastID+len(`""`) && value[0] == '"' && strings.ContainsAny(value, "0123456789") && !strings.Contains(value, "{{")
}

// bringsItsOwn tells whether a place may be one object's own that a payment has brought: its value, or a name that leads
// to it and was not there before.
func bringsItsOwn(place string, settled, fresh canonical) bool {
	if isOwn(settled[place]) {
		return true
	}
	known := map[string]bool{}
	for before := range fresh {
		for parent := before; parent != ""; parent, _ = cutLast(parent) {
			known[parent] = true
		}
	}
	for at := place; at != ""; {
		parent, name := cutLast(at)
		if !known[at] && isOwn(strconv.Quote(name)) {
			return true
		}
		at = parent
	}
	return false
}

// alikeWhenPaid pays a second subject, where being paid brings what may be each subject's own: a text that has to be the
// same, or no two states can be compared, or the subject's own short id, which has its name in the state that is answered.
func (r *run) alikeWhenPaid(ctx context.Context, payment Schedule, fresh, settled canonical, s Subject) (canonical, error) {
	brought := func(of canonical) []string {
		return slices.DeleteFunc(of.difference(fresh), func(place string) bool { return !bringsItsOwn(place, of, fresh) })
	}
	holdsOwn := func(place string) bool { return s.holdsOwn(settled[place]) }
	if len(brought(settled)) == 0 && !slices.ContainsFunc(settled.difference(fresh), holdsOwn) {
		return settled, nil
	}
	second, err := r.perform(ctx, payment)
	if err != nil {
		return nil, err
	}
	other, err := r.rests(ctx, second)
	if err != nil {
		return nil, cmp.Or(ctx.Err(), error(&Unusable{err.Error()}))
	}
	r.ids.learn(settled, other, s, second.Subject)
	settled, other = r.ids.mask(settled, s), r.ids.mask(other, second.Subject)
	first, proposed := ownOf(settled, brought(settled), other), proposal{}
	if others := ownOf(other, brought(other), settled); len(first) > 0 && len(others) > 0 {
		proposed = toIgnore(first, others)
	}
	if len(proposed.places) == 0 {
		return settled, nil
	}
	place := first.difference(nil)[0]
	return nil, &Unusable{fmt.Sprintf("two subjects that were paid differ at %s (%s instead of %s); if that is as it should be, %s",
		nameOf(place), orAbsent(other, place), settled[place], proposed)}
}

// ownOf is the part of a state that may be its subject's own and differs from another subject's.
func ownOf(state canonical, places []string, other canonical) canonical {
	part := canonical{}
	for _, place := range places {
		if value, there := other[place]; value != state[place] && (!there || isOwn(value)) {
			part[place] = state[place]
		}
	}
	return part
}

// measureLag waits until the payment shows.
func (r *run) measureLag(ctx context.Context, t *Trial, fresh canonical, since time.Time) error {
	for deadline, pause := time.Now().Add(5*time.Second), 10*time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		state, err := r.read(ctx, t)
		if err != nil {
			return err
		}
		if !state.equal(fresh) {
			r.lag = max(0, time.Since(since))
			return nil
		}
		if time.Now().After(deadline) {
			return &unseenError{noEffect(r.journal.Deliveries()) + r.otherwise(t.Deliveries[len(t.Deliveries)-1])}
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}
