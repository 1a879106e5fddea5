package hookproof

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// reference is a schedule that is delivered as it should be, once, for others to be compared with.
type reference struct {
	once  sync.Once
	trial *Trial
	err   error

	mu    sync.Mutex
	state canonical // as read last; nil before that
}

// reference delivers a schedule, unless that was done before.
func (r *run) reference(ctx context.Context, text string) (*reference, error) {
	s, err := ParseSchedule(text)
	if err != nil {
		return nil, err
	}
	key := s.plain().String()
	r.mu.Lock()
	known := r.references[key]
	if known == nil {
		known = &reference{}
		r.references[key] = known
	}
	r.mu.Unlock()
	known.once.Do(func() {
		if known.state != nil { // the calibration knows it
			return
		}
		known.trial, known.err = r.perform(ctx, s.plain())
		if known.err == nil && len(known.trial.Unanswered) > 0 {
			known.err = fmt.Errorf("%w: %s was never acknowledged, so there is nothing to compare with", errEvidence, strings.Join(known.trial.Unanswered, ", "))
		}
	})
	return known, known.err
}

// stateOf is the state after a reference's schedule: as it was read last, or with again as it is now.
func (r *run) stateOf(ctx context.Context, text string, again bool) (canonical, error) {
	known, err := r.reference(ctx, text)
	if err != nil {
		return nil, err
	}
	known.mu.Lock()
	defer known.mu.Unlock()
	switch {
	case known.state == nil:
		known.state, err = r.rests(ctx, known.trial)
	case again && known.trial != nil:
		err = known.reread(ctx, r)
	}
	return known.state, err
}

// weigh compares the states of a relation. What is not as it should be is looked at again when effects must have
// come: those of the references as well.
func (r *run) weigh(ctx context.Context, out outcome) (outcome, error) {
	first, err := r.weighOnce(ctx, out, false)
	if err != nil || first.verdict == out.verdict {
		return first, err
	}
	if err := sleep(ctx, r.patience()); err != nil {
		return out, err
	}
	return r.weighOnce(ctx, out, true)
}

func (r *run) weighOnce(ctx context.Context, out outcome, again bool) (outcome, error) {
	var state canonical
	var err error
	if out.instance.Op != "≠" {
		state, err = r.read(ctx, out.trial)
		var lost *lostError
		switch {
		case errors.As(err, &lost) && out.trial.faulty:
			return out.loses(lost), nil
		case errors.Is(err, errEvidence):
			return r.undecided(out, err)
		case err != nil:
			return out, err
		}
	}
	states := map[string]canonical{}
	for _, schedule := range out.instance.references() {
		state, err := r.stateOf(ctx, schedule, again)
		if errors.Is(err, errEvidence) {
			return r.undecided(out, err)
		}
		if err != nil {
			return out, err
		}
		states[schedule] = state
	}
	i := out.instance
	learnt, lacking, err := r.learn(ctx, i, again)
	if err != nil {
		return out, err
	}
	if left, right, conditional := strings.Cut(i.If, "≠"); conditional && states[left].equal(states[right]) {
		out.verdict, out.lacking, out.why = NotRun, true, notShown(strings.TrimSpace(left), strings.TrimSpace(right))
		return out, nil
	}
	if i.Op == "≠" {
		state = states[i.Left]
	}
	var why string
	switch i.Op {
	case "=":
		out.view = views[i.View].of(learnt)
		out.seen, out.want = out.view(state), out.view(states[i.Right])
		if !out.seen.equal(out.want) {
			why = fmt.Sprintf("after %s, %s%s", out.trial.Schedule, out.seen.tells(out.want), cmp.Or(i.mayCount(out.seen, out.want), r.mayIgnore(ctx, i, state)))
		}
	case "≠":
		out.want = states[i.Right]
		if state.equal(out.want) {
			why = fmt.Sprintf("after %s the state is the same as after %s", i.Left, orNothing(i.Right))
		}
	case "∌":
		out.want = states[i.base()]
		var repeated []string
		maps.Copy(states, learnt)
		if why, repeated = i.shows(state, states, out.trial); why == "" && len(repeated) > 0 {
			out.verdict, out.lacking, out.why = NotRun, true, i.mayRepeat(state, repeated)
		}
	}
	switch {
	case why != "" && i.Op == "=" && lacking != nil:
		return r.undecided(out, lacking)
	case why != "":
		out.verdict, out.why = Fail, why
	}
	return out, nil
}

func orNothing(schedule string) string {
	if schedule == "" {
		return "nothing"
	}
	return schedule
}

// lateOverwrite is how long after everything else the last reading is made.
const lateOverwrite = time.Second

// lastReading compares the states that are to be equal. It is the last thing that is done, since something
// may overwrite a state late.
func (r *run) lastReading(ctx context.Context) error {
	if len(r.steady) > 0 {
		if err := sleep(ctx, max(lateOverwrite, r.stillness())); err != nil {
			return err
		}
	}
	if err := r.readReferences(ctx, slices.Collect(maps.Values(r.references))); err != nil {
		return err
	}
	var wrong []outcome
	var mu sync.Mutex
	err := each(r.steady, 8, func(out outcome) error {
		weighed, err := r.weighOnce(ctx, out, false)
		if err != nil || weighed.verdict == out.verdict {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		wrong = append(wrong, out)
		return nil
	})
	r.mu.Lock()
	r.steady = nil // read, so that no calls are kept for them any more
	r.mu.Unlock()
	if err == nil && len(wrong) > 0 {
		err = r.lookAgain(ctx, wrong)
	}
	for _, w := range r.works {
		w.open = 0
		r.tell(w)
	}
	return err
}

// lookAgain weighs what was wrong once more when effects must have come, those of the references as well. Of each
// check it confirms the shortest that still is.
func (r *run) lookAgain(ctx context.Context, wrong []outcome) error {
	if err := sleep(ctx, r.patience()); err != nil {
		return err
	}
	compared := map[*reference]bool{}
	for _, out := range wrong {
		for _, schedule := range slices.Concat(out.instance.references(), out.instance.learnsFrom()) {
			known, err := r.reference(ctx, schedule)
			if err != nil && !errors.Is(err, errEvidence) {
				return err
			}
			compared[known] = true
		}
	}
	if err := r.readReferences(ctx, slices.Collect(maps.Keys(compared))); err != nil {
		return err
	}
	slices.SortStableFunc(wrong, func(a, b outcome) int { return len(a.instance.left) - len(b.instance.left) })
	for _, out := range wrong {
		w := r.works[out.instance.check.Name]
		if r.settledAlready(w) {
			continue
		}
		weighed, err := r.weighOnce(ctx, out, false)
		if err != nil {
			return err
		}
		if weighed.verdict == out.verdict {
			continue
		}
		if weighed.verdict == Fail {
			weighed.instance.now = true
			if weighed, err = r.confirm(ctx, weighed); err != nil {
				return err
			}
		}
		weighed.open = false
		r.note(w, weighed, 0, true)
	}
	return nil
}

// readReferences reads the states that others are compared with.
func (r *run) readReferences(ctx context.Context, list []*reference) error {
	return each(list, 8, func(known *reference) (err error) {
		known.mu.Lock()
		defer known.mu.Unlock()
		if known.trial == nil || known.err != nil {
			return nil
		}
		return known.reread(ctx, r)
	})
}

// reread reads a reference's state anew; its lock is held. One that a restart has lost stays as it was read before.
func (known *reference) reread(ctx context.Context, r *run) error {
	state, err := r.read(ctx, known.trial)
	var lost *lostError
	if errors.As(err, &lost) {
		return nil
	}
	known.state = state
	return err
}
