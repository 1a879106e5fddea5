package run

import (
	"time"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// eventOf makes the event of a spec for a subject, in the target's API version and livemode.
func eventOf(w *life.Spec, s event.Subject, t *target.Target, born time.Time, tie bool) (event.Event, error) {
	return w.About(s, t.APIVersion, t.Livemode, born, tie)
}
