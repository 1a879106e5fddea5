package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// reference is a schedule that is delivered once, without faults, for other schedules to be compared with.
type reference struct {
	history   *History        // nil if nothing was delivered
	state     normalized      // as read last; nil before that; guarded by the executor's mu
	perObject *lazy[[]string] // places at which any two subjects differ after this schedule
}

// reference delivers a schedule, unless it was delivered before.
func (x *executor) reference(ctx context.Context, text string) (*reference, error) {
	s, err := check.ParseSchedule(x.life, text)
	if err != nil {
		return nil, err
	}
	s = s.Plain()
	x.mu.Lock()
	one := x.references[s.String()]
	if one == nil {
		one = &lazy[*reference]{}
		x.references[s.String()] = one
	}
	x.mu.Unlock()
	return one.get(ctx, func() (*reference, error) {
		h, err := x.deliverFresh(ctx, s)
		if err == nil {
			err = x.noticeEnd(ctx, h)
		}
		if err == nil && h.Ended {
			h.End = x.lastEnd()
			err = &endedError{*h}
		}
		if err == nil {
			err = x.ignores(h.Unacknowledged)
		}
		if err == nil && len(h.Unacknowledged) > 0 {
			err = result.NoEvidenceOf(strings.Join(h.Unacknowledged, ", ") + " was never acknowledged, so there is nothing to compare with")
		}
		return &reference{history: h, perObject: &lazy[[]string]{}}, err
	})
}

// endedError is the end of the target's process while a reference was delivered: what that shows is a failure of whoever asked for it.
type endedError struct{ history History }

func (e *endedError) Error() string { return errEnded.Error() }

// provesNothing is the reason in an error where a state is asked for beside a case: then an end of the process is one, too. It is nil where
// the error is a hook's or the context's.
func provesNothing(err error) *result.NotJudged {
	var ended *endedError
	if errors.As(err, &ended) || errors.Is(err, errEnded) {
		return result.NoEvidenceOf("what it is compared by ended the target's process")
	}
	return result.AsReason(err)
}

// stateOf returns the state after a reference's schedule, as it was read last.
func (x *executor) stateOf(ctx context.Context, text string) (normalized, error) {
	one, err := x.reference(ctx, text)
	if err != nil {
		return nil, err
	}
	if state := x.lastState(one); state != nil {
		return state, nil
	}
	seen := *one.history // which several may read at once
	seen.Between = slices.Clip(seen.Between)
	state, err := x.readStable(ctx, &seen)
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	one.state = state
	return state, nil
}

func (x *executor) lastState(one *reference) normalized {
	x.mu.Lock()
	defer x.mu.Unlock()
	return one.state
}

// readAgain reads the states of references again. A state that a restart has lost stays as it was read before.
func (x *executor) readAgain(ctx context.Context, schedules []string) error {
	return each(schedules, atMost, func(text string) error {
		one, err := x.reference(ctx, text)
		if err != nil {
			if provesNothing(err) != nil {
				err = nil
			}
			return err
		}
		if one.history == nil { // of a fresh subject
			return nil
		}
		seen := *one.history
		if err := x.readBeside(ctx, &seen); err != nil || seen.Lost != "" {
			if provesNothing(err) != nil {
				err = nil
			}
			return err
		}
		x.mu.Lock()
		defer x.mu.Unlock()
		one.state = seen.State
		return nil
	})
}

// read reads a history's state.
func (x *executor) read(ctx context.Context, h *History) error {
	return x.readBy(ctx, h, x.ask)
}

func (x *executor) readBy(ctx context.Context, h *History, ask asking) error {
	h.State, h.Lost = nil, ""
	if why := h.unanswered(); why != nil {
		return why
	}
	if why := x.whyStateLost(h); why != "" {
		return h.recordLoss(why)
	}
	var state any
	ends := x.ends.Load()
	err := ask(ctx, func() (err error) {
		state, err = x.target.State(ctx, h.Subject)
		return err
	})
	if x.ends.Load() != ends { // an earlier delivery had ended it
		return errEnded
	}
	if err != nil {
		return target.HookFailed("state", x.checkSubjectLost(ctx, h, err))
	}
	if h.timed, err = normalize(state, h.names(), x.target.Ignore); err != nil {
		return target.HookFailed("state", fmt.Errorf("its answer is not JSON: %w", err))
	}
	h.timed = x.facts.ids.mask(h.timed, h.Subject)
	h.State = h.timed.timesNamed(x.life.Times(h.born, h.steps.Events()...))
	return nil
}

// readBeside reads a state by which no case is judged. If the process had ended, it is read after the new start.
func (x *executor) readBeside(ctx context.Context, h *History) error {
	err := x.read(ctx, h)
	if errors.Is(err, errEnded) {
		err = x.read(ctx, h)
	}
	return err
}

