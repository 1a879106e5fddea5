package hookproof

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// neutralEvent is delivered where a question is about signatures and bodies and payments cannot be: the target refuses those of
// objects that it does not know, which is one fault and no more, and no hook makes an object that it does.
const neutralEvent = "topup.created"

// findSubstitute finds out whether payments can carry questions, when an event that nobody waits for was acknowledged.
func (x *executor) findSubstitute(ctx context.Context) error {
	e, err := eventOf(vocabulary[payment.grant()], stranger(nil, true), x.target, time.Now(), false)
	if err != nil {
		return err
	}
	for range 2 { // one failure may be a bad moment's
		d := x.sender.send(ctx, outgoing{event: e, label: payment.grant(), sign: "genuine"})
		if d.Status/100 != 4 && d.Status/100 != 5 {
			return ctx.Err()
		}
	}
	x.facts.substituted = true
	return ctx.Err()
}

// spec is the event that a name in a schedule stands for on this target, and how it is reported.
func (f facts) spec(name string) (w eventSpec, label string) {
	w = vocabulary[name]
	switch {
	case name == "carrier" && f.accepted != "unhandled":
		w = vocabulary[f.accepted]
		return w, name + " by " + w.event
	case f.substituted && w.payment():
		w.event = neutralEvent
		return w, name + " by " + neutralEvent
	}
	return w, name
}

// specOf is the name behind what a schedule's word was told as.
func specOf(label string) string {
	name, _, _ := strings.Cut(label, " by ")
	return name
}

// payment tells whether an event says no more than that an object of the target's is paid, whichever way it is written.
func (w eventSpec) payment() bool {
	return w.event == vocabulary[payment.grant()].event && len(w.with) == 0 && !w.stranger && !w.nowhere && !w.live && !w.other
}

// needsSubject is why a schedule is not asked where payments are replaced.
const needsSubject = "needs a `subject` hook: the target refuses events of objects that it does not know"

// unaskable says why a schedule cannot be asked of this target, or "": where payments are carried, nothing can be that is
// about an object of its own; what is newer than its API version must be known here; and where an object is known by its session
// alone, no other session is about it.
func (f facts) unaskable(s Schedule, target *Target) string {
	for _, step := range s {
		w := vocabulary[step.Event]
		if step.Verb == "" && w.version != "" && w.version <= target.APIVersion {
			return fmt.Sprintf("the target's apiVersion is %s, and hookproof knows no newer one than %s", target.APIVersion, newest)
		}
		if w.second && target.Subject != nil && target.State != nil && !f.sample.sessions() {
			return "needs a clientReferenceId or a metadata.KEY from the `subject` hook: the session's id alone ties no other session to the order"
		}
		if f.substituted && step.Verb == "" && w.raw == "" && !w.stranger && !w.payment() && w.event != neutralEvent && !payment.isBeside(step.Event) {
			return needsSubject
		}
	}
	return ""
}
