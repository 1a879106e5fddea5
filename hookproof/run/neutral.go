package run

import (
	"context"
	"fmt"
	"time"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// findSubstitute finds out whether payments can carry questions, when an event that nobody waits for was acknowledged.
func (x *executor) findSubstitute(ctx context.Context) error {
	e, err := eventOf(life.Vocabulary[life.Payment.Grant()], life.Stranger(nil, true), x.target, time.Now(), false)
	if err != nil {
		return err
	}
	for range 2 { // one failure may be a bad moment's
		d := x.sender.Send(ctx, target.Outgoing{Event: e, Label: life.Payment.Grant(), Sign: "genuine"})
		if d.Status/100 != 4 && d.Status/100 != 5 {
			return ctx.Err()
		}
	}
	x.facts.substituted = true
	return ctx.Err()
}

// spec is the event that a name in a schedule stands for on this target, and how it is reported.
func (f facts) spec(name string) (w life.Spec, label string) {
	w = life.Vocabulary[name]
	switch {
	case name == "carrier" && f.accepted != "unhandled":
		w = life.Vocabulary[f.accepted]
		return w, name + " by " + w.Event
	case f.substituted && w.Payment():
		w.Event = life.NeutralEvent
		return w, name + " by " + life.NeutralEvent
	}
	return w, name
}

// needsSubject is why a schedule is not asked where payments are replaced.
const needsSubject = "needs a `subject` hook: the target refuses events of objects that it does not know"

// unaskable says why a schedule cannot be asked of this target, or "": where payments are carried, nothing can be that is
// about an object of its own; what is newer than its API version must be known here; and where an object is known by its session
// alone, no other session is about it.
func (f facts) unaskable(s check.Schedule, t *target.Target) string {
	for _, step := range s {
		w := life.Vocabulary[step.Event]
		if step.Verb == "" && w.Version != "" && w.Version <= t.APIVersion {
			return fmt.Sprintf("the target's apiVersion is %s, and hookproof knows no newer one than %s", t.APIVersion, life.Newest)
		}
		if w.Second && t.Subject != nil && t.State != nil && !f.sample.Sessions() {
			return "needs a clientReferenceId or a metadata.KEY from the `subject` hook: the session's id alone ties no other session to the order"
		}
		if f.substituted && step.Verb == "" && w.Raw == "" && !w.Stranger && !w.Payment() && w.Event != life.NeutralEvent && !life.Payment.IsBeside(step.Event) {
			return needsSubject
		}
	}
	return ""
}