// readStable waits until effects must have come, and returns the state once two readings agree.
func (x *executor) readStable(ctx context.Context, h *History) (normalized, error) {
	quiet := x.timings.QuietFor(x.facts.lag)
	if err := target.Sleep(ctx, quiet); err != nil {
		return nil, err
	}
	err := x.read(ctx, h)
	for deadline := time.Now().Add(x.timings.EffectFor(x.facts.lag)); err == nil; {
		before := h.State
		if err = target.Sleep(ctx, quiet); err != nil {
			return nil, err
		}
		if err = x.read(ctx, h); err != nil || h.State.equal(before) {
			return h.State, err
		}
		if time.Now().After(deadline) {
			return nil, result.NoEvidenceOf("the state never stops changing: " + h.State.describe(before))
		}
	}
	return nil, err
}

// readStates reads the states that a case compares.
func (x *executor) readStates(ctx context.Context, c Case, h *History) error {
	if !c.comparesReferences() {
		if err := x.read(ctx, h); err != nil || h.Lost != "" {
			return err
		}
	}
	h.References, h.Forgetful = map[string]normalized{}, x.forgetful()
	for _, schedule := range append(c.references(), "") {
		state, err := x.stateOf(ctx, schedule)
		if err != nil {
			return err
		}
		h.References[schedule] = state
	}
	for _, schedule := range x.learnsFrom(c) {
		state, err := x.stateOf(ctx, schedule)
		switch why := provesNothing(err); {
		case err == nil:
			h.References[schedule] = state
		case why == nil:
			return err
		case why.Kind == result.NoEvidence:
			h.Unlearnt = why
		}
	}
	if c.comparesReferences() {
		h.State = h.References[c.Left]
	}
	return nil
}

// learnsFrom returns the references from which a case's view is learnt. It leaves out a reference with a type that the target
// ignores. Without one of its references, a view compares more.
func (x *executor) learnsFrom(c Case) []string {
	return slices.DeleteFunc(slices.Clone(c.learnsFrom()), func(schedule string) bool {
		return slices.ContainsFunc(typesOnlyIn(x.life, schedule, ""), func(name string) bool { return slices.Contains(x.target.Unhandled, name) })
	})
}

// readSettled reads the states that a case compares. If they are not as expected, it reads them again when effects must have come.
func (x *executor) readSettled(ctx context.Context, c Case, h *History) error {
	if err := x.readStates(ctx, c, h); err != nil || h.Lost != "" || compareStates(Outcome{Case: c, History: *h, Verdict: result.Pass}).Verdict != result.Fail {
		return err
	}
	if err := target.Sleep(ctx, x.timings.EffectFor(x.facts.lag)); err != nil {
		return err
	}
	if err := x.readAgain(ctx, slices.Concat(c.references(), x.learnsFrom(c))); err != nil {
		return err
	}
	return x.readStates(ctx, c, h)
}

// perObject returns the places at which any two subjects differ after a schedule: a number or a text such as a row's key. It is
// found once for a reference, by delivering the schedule to one more subject. The states are read twice, since a target may be
// slow.
func (x *executor) perObject(ctx context.Context, schedule string) ([]string, error) {
	one, err := x.reference(ctx, schedule)
	if err != nil {
		return nil, err
	}
	return one.perObject.get(ctx, func() ([]string, error) {
		fresh, err := x.stateOf(ctx, "")
		if err != nil {
			return nil, err
		}
		s, err := check.ParseSchedule(x.life, schedule)
		if err != nil {
			return nil, err
		}
		second, err := x.deliverFresh(ctx, s.Plain())
		if err != nil {
			return nil, err
		}
		if len(second.Unacknowledged) > 0 {
			return nil, result.NoEvidenceOf("one more subject was delivered to, to find out what differs between any two, and " + strings.Join(second.Unacknowledged, ", ") + " was never acknowledged")
		}
		first, of := x.lastState(one), event.Subject{}
		if one.history != nil {
			of = one.history.Subject
		}
		if err := x.readAgain(ctx, []string{schedule}); err != nil { // what the other subject's payment has changed is not per object
			return nil, err
		}
		first = first.without(first.difference(x.lastState(one)))
		var places []string
		for n, wait := range []time.Duration{x.timings.QuietFor(x.facts.lag), x.timings.EffectFor(x.facts.lag)} {
			if err := target.Sleep(ctx, wait); err != nil {
				return nil, err
			}
			if err := x.readBeside(ctx, second); err != nil {
				return nil, err
			}
			differ := perObjectPlaces(first, second.State, fresh, of, second.Subject)
			if n > 0 {
				differ = inBoth(places, differ)
			}
			places = differ
		}
		return places, nil
	})
}
