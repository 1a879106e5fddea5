package run

import (
	"context"
	"errors"
	"slices"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/target"
)

// Where several events grant, a fault has to strike the one that matters. Another one may be lost, and nothing shows it.

// decisiveLast returns a schedule with the decisive event of a grant at its end, if it ends with the grant.
func (x *executor) decisiveLast(ctx context.Context, s check.Schedule) (check.Schedule, error) {
	grants := x.grants().Deliveries()
	from := len(s) - len(grants)
	if len(grants) == 1 || from < 0 || s[from:].String() != grants.String() {
		return s, nil
	}
	decisive, err := x.decisive.get(ctx, func() (string, error) { return x.findDecisive(ctx, grants) })
	if err != nil {
		return nil, err
	}
	at := from + slices.IndexFunc(grants, func(step check.Step) bool { return step.Event == decisive })
	return append(without(s, at), s[at]), nil
}

// findDecisive returns the event of a grant without which the state differs most from what it should be, first of all in what shows access.
func (x *executor) findDecisive(ctx context.Context, grants check.Schedule) (string, error) {
	seen := Case{Check: check.Check{Life: x.life}, NotAccess: x.target.NotAccess, Relation: check.Relation{View: "access"}}
	states := map[string]normalized{}
	for _, schedule := range []string{"", x.roles.grant, x.roles.grantEnd} {
		state, err := x.stateOf(ctx, schedule)
		if provesNothing(err) == nil && err != nil {
			return "", err
		}
		states[schedule] = state
	}
	access := seen.viewOf(states)
	if access == nil {
		access = whole
	}
	lacks := make([][2]int, len(grants)) // how many places lack what they should have: of access, and of all
	events := make([]int, len(grants))
	for n := range grants {
		events[n] = n
	}
	err := each(events, atMost, func(n int) error {
		state, err := x.stateOf(ctx, check.Beginning(x.grants().Mode(), without(grants, n).String()))
		switch {
		case err == nil:
			granted := states[x.roles.grant]
			lacks[n] = [2]int{len(access(state).difference(access(granted))), len(state.difference(granted))}
		case provesNothing(err) == nil:
			return err
		}
		return nil
	})
	most := slices.MaxFunc(events, func(a, b int) int {
		return slices.Compare(append(lacks[a][:], a), append(lacks[b][:], b))
	})
	return grants[most].Event, err
}

// whileRefused delivers every event of a schedule, which come after step n, once while the database is away.
func (x *executor) whileRefused(ctx context.Context, h *History, n int) error {
	events := h.steps[n+1:]
	for _, step := range events {
		if err := x.bind(ctx, h, step); err != nil {
			return err
		}
	}
	err := x.whileAway(ctx, func() {
		x.post(ctx, h, n+1, events...) // at once, since each may be refused only when the target's own time is over
		h.recordFault("the database away")
	})
	return errors.Join(err, target.Sleep(ctx, x.timings.Retry))
}
