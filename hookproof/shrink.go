package hookproof

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// mostShrinks is how many shorter schedules are tried.
const mostShrinks = 12

// confirm looks at a failure once more: whether other relations are to blame, its places differ for any two subjects, or
// the target's answers change in calm, in which case it proves nothing, and what the least is that shows it. Errors are
// hooks' and the context's.
func (r *run) confirm(ctx context.Context, found outcome) (outcome, error) {
	if found.trial == nil || len(found.trial.Deliveries) == 0 {
		return found, nil
	}
	if r.mayBeHeldUp(found) {
		again, err := r.decideAlone(ctx, found)
		if err != nil || again.verdict != Fail || again.trial == nil {
			return again, err
		}
		found = again
	}
	if found.want != nil && found.compared() != nil && found.instance.Op == "=" && !found.instance.check.Alone {
		if why := r.volatile(ctx, found); why != "" {
			found.verdict, found.lacking, found.why = NotRun, true, why
			return found, nil
		}
	}
	if found.instance.Fault != "" {
		return r.isolate(ctx, found), nil
	}
	is := func(kind int) bool {
		return slices.ContainsFunc(found.trial.Deliveries, func(d Delivery) bool { return d.Status/100 == kind })
	}
	if is(0) { // its process may have ended by what another relation did
		again, err := r.decideAnyway(ctx, found.instance.with(found.instance.left, found.instance.right))
		if err != nil || again.verdict != Fail || again.trial == nil {
			return again, err
		}
	}
	if is(5) && r.flaps(ctx) {
		found.verdict, found.lacking, found.why = NotRun, true, r.flapping // which does not change any more
		return found, nil
	}
	return r.shrink(ctx, found), nil
}

