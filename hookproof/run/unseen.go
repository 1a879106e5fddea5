package run

import (
	"errors"

	"example.com/hookproof/hookproof/result"
)

// unseenError is a payment that was acknowledged and changed no state. Effects cannot be judged then. Checks of the answers still
// run, as with a URL alone, and faults still strike.
type unseenError struct{ why string }

func (e *unseenError) Error() string { return e.why }

// The reasons for which a check that needs effects is not run, if no effect is seen.
const (
	unseenEffect = "no effect can be judged: the state after a payment is the same as before; the state hook does not show it, or the endpoint does nothing with it"
	unseenStruck = "the fault was made, and the target acknowledged the event in the end; whether anything was lost or done twice is not known: " + unseenEffect
)

// withoutEffects returns nil for the calibration's unseenError, which it records: the answers can still be judged. It returns any
// other error.
func (p *pipeline) withoutEffects(calibrated error) error {
	if errors.As(calibrated, &p.unseen) {
		return nil
	}
	return calibrated
}

// unproven returns the run's error if no effect was seen and one of its checks needed effects.
func (p *pipeline) unproven(findings []result.Finding) error {
	for _, f := range findings {
		if p.unseen != nil && (f.Why == unseenEffect || f.Why == unseenStruck) {
			return &Unusable{p.unseen.why + " Answers were judged all the same."}
		}
	}
	return nil
}
