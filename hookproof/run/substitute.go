package run

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// findSubstitute finds out whether checks that are not about the event can use payments. The target has acknowledged an event of a
// type that nobody waits for.
func (x *executor) findSubstitute(ctx context.Context) error {
	e, err := eventOf(x.life.Vocabulary[x.life.Grant()], x.life.Stranger(nil, true), x.target, time.Now(), false)
	if err != nil {
		return err
	}
	for range 2 { // one failure may be chance
		d := x.sender.Send(ctx, target.Outgoing{Event: e, Label: x.life.Grant(), Sign: "genuine"})
		if d.Status/100 != 4 && d.Status/100 != 5 {
			return ctx.Err()
		}
	}
	x.facts.substituted = true
	return ctx.Err()
}

// spec returns the event that a name in a schedule stands for on this target, and the name in reports.
func (x *executor) spec(name string) (w *life.Spec, label string) {
	w = x.life.Vocabulary[name]
	switch {
	case name == "carrier" && x.facts.accepted != "unhandled":
		w = x.life.Vocabulary[x.facts.accepted]
		return w, name + " by " + w.Event
	case x.facts.substituted && w.Payment():
		neutral := *w
		neutral.Event, neutral.Type = life.NeutralEvent, life.NeutralEvent
		return &neutral, name + " by " + life.NeutralEvent
	}
	return w, name
}

// needsSubject is why a schedule is not asked when payments are replaced.
const needsSubject = "needs a `subject` hook: the target refuses events of objects that it does not know"

// whyNotAsked returns why a schedule cannot be asked of this target, or "". A schedule with an event of a newer API version needs a
// version that is newer than the target's. A schedule with a second session needs an object that is not known by its session alone.
// If payments are replaced, no schedule about an object of the target can be asked.
func (f facts) whyNotAsked(s check.Schedule, t *target.Target) string {
	for _, step := range s {
		if step.Verb != "" {
			continue
		}
		w := step.Spec
		if w.Version != "" && w.Version <= t.APIVersion {
			if w.Version != life.Newest {
				return fmt.Sprintf("the target's apiVersion is %s, and the event's is no newer one: %s", t.APIVersion, w.Version)
			}
			return fmt.Sprintf("the target's apiVersion is %s, and hookproof knows no newer one than %s", t.APIVersion, life.Newest)
		}
		if lacks := w.Lacks(f.sample); lacks != "" {
			return "needs " + strings.ReplaceAll(lacks, ".*", ".KEY") + " from the `subject` hook"
		}
		if w.Second && t.Subject != nil && t.State != nil && !cmp.Or(t.Life, life.Payment).Shares(f.sample) {
			return "needs a clientReferenceId or a metadata.KEY from the `subject` hook: the session's id alone ties no other session to the order"
		}
		if f.substituted && w.Raw == "" && !w.Stranger && !w.Payment() && w.Event != life.NeutralEvent && !cmp.Or(t.Life, life.Payment).IsBeside(step.Event) {
			return needsSubject
		}
	}
	return ""
}
