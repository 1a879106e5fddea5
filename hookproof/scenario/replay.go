package scenario

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// Result is a scenario's verdict with its evidence.
type Result struct {
	Scenario string
	Verdict  result.Verdict
	Why      string // what was expected and what came, or what was missing; "" for a pass
	Journal  *target.Journal
	Took     time.Duration
}

// maxTries bounds how many times a delivery is tried until a 2xx.
const maxTries = 10

// errMissing is the error of a scenario that cannot go on without something that the target does not offer.
var errMissing = errors.New("not-run")

// Replay runs one scenario against a target. It never panics or exits; errors are in the result.
func Replay(ctx context.Context, t *target.Target, scenario Scenario) Result {
	began := time.Now()
	got := Result{Scenario: scenario.Name, Journal: &target.Journal{}}
	defer func() { got.Took = time.Since(began) }()
	if missing := t.Lacks(scenario.Needs); missing != "" {
		got.Verdict, got.Why = result.NotRun, "no hook of the target gives "+missing
		return got
	}
	r := &replay{target: t, scenario: scenario, sender: target.NewSender(t, got.Journal)}
	defer r.sender.Close()
	err := r.run(ctx)
	if r.broken { // a fault must not outlive the scenario
		err = errors.Join(err, t.Heal(context.WithoutCancel(ctx)))
	}
	switch {
	case errors.Is(err, errMissing):
		got.Verdict, got.Why = result.NotRun, strings.TrimPrefix(err.Error(), errMissing.Error()+": ")
	case err != nil:
		got.Verdict, got.Why = result.Fail, err.Error()
	case r.judged == 0:
		got.Verdict, got.Why = result.NotRun, "nothing that it expects can be seen of this target"
	default:
		got.Verdict = result.Pass
	}
	return got
}

// replay is one run of a scenario.
type replay struct {
	target   *target.Target
	scenario Scenario
	sender   *target.Sender
	judged   int  // expectations that were compared with something
	broken   bool // a fault is active

	subjects map[string]event.Subject
	makers   map[string]func(context.Context) error
	sent     map[string]target.Outgoing // by label
}

func (r *replay) run(ctx context.Context) error {
	if len(r.scenario.Life) > 0 {
		return r.replayLife(ctx)
	}
	if err := r.begin(ctx, r.scenario.Announced); err != nil {
		return err
	}
	for i, step := range r.scenario.Steps {
		if err := r.step(ctx, step); err != nil {
			return fmt.Errorf("step %d, %s: %w", i+1, step.name(), err)
		}
	}
	return r.expectState(ctx, "main", r.scenario.State)
}

