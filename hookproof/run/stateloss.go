package run

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// A target that keeps its state in memory loses it when it is stopped. A lost state is evidence against a case only if the case
// itself restarted the target. It says nothing about what other cases delivered before, or about an object that got the same id
// afterwards.

// memory records what the target lost at a start. The executor's mu guards it.
type memory struct {
	forgetsSome bool   // a start loses the state of some subjects
	forgetsAll  bool   // a start loses everything that was made before it
	issued      issued // ids of subjects
}

// checkMemory finds out whether a started target still knows the payment of the calibration. If it does not, no state from before
// the start is read any more: its id may belong to another subject by now.
func (x *executor) checkMemory(ctx context.Context) error {
	if x.forgetful() {
		return x.dropOldState(ctx)
	}
	x.mu.Lock()
	paid, isPaid := x.references[x.roles.grant].peek()
	fresh, isFresh := x.references[""].peek()
	x.mu.Unlock()
	if !isPaid || !isFresh || paid.history == nil {
		return nil
	}
	seen := *paid.history
	for deadline := time.Now().Add(x.timings.EffectFor(x.facts.lag)); ; {
		switch err := x.readBy(ctx, &seen, x.askOnly); { // a process that ends again is noticed by whoever asks next
		case result.AsReason(err) != nil || err == nil && seen.Lost != "":
			return x.dropOldState(ctx)
		case err != nil:
			return ctx.Err() // whoever reads a state next reports the hook's failure
		case seen.State.keeps(x.lastState(paid), x.lastState(fresh)):
			return nil
		case time.Now().After(deadline):
			return x.dropOldState(ctx)
		}
		if err := target.Sleep(ctx, x.timings.Retry); err != nil {
			return err
		}
	}
}

// forgetful reports whether a start loses all state. What a case has done is then seen at once or never.
func (x *executor) forgetful() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.memory.forgetsAll
}

// keeps reports whether a state still has anything that a payment changed in a fresh one.
func (c normalized) keeps(paid, fresh normalized) bool {
	return slices.ContainsFunc(paid.difference(fresh), func(place string) bool {
		value, there := c[place]
		before, was := paid[place]
		return there == was && value == before
	})
}

// dropOldState gives up what was made before a start that lost it: states, spare subjects, and the event that shows whether the
// target answers.
func (x *executor) dropOldState(ctx context.Context) error {
	x.mu.Lock()
	x.memory.forgetsAll, x.untouched = true, nil
	x.mu.Unlock()
	sample, err := x.subjectBy(ctx, x.askOnly)
	if err != nil {
		return ctx.Err()
	}
	x.mu.Lock()
	x.facts.sample = x.life.Completed(sample)
	x.mu.Unlock()
	return x.findNeutral(ctx)
}

// issued records which ids the target has given to subjects, and after which start.
type issued struct {
	starts map[string]int64
	shared map[string]bool // names with one value for several subjects, such as the shop's id
}

func (i *issued) note(s event.Subject, starts int64) {
	if i.starts == nil {
		i.starts, i.shared = map[string]int64{}, map[string]bool{}
	}
	for name := range s {
		id := name + " " + s.Text(name)
		if since, given := i.starts[id]; given && since == starts {
			i.shared[name] = true
		}
		i.starts[id] = starts
	}
}

// again returns the id of a subject that another one got after a start; "" if there is none.
func (i *issued) again(s event.Subject, starts int64) string {
	for name := range s {
		if id := name + " " + s.Text(name); i.starts[id] > starts && !i.shared[name] {
			return id
		}
	}
	return ""
}

// recordIDs records a subject's ids.
func (x *executor) recordIDs(s event.Subject) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.memory.issued.note(s, x.process.starts.Load())
}

// whyStateLost returns why a subject's state is lost in a target that forgets everything at a start; "" if it is not lost. The case was
// over at the start, another subject has its id now, or the case did not cause the start.
func (x *executor) whyStateLost(h *History) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.memory.forgetsAll {
		return ""
	}
	if id := x.memory.issued.again(h.Subject, h.starts); id != "" {
		return fmt.Sprintf("the target reuses ids, and %s is another object's now", id)
	}
	if since := x.process.starts.Load(); h.endStarts < since || !h.restarted() && h.starts < since {
		return "the target has lost everything from before it was restarted"
	}
	return ""
}

// restarted reports whether the history's own deliveries stopped and started the target.
func (h *History) restarted() bool { return h.Faulty && h.endStarts > h.starts }

// lostState is the reason if a state that a start lost proves nothing else.
const lostState = "the target was restarted meanwhile and has lost its state; without stop and start everything else can be judged"

// recordLoss records the lost state if the history restarted the target itself. Else the state proves nothing.
func (h *History) recordLoss(why string) error {
	if !h.restarted() {
		return result.NoEvidenceOf(lostState)
	}
	h.Lost = why
	return nil
}

// askedState is the beginning of a timeline's row about a failed state hook.
const askedState = "the state hook: "

// checkSubjectLost finds out whether a failed state hook means that the subject is gone since a start. It is gone if the hook answers for
// a subject made afterwards.
func (x *executor) checkSubjectLost(ctx context.Context, h *History, failed error) error {
	if ctx.Err() != nil || x.target.Subject == nil || x.process.starts.Load() == h.starts {
		return failed
	}
	x.mu.Lock()
	known := x.memory.forgetsSome
	x.mu.Unlock()
	if !known {
		fresh, err := x.subject(ctx)
		if err == nil {
			x.budget.called()
			_, err = x.target.State(ctx, fresh)
		}
		if err != nil {
			return fmt.Errorf("after the target was stopped and started: %w", failed)
		}
		x.mu.Lock()
		x.memory.forgetsSome = true
		x.mu.Unlock()
	}
	if !slices.ContainsFunc(h.Between, func(d target.Delivery) bool { return strings.HasPrefix(d.Fault, askedState) }) { // the state is read twice
		h.Between = append(h.Between, target.Delivery{SentAt: time.Now(), Fault: askedState + failed.Error()})
	}
	return h.recordLoss("the state hook works for an object from after it, and for this one it says: " + failed.Error())
}