// mayBeHeldUp tells whether answers failed that relations which were decided at the same time may have held up: of an
// event that has not failed so when nothing else was on its way. States are compared whatever was answered.
func (r *run) mayBeHeldUp(found outcome) bool {
	if found.instance.alone || found.want != nil || found.instance.check.Phase() > Shared {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(found.trial.Deliveries, func(d Delivery) bool { return gaveUp(d) && !r.stuck[d.Label] })
}

// decideAlone decides a relation that failed once more while nothing else is on its way, one at a time: what the first
// shows to be stuck need not be waited for by the others. What is taken then is told, and fails nothing.
func (r *run) decideAlone(ctx context.Context, found outcome) (outcome, error) {
	r.queue.Lock()
	defer r.queue.Unlock()
	if !r.mayBeHeldUp(found) {
		return found, nil
	}
	if why := r.spent(); why != "" {
		found.verdict, found.lacking, found.why = NotRun, true, why
		return found, nil
	}
	one := found.instance.with(found.instance.left, found.instance.right)
	one.alone = true
	again, err := r.decideAnyway(ctx, one)
	switch {
	case err != nil || again.trial == nil:
	case again.verdict == Pass:
		again.verdict, again.why, again.trial = Info, found.why+", and taken when nothing else was on its way: "+waited, found.trial
	case again.verdict == Fail:
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, d := range again.trial.Deliveries {
			r.stuck[d.Label] = r.stuck[d.Label] || gaveUp(d)
		}
	}
	return again, err
}

// volatile delivers the right side of a failure to one more subject, and says so where that differs, in each place that
// failed, from both, and from a fresh one: a number that is every subject's own, such as a row's. A fault is like one of them.
func (r *run) volatile(ctx context.Context, found outcome) (why string) {
	places := found.compared().difference(found.want)
	known, err := r.reference(ctx, found.instance.Right)
	if err != nil {
		return ""
	}
	of := Subject{} // of what it was compared with
	if known.trial != nil {
		of = known.trial.Subject
	}
	if slices.ContainsFunc(places, func(place string) bool {
		return !mayBeOwn(found.compared()[place], found.trial.Subject) || !mayBeOwn(found.want[place], of)
	}) {
		return ""
	}
	r.mu.Lock()
	seen := !slices.ContainsFunc(places, func(place string) bool { return !r.own[place] })
	r.mu.Unlock()
	if !seen && !r.ownOfAll(ctx, found, places) {
		return ""
	}
	return fmt.Sprintf("two subjects differ at %s; if that is as it should be, %s", strings.Join(places, ", "), toIgnore(found.compared(), found.want))
}

// ownOfAll tells whether one more subject has a value of its own in each of some places, also when effects must have come.
func (r *run) ownOfAll(ctx context.Context, found outcome, places []string) bool {
	r.calm.RLock()
	defer r.calm.RUnlock()
	fresh, err := r.stateOf(ctx, "", false)
	if err != nil {
		return false
	}
	again, err := r.perform(ctx, found.instance.right.plain())
	if err != nil || len(again.Unanswered) > 0 {
		return false
	}
	for _, wait := range []time.Duration{r.stillness(), r.patience()} {
		if sleep(ctx, wait) != nil {
			return false
		}
		state, err := r.read(ctx, again)
		if err != nil {
			return false
		}
		if found.view != nil {
			state = found.view(state)
		}
		for _, place := range places {
			value := state[place]
			if value == found.want[place] || value == found.compared()[place] || value == fresh[place] || !mayBeOwn(value, again.Subject) {
				return false
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, place := range places {
		r.own[place] = true
	}
	return true
}

// mayBeOwn tells whether a value is a number, or a text that may be one object's own, or is the subject's.
func mayBeOwn(value string, s Subject) bool {
	_, err := json.Number(value).Float64()
	return err == nil || isOwn(value) || s.holdsOwn(value)
}

// flapTries is how often one event is sent to find out whether answers flap.
const flapTries = 20

// flaps tells whether a genuine event that was acknowledged before is now acknowledged at one time and not
// at another.
func (r *run) flaps(ctx context.Context) bool {
	r.calm.Lock()
	defer r.calm.Unlock()
	if r.flapping != "" {
		return true
	}
	r.asked = true
	acknowledged, failed := 0, 0
	for range flapTries {
		switch d := r.sender.send(ctx, r.good); {
		case d.Acknowledged():
			acknowledged++
		case d.Status/100 == 5:
			failed++
		}
	}
	if acknowledged == 0 || failed == 0 {
		return false
	}
	r.flapping = fmt.Sprintf("the target's answers flap: of one genuine event, sent %d times in calm, %d were acknowledged", flapTries, acknowledged)
	return true
}

// isolate finds the one message at which a fault is enough.
func (r *run) isolate(ctx context.Context, found outcome) outcome {
	if !faults[found.instance.Fault].placed || found.instance.at > 0 {
		return found
	}
	last := found.trial.last
	for at := 1; at <= last && ctx.Err() == nil; at++ {
		if found.unshrunk = r.spent(); found.unshrunk != "" {
			break
		}
		one := found.instance
		one.at, one.now = at, true
		if again, err := r.decide(ctx, one); err == nil && again.verdict == Fail {
			again.why = fmt.Sprintf("at message %d of %d: %s", at, last, again.why)
			return again
		}
	}
	return found
}

// fewCalls is what deciding a relation is taken to cost in hook calls before one was: a subject, its state and the
// reference's, read twice.
const fewCalls = 5

// shrink looks for the shortest schedule that still breaks a relation: what both sides deliver is left
// out of both, what only the left side delivers of that, and copies become two, or half as many.
func (r *run) shrink(ctx context.Context, found outcome) outcome {
	cost, tried := fewCalls, map[string]bool{found.instance.Relation.String(): true}
	for shorter := true; shorter; {
		shorter = false
		for _, candidate := range found.instance.shorter() {
			name := candidate.Relation.String()
			if tried[name] {
				continue
			}
			if found.unshrunk = r.shrinksNoMore(ctx, len(tried), cost); found.unshrunk != "" {
				return found
			}
			tried[name] = true
			before := r.calls.Load()
			again, err := r.decide(ctx, candidate)
			cost = max(cost, int(r.calls.Load()-before))
			if err == nil && again.verdict == Fail && !r.mayBeHeldUp(again) {
				found, shorter = again, true
				break
			}
		}
	}
	return found
}

// shrinksNoMore says why nothing shorter is looked for, when so many have been tried of which one costs so many hook
// calls; "" if it is.
func (r *run) shrinksNoMore(ctx context.Context, tried, cost int) string {
	switch {
	case ctx.Err() != nil:
		return "the run was ended"
	case tried > mostShrinks:
		return fmt.Sprintf("%d others were tried", mostShrinks)
	}
	return r.spentAfter(cost)
}

// shorter are the relations that are one step smaller, and still to be demanded: first those that leave something
// out, then those with fewer copies.
func (i instance) shorter() []instance {
	var list, fewer []instance
	add := func(left, right Schedule) {
		if left.String() != right.String() { // which breaks nothing
			list = append(list, i.with(left, right))
		}
	}
	for n, item := range i.left {
		if item.Verb != "" {
			if slices.Contains([]string{"again", "tie", "later", "restart"}, item.Verb) {
				add(without(i.left, n), i.right)
			}
			continue
		}
		for _, copies := range []int{2, item.Copies / 2} {
			if copies < item.Copies && copies >= 2 && (!item.Together || copies >= i.least) {
				left := slices.Clone(i.left)
				left[n].Copies = copies
				fewer = append(fewer, i.with(left, i.right))
			}
		}
		if i.Op != "=" {
			continue
		}
		if item.prepares() {
			add(without(i.left, n), i.right)
			continue
		}
		if !item.genuine() || i.left.copies(item) >= item.Copies+2 { // it is still told several times
			if len(i.left) > 1 {
				add(without(i.left, n), i.right)
			}
			continue
		}
		if i.left.copies(item) > item.Copies {
			continue // the copy, or what it is a copy of
		}
		at := slices.IndexFunc(i.right, item.tells)
		// What comes too late for the right side's first event may well have an effect without it.
		anchor := at == 0 && slices.ContainsFunc(i.left, func(item Item) bool {
			return item.Verb == "" && !item.prepares() && !slices.ContainsFunc(i.right, item.tells)
		})
		if at >= 0 && len(i.right) > 1 && !i.Whole && !anchor {
			add(without(i.left, n), without(i.right, at))
		}
		if at < 0 && len(i.left) > len(i.right)+1 {
			add(without(i.left, n), i.right)
		}
	}
	return append(list, fewer...)
}

// copies is how often a schedule tells what an item tells.
func (s Schedule) copies(item Item) int {
	n := 0
	for _, other := range s {
		if other.genuine() && other.tells(item) {
			n += other.Copies
		}
	}
	return n
}

func without(s Schedule, n int) Schedule { return slices.Delete(slices.Clone(s), n, n+1) }

func (i instance) with(left, right Schedule) instance {
	i.left, i.right, i.now = left, right, true
	i.Left, i.Right = left.String(), right.String()
	return i
}
