package run

import (
	"context"
	"fmt"
	"slices"

	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// confirm reproduces a failure and shrinks its schedule, while nothing else is in flight.
func (p *pipeline) confirm(ctx context.Context, o Outcome) (confirmed Outcome, err error) {
	err = p.alone(ctx, func(ctx context.Context) (err error) {
		if confirmed, err = p.reproduce(ctx, o); err == nil && confirmed.Verdict == result.Fail {
			places, _ := confirmed.wrongPlaces()
			confirmed, err = p.shrink(ctx, confirmed)
			confirmed.found = places
		}
		return err
	})
	return confirmed, err
}

// tries is how often a wrong answer is tried again. One that is wrong again is enough.
const tries = 3

// reproduce is the one rule against false alarms. A wrong state is evidence. A wrong answer counts when the same case, on a fresh
// subject, with nothing else in flight, gives it again. Else it is reported as seen once, and fails nothing.
func (p *pipeline) reproduce(ctx context.Context, o Outcome) (Outcome, error) {
	if !o.Symptom.isAnswers() || p.isDead() != nil { // a process that has ended for good cannot be asked
		return o, nil
	}
	again := o.again()
	right := 0
	var withheld *result.NotJudged // why a try proves nothing
	for n := range tries {
		if n > 0 && p.budget.spent() != nil {
			break
		}
		if _, err := p.revive(ctx); err != nil {
			return o, err
		}
		outcomes, err := p.try(ctx, again)
		if err != nil {
			return o, err
		}
		last := outcomes[len(outcomes)-1]
		switch {
		case last.Verdict == result.Fail && again.Message > 0:
			return last.at(again.Message, o.History.messages), nil
		case last.Verdict == result.Fail:
			return p.unlessFlaky(ctx, last), nil
		case last.Reason != nil:
			withheld = last.Reason
		default:
			right++
		}
	}
	if right == 0 && withheld != nil {
		o.Why += "; seen once, and it could not be tried again: " + withheld.Text
		return o.notRun(&result.NotJudged{Kind: withheld.Kind, Text: o.Why}), nil
	}
	o.Verdict, o.Once = result.Info, true
	o.Why += fmt.Sprintf("; seen once, not reproduced: delivered again with nothing else on its way, it was right %d of %d times", right, right)
	return o, nil
}

// again is a failed case as it is tried again: its states are compared at once, and a fault strikes only at the message at which
// it struck.
func (o Outcome) again() Case {
	c := o.Case
	c.AtOnce = true
	if o.History.struck == 1 {
		c.Message = o.History.message - 1
	}
	return c
}

// unlessFlaky withholds a failure if the target's answers to the same delivery change: that is a failure of another check.
func (p *pipeline) unlessFlaky(ctx context.Context, o Outcome) Outcome {
	is5xx := func(d target.Delivery) bool { return d.Status/100 == 5 }
	if !o.Symptom.isAnswers() || o.Case.Fault != "" || !slices.ContainsFunc(o.History.Deliveries, is5xx) {
		return o
	}
	if flaky := p.flaky(ctx); flaky != "" {
		return o.notRun(result.NoEvidenceOf(flaky))
	}
	return o
}

// flakyTries is how often one event is sent to find out whether its answers change.
const flakyTries = 20

// flaky returns how an event that was acknowledged before is now sometimes acknowledged and sometimes not; "" if that is not so.
// It is found out once, while nothing else is in flight.
func (p *pipeline) flaky(ctx context.Context) string {
	text, _ := p.flakiness.get(ctx, func() (string, error) {
		acknowledged, failed := 0, 0
		for range flakyTries {
			switch d := p.sender.Send(ctx, p.neutral()); {
			case d.Acknowledged():
				acknowledged++
			case d.Status/100 == 5:
				failed++
			}
		}
		if acknowledged == 0 || failed == 0 {
			return "", nil
		}
		return fmt.Sprintf("the target's answers are flaky: of one genuine event, sent %d times with nothing else on its way, %d were acknowledged", flakyTries, acknowledged), nil
	})
	return text
}
