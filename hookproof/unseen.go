package hookproof

import (
	"context"
	"errors"
)

// unseenError is a payment that was acknowledged and changed no state. Nothing can be proven of effects then. What the
// answers alone show is judged all the same, as with a URL alone, and what can be struck is struck.
type unseenError struct{ why string }

func (e *unseenError) Error() string { return e.why }

// Why nothing is said of a check where no effect is seen.
const (
	unseenEffect = "no effect can be judged: the state after a payment is the same as before, since the state hook does not show it, or since the endpoint does nothing with it"
	unseenStruck = "it was struck, and the target went on and acknowledged the event in the end; whether anything was lost or doubled is not known: " + unseenEffect
)

// withoutEffects takes a calibration's error for one that leaves the answers to be judged, if it is one.
func (r *run) withoutEffects(calibrated error) error {
	if errors.As(calibrated, &r.unseen) {
		return nil
	}
	return calibrated
}

// decideUnseen decides a relation where no effect is seen: by the answers alone. decided tells that it is one of states.
func (r *run) decideUnseen(ctx context.Context, out outcome) (_ outcome, decided bool, err error) {
	if r.unseen == nil || out.instance.Op == "" {
		return out, false, nil
	}
	why := unseenEffect
	if out.instance.Fault != "" {
		if out, err = r.decideFault(ctx, out); err != nil || out.verdict != Pass {
			return out, true, err
		}
		why = unseenStruck
	}
	out.verdict, out.lacking, out.why = NotRun, true, why
	return out, true, nil
}

// unproven is the error that a run ends with in which no effect was seen, where a check of it asked for one.
func (r *run) unproven(findings []Finding) error {
	for _, f := range findings {
		if r.unseen != nil && (f.Why == unseenEffect || f.Why == unseenStruck) {
			return &Unusable{r.unseen.why + " What answers alone show was judged all the same."}
		}
	}
	return nil
}
