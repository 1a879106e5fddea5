package scenario

import (
	"context"
	"fmt"
	"strings"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/target"
)

// replayLife tries a life's events in every order, each order on a fresh subject. All orders must lead to the same state.
func (r *replay) replayLife(ctx context.Context) error {
	for order := range check.Permutations(len(r.scenario.Life)) {
		if err := r.replayOrder(ctx, order); err != nil {
			return fmt.Errorf("in the order %s: %w", r.named(order), err)
		}
	}
	return nil
}

func (r *replay) replayOrder(ctx context.Context, order []int) error {
	var announced []string
	if r.scenario.Late {
		announced = []string{"main"}
	}
	if err := r.begin(ctx, announced); err != nil {
		return err
	}
	events := make([]target.Outgoing, len(order))
	for i, n := range order {
		var err error
		if events[i], err = r.makeEvent(r.scenario.Life[n]); err != nil {
			return err
		}
	}
	if r.scenario.Late {
		for _, what := range events {
			r.deliver(ctx, what, false)
		}
		if err := r.makers["main"](ctx); err != nil {
			return fmt.Errorf("making the subject: %w", err)
		}
	}
	for _, what := range events {
		if d := r.deliver(ctx, what, r.scenario.Late); !d.Acknowledged() {
			return fmt.Errorf("%s was answered %s", what.Label, target.Said(d))
		}
	}
	r.judged++
	if r.scenario.Repeat {
		if err := r.repeat(ctx, events); err != nil {
			return err
		}
	}
	return r.expectState(ctx, "main", r.scenario.State)
}

// repeat delivers every event once more: each must be a duplicate.
func (r *replay) repeat(ctx context.Context, events []target.Outgoing) error {
	before, err := r.counters(ctx)
	if err != nil {
		return err
	}
	for _, what := range events {
		if d := r.deliver(ctx, what, false); !d.Acknowledged() {
			return fmt.Errorf("%s was answered %s when it came again", what.Label, target.Said(d))
		}
	}
	if r.target.Counters == nil {
		return nil
	}
	return r.expectOutcomes(ctx, before, map[string]int{"duplicate": len(events)})
}

func (r *replay) named(order []int) string {
	names := make([]string, len(order))
	for i, n := range order {
		names[i] = r.scenario.Life[n].Event
	}
	return strings.Join(names, ", ")
}
