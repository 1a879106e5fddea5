package run

import (
	"context"
	"slices"
	"time"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// untouchedSubject returns a subject for a schedule whose answers alone are judged. Each such schedule needs its own, since an
// endpoint may refuse what it has handled. A subject is used again only if no delivery about it was accepted.
func (x *executor) untouchedSubject(ctx context.Context) (event.Subject, error) {
	if x.target.Subject == nil || x.target.State == nil && x.facts.accepted != life.Neighbours+x.life.Grant() {
		return x.life.Stranger(nil, true), nil
	}
	x.mu.Lock()
	if n := len(x.untouched); n > 0 {
		s := x.untouched[n-1]
		x.untouched = x.untouched[:n-1]
		x.mu.Unlock()
		return s, nil
	}
	x.mu.Unlock()
	s, err := x.subject(ctx)
	if err != nil {
		return nil, target.HookFailed("subject", err)
	}
	return x.life.Completed(s), nil
}

// deliverAnswersOnly delivers a schedule whose state is not read.
func (x *executor) deliverAnswersOnly(ctx context.Context, s check.Schedule) (*History, error) {
	subject, err := x.untouchedSubject(ctx)
	if err != nil {
		return nil, err
	}
	t := &History{Subject: subject}
	if err := x.deliver(ctx, t, s, nil, nil); err != nil {
		return t, err
	}
	if x.target.Subject != nil && !x.mayHaveEffect(t) {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.untouched = append(x.untouched, subject)
	}
	return t, nil
}

// mayHaveEffect reports whether a delivery about the history's subject may have had an effect: it was not refused.
func (x *executor) mayHaveEffect(t *History) bool {
	for n, step := range t.steps {
		w, _ := x.spec(step.Event)
		if step.Verb != "" || w.Raw != "" || w.Stranger || w.Nowhere || w.Other || w.Event == life.NeutralEvent {
			continue
		}
		if slices.ContainsFunc(t.answers[n], func(at int) bool { return t.Deliveries[at].Status/100 != 4 }) {
			return true
		}
	}
	return false
}

// repeats is how often an event is tried that is to be sent many times. An endpoint that fails now and then acknowledges one of
// the tries. One that refuses duplicates acknowledges none.
const repeats = 4

// findNeutral looks for an event that is acknowledged however often it comes. A payment is best, since it needs the target's
// database. Next is one about a foreign object, and last whatever was acknowledged first.
func (x *executor) findNeutral(ctx context.Context) error {
	for _, candidate := range []struct {
		word  string
		about event.Subject
	}{{x.life.Grant(), x.facts.sample}, {"stranger", x.life.Stranger(nil, true)}} {
		e, err := eventOf(x.life.Vocabulary[candidate.word], candidate.about, x.target, time.Now(), false)
		if err != nil {
			return err
		}
		what := target.Outgoing{Event: e, Label: candidate.word, Sign: "genuine"}
		taken := x.sender.Send(ctx, what).Acknowledged()
		again := false
		for n := 0; taken && !again && n < repeats; n++ {
			again = x.sender.Send(ctx, what).Acknowledged()
		}
		if again || ctx.Err() != nil {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.facts.neutral = what
			return ctx.Err()
		}
	}
	return nil
}

// neutral returns the event that findNeutral has found.
func (x *executor) neutral() target.Outgoing {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.facts.neutral
}
