package run

import (
	"context"
	"time"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// eventOf makes the event of a spec for a subject, in the target's API version and livemode.
func eventOf(w *life.Spec, s event.Subject, t *target.Target, born time.Time, tie bool) (event.Event, error) {
	return w.About(s, t.APIVersion, t.Livemode, born, tie)
}

// bind makes a step's event, unless an earlier step has made it.
func (x *executor) bind(ctx context.Context, h *History, step check.Step) error {
	if _, there := h.events[step.Event]; there {
		return nil
	}
	about, spec := h.Subject, x.told(h, step.Event)
	if spec.Other {
		other, err := x.subject(ctx)
		if err != nil {
			return target.HookFailed("subject", err)
		}
		about = x.life.Completed(other)
	}
	var err error
	h.events[step.Event], err = eventOf(spec, about, x.target, h.born, h.steps.Verb("tie"))
	return err
}

// told returns the event that a word stands for in a history's story.
func (x *executor) told(h *History, word string) *life.Spec {
	spec, _ := x.spec(word)
	if spec == x.life.Vocabulary[word] { // an object has what the events before have made of it
		spec = x.life.Told(word, h.steps.Events())
	}
	return spec
}
