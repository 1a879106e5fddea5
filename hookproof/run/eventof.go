package run

import (
	"time"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// eventOf makes an event of the vocabulary for a subject, as the target is sent it.
func eventOf(w life.Spec, s event.Subject, t *target.Target, born time.Time, tie bool) (event.Event, error) {
	return w.About(s, t.APIVersion, t.Livemode, born, tie)
}
