package run

import (
	"errors"

	"example.com/hookproof/hookproof/result"
)

// unseenError is a payment that was acknowledged and changed no state. Nothing can be proven of effects then. What the
// answers alone show is judged all the same, as with a URL alone, and what can be struck is struck.
type unseenError struct{ why string }

func (e *unseenError) Error() string { return e.why }

// Why nothing is said of a check where no effect is seen.
const (
	unseenEffect = "no effect can be judged: the state after a payment is the same as before; the state hook does not show it, or the endpoint does nothing with it"
	unseenStruck = "the fault was made, and the target acknowledged the event in the end; whether anything was lost or done twice is not known: " + unseenEffect
)

// withoutEffects takes a calibration's error for one that leaves the answers to be judged, if it is one.
func (p *pipeline) withoutEffects(calibrated error) error {
	if errors.As(calibrated, &p.unseen) {
		return nil
	}
	return calibrated
}

// unproven is the error that a run ends with in which no effect was seen, where a check of it asked for one.
func (p *pipeline) unproven(findings []result.Finding) error {
	for _, f := range findings {
		if p.unseen != nil && (f.Why == unseenEffect || f.Why == unseenStruck) {
			return &Unusable{p.unseen.why + " Answers were judged all the same."}
		}
	}
	return nil
}
