package hookproof

import (
	"context"
	"slices"
	"time"
)

// unspent is a subject for a schedule of which the answers alone are judged. Each question has one of its own, since an
// endpoint may refuse what it has done already: a subject is used again only when nothing was taken that is about it.
func (r *run) unspent(ctx context.Context) (Subject, error) {
	if r.target.Subject == nil || r.target.State == nil && r.taken != "neighbour-paid" {
		return stranger(nil, true), nil
	}
	r.mu.Lock()
	if n := len(r.fresh); n > 0 {
		s := r.fresh[n-1]
		r.fresh = r.fresh[:n-1]
		r.mu.Unlock()
		return s, nil
	}
	r.mu.Unlock()
	s, err := r.subject(ctx)
	if err != nil {
		return nil, hookFailed("subject", err)
	}
	return s.completed(), nil
}

// performDirect delivers a schedule of which no state is read.
func (r *run) performDirect(ctx context.Context, s Schedule) (*Trial, error) {
	subject, err := r.unspent(ctx)
	if err != nil {
		return nil, err
	}
	t := &Trial{Subject: subject}
	if err := r.deliver(ctx, t, s, nil, fault{}); err != nil {
		return t, err
	}
	if r.target.Subject != nil && !r.spends(t) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.fresh = append(r.fresh, subject)
	}
	return t, nil
}

// spends tells whether anything that is about the trial's subject may have had an effect: whatever was not refused.
func (r *run) spends(t *Trial) bool {
	for n, item := range t.schedule {
		w, _ := r.word(item.Event)
		if item.Verb != "" || w.raw != "" || w.stranger || w.nowhere || w.other || w.event == carrier {
			continue
		}
		if slices.ContainsFunc(t.items[n], func(at int) bool { return t.Deliveries[at].Status/100 != 4 }) {
			return true
		}
	}
	return false
}

// repeats is how often an event that is to be sent again and again is tried: an endpoint that fails now and then takes one
// of them, and one that refuses what it has done takes none.
const repeats = 4

// findGood looks for an event that is acknowledged however often it comes: a payment if the target takes it so, since that
// needs its database, else one of somebody else's, else what was acknowledged first.
func (r *run) findGood(ctx context.Context) error {
	for _, candidate := range []struct {
		word  string
		about Subject
	}{{"paid", r.spare}, {"stranger", stranger(nil, true)}} {
		e, err := eventOf(vocabulary[candidate.word], candidate.about, r.target, time.Now(), false)
		if err != nil {
			return err
		}
		what := shipment{event: e, label: candidate.word, sign: "genuine"}
		taken := r.sender.send(ctx, what).Acknowledged()
		again := false
		for n := 0; taken && !again && n < repeats; n++ {
			again = r.sender.send(ctx, what).Acknowledged()
		}
		if again || ctx.Err() != nil {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.good = what
			return ctx.Err()
		}
	}
	return nil
}

// neutral is what findGood has found.
func (r *run) neutral() shipment {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.good
}
