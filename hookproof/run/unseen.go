package run

import (
	"errors"
	"strings"

	"example.com/hookproof/hookproof/result"
)

// unseenError is a payment that was acknowledged and changed no state. Effects cannot be judged then. Checks of the answers still
// run, as with a URL alone, and faults still strike.
type unseenError struct {
	why    string
	effect string // why no check of effects can be judged
}

func (e *unseenError) Error() string { return e.why }

// The reasons for which a check that needs effects is not run, if no effect is seen.
const (
	unseenEffect = "no effect can be judged: the state after a <grant> is the same as before; the state hook does not show it, or the endpoint does nothing with it"
	unseenAsked  = "; if it asks Stripe's API when an event comes, it needs `api` in the target file"
	unseenStruck = "the fault was made, and the target acknowledged the event in the end; whether anything was lost or done twice is not known: "
)

// unseen returns that no effect was seen of a payment. If the target has asked Stripe's API for what hookproof cannot answer, that is why.
func (x *executor) unseenBy(h *History) *unseenError {
	if why := h.unanswered(); why != nil {
		return &unseenError{why: why.Error() + ", so effects cannot be judged.", effect: why.Error()}
	}
	said := x.life.Nouns.In
	e := &unseenError{why: said(noEffect(x.journal.Deliveries())) + x.otherReasons(*h.last()), effect: said(unseenEffect)}
	if x.target.Stripe == nil {
		e.effect += unseenAsked
	}
	return e
}

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
		if p.unseen != nil && strings.HasSuffix(f.Why, p.unseen.effect) {
			return &Unusable{p.unseen.why + " Answers were judged all the same."}
		}
	}
	return nil
}