// begin forgets earlier subjects, announces new ones, and makes those that the scenario names. It makes them before the first
// step, which may break what making them needs.
func (r *replay) begin(ctx context.Context, announced []string) error {
	r.subjects, r.makers, r.sent = map[string]event.Subject{}, map[string]func(context.Context) error{}, map[string]target.Outgoing{}
	for _, name := range announced {
		if r.target.Announce == nil {
			return fmt.Errorf("%w: no hook of the target gives announce", errMissing)
		}
		subject, make, err := r.target.Announced(ctx)
		if err != nil {
			return fmt.Errorf("announcing a subject: %w", err)
		}
		r.subjects[name], r.makers[name] = life.Payment.Completed(subject), make
	}
	for _, name := range r.scenario.subjects() {
		if _, known := r.subjects[name]; known {
			continue
		}
		if err := r.makeSubject(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (r *replay) makeSubject(ctx context.Context, name string) error {
	subject := life.Payment.Invented()
	if r.target.Subject != nil {
		var err error
		if subject, err = r.target.NewSubject(ctx); err != nil {
			return fmt.Errorf("making a subject: %w", err)
		}
	}
	r.subjects[name] = life.Payment.Completed(subject)
	return nil
}

func (r *replay) step(ctx context.Context, step Step) error {
	before, err := r.counters(ctx)
	if err != nil {
		return err
	}
	already := r.sender.Journal.Length()
	subject := "main"
	switch {
	case step.Deliver != nil:
		what, err := r.makeEvent(*step.Deliver)
		if err != nil {
			return err
		}
		subject = what.Subject
		r.deliver(ctx, what, step.Until2xx)
	case step.Redeliver != "":
		what := r.sent[step.Redeliver]
		what.Sign = event.OrGenuine(step.Sign)
		subject = what.Subject
		r.deliver(ctx, what, step.Until2xx)
	case step.Burst != nil:
		if subject, err = r.burst(ctx, *step.Burst); err != nil {
			return err
		}
	case step.Fault == "database-back":
		r.broken = false
		return r.target.Heal(ctx)
	case step.Fault != "":
		r.broken = true
		return r.target.Fail(ctx, step.Fault)
	case step.Restart != "":
		if err := r.target.BringDown(ctx, step.Restart, nil); err != nil {
			return err
		}
		return r.target.BringUp(ctx)
	case step.Make != "":
		return r.makers[step.Make](ctx)
	}
	return r.judge(ctx, step, subject, before, r.sender.Journal.Deliveries()[already:])
}

// makeEvent makes the event that a step sends.
func (r *replay) makeEvent(s Sending) (target.Outgoing, error) {
	what := target.Outgoing{Label: s.As, Subject: s.whose(), Sign: event.OrGenuine(s.Sign)}
	var err error
	if s.Raw != nil {
		what.Event = event.Raw(*s.Raw)
	} else {
		b := life.Bound{Subject: r.subjects[what.Subject], ID: event.NewID(), Created: event.Created(time.Now(), s.Created), Livemode: r.target.Livemode}
		if what.Event, err = life.Payment.Bind(cmp.Or(s.Version, r.target.APIVersion), s.Event, b); err != nil {
			return what, err
		}
		if what.Event, err = event.Override(what.Event, s.With, r.subjects); err != nil {
			return what, err
		}
	}
	what.Event = what.Event.Pad(s.Pad)
	if what.Label == "" {
		what.Label = s.Event
	}
	if s.As != "" {
		r.sent[s.As] = what
	}
	return what, nil
}

// deliver sends an event. With until2xx it sends it again until a 2xx, as Stripe would: the same event with a fresh timestamp.
func (r *replay) deliver(ctx context.Context, what target.Outgoing, until2xx bool) target.Delivery {
	d := r.sender.Send(ctx, what)
	for try := 1; until2xx && !d.Acknowledged() && try < maxTries && ctx.Err() == nil; try++ {
		_ = target.Sleep(ctx, r.sender.Timings.Retry)
		d = r.sender.Send(ctx, what)
	}
	return d
}

func (r *replay) burst(ctx context.Context, b Burst) (subject string, err error) {
	what := r.sent[b.Of]
	if b.Of == "" {
		if what, err = r.makeEvent(b.Sending); err != nil {
			return "", err
		}
	}
	copies := make([]target.Outgoing, b.Copies)
	for i := range copies {
		copies[i] = what
		if b.FreshIDs {
			if copies[i].Event, err = what.Event.WithID(event.NewID()); err != nil {
				return "", err
			}
		}
	}
	var release func() error
	if b.Held {
		if release, err = r.target.Hold(ctx, r.subjects[what.Subject]); err != nil {
			return "", fmt.Errorf("holding the subject: %w", err)
		}
	}
	_, err = r.sender.Burst(ctx, copies, release)
	return what.Subject, err
}

// judge compares the outcome of a step with what is expected.
func (r *replay) judge(ctx context.Context, step Step, subject string, before result.Counters, deliveries []target.Delivery) error {
	expect := step.Expect
	if expect == nil {
		return nil
	}
	if expect.Ack != 0 {
		r.judged++
		if last := deliveries[len(deliveries)-1]; last.Status != expect.Ack {
			return fmt.Errorf("answered %s, expected %d", target.Said(last), expect.Ack)
		}
	}
	if expect.Acks != nil {
		r.judged++
		got := map[string]int{}
		for _, d := range deliveries {
			got[strconv.Itoa(d.Status)]++
		}
		if !maps.Equal(got, expect.Acks) {
			return fmt.Errorf("answered %v, expected %v", got, expect.Acks)
		}
	}
	wanted := expect.Outcomes
	if expect.Outcome != "" {
		wanted = map[string]int{expect.Outcome: 1}
		if retries := len(deliveries) - 1; retries > 0 { // tries before the 2xx: each was refused
			wanted["rejected"] += retries
		}
	}
	if wanted != nil && r.target.Counters != nil {
		r.judged++
		if err := r.expectOutcomes(ctx, before, wanted); err != nil {
			return err
		}
	}
	return r.expectState(ctx, subject, expect.State)
}

// expectOutcomes compares the expected outcomes with how the target's counters moved.
func (r *replay) expectOutcomes(ctx context.Context, before result.Counters, wanted map[string]int) error {
	want := result.Counters{Duplicates: int64(wanted["duplicate"]), Errors: int64(wanted["rejected"])}
	want.Received = int64(wanted["processed"]) + want.Duplicates + want.Errors
	return r.sender.Wait(ctx, r.sender.Timings.Effect, func() error {
		after, err := r.target.Counters(ctx)
		if err != nil {
			return fmt.Errorf("reading the counters: %w", err)
		}
		if moved := after.Minus(before); moved != want {
			return fmt.Errorf("the counters moved by received %d, duplicates %d, errors %d; expected %d, %d, %d",
				moved.Received, moved.Duplicates, moved.Errors, want.Received, want.Duplicates, want.Errors)
		}
		return nil
	})
}

func (r *replay) counters(ctx context.Context) (result.Counters, error) {
	if r.target.Counters == nil {
		return result.Counters{}, nil
	}
	c, err := r.target.Counters(ctx)
	if err != nil {
		err = fmt.Errorf("reading the counters: %w", err)
	}
	return c, err
}

// expectState compares a subject's state with the expected one. It waits, since effects may come after the ACK.
func (r *replay) expectState(ctx context.Context, name string, expected map[string]any) error {
	if len(expected) == 0 || r.target.State == nil {
		return nil
	}
	r.judged++
	return r.sender.Wait(ctx, r.sender.Timings.Effect, func() error {
		state, err := r.target.State(ctx, r.subjects[name])
		if err != nil {
			return fmt.Errorf("reading the state of %s: %w", name, err)
		}
		if difference := event.Differs(state, expected); difference != "" {
			return fmt.Errorf("the state of %s: %s", name, difference)
		}
		return nil
	})
}

func (s Step) name() string {
	switch {
	case s.Deliver != nil && s.Deliver.Raw != nil:
		return "deliver a raw body"
	case s.Deliver != nil:
		return "deliver " + s.Deliver.Event
	case s.Redeliver != "":
		return "redeliver " + s.Redeliver
	case s.Burst != nil:
		return fmt.Sprintf("burst of %d", s.Burst.Copies)
	case s.Restart != "":
		return "restart by " + s.Restart
	case s.Make != "":
		return "make " + s.Make
	}
	return s.Fault
}
