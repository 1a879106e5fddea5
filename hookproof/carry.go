package hookproof

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// carrier is the event that carries questions about signatures and bodies where payments cannot: the target refuses those
// of objects that it does not know, which is one fault and no more, and no hook makes an object that it does.
const carrier = "topup.created"

// findCarrier finds out whether payments can carry questions, when an event that nobody waits for was acknowledged.
func (r *run) findCarrier(ctx context.Context) error {
	e, err := eventOf(vocabulary["paid"], stranger(nil, true), r.target, time.Now(), false)
	if err != nil {
		return err
	}
	for range 2 { // one failure may be a bad moment's
		d := r.sender.send(ctx, shipment{event: e, label: "paid", sign: "genuine"})
		if d.Status/100 != 4 && d.Status/100 != 5 {
			return ctx.Err()
		}
	}
	r.carried = true
	return ctx.Err()
}

// word is what a name in a schedule stands for on this target, and how it is told.
func (r *run) word(name string) (w word, label string) {
	w = vocabulary[name]
	switch {
	case name == "carrier" && r.taken != "unhandled":
		w = vocabulary[r.taken]
		return w, name + " by " + w.event
	case r.carried && w.payment():
		w.event = carrier
		return w, name + " by " + carrier
	}
	return w, name
}

// wordOf is the name behind what a schedule's word was told as.
func wordOf(label string) string {
	name, _, _ := strings.Cut(label, " by ")
	return name
}

// payment tells whether an event says no more than that an object of the target's is paid, whichever way it is written.
func (w word) payment() bool {
	return w.event == "checkout.session.completed" && w.with == nil && !w.stranger && !w.nowhere && !w.live && !w.other
}

// needsSubject is why a schedule is not asked where payments are carried.
const needsSubject = "it needs subject: the target refuses events of objects that it does not know"

// unaskable says why a schedule cannot be asked of this target, or "": where payments are carried, nothing can be that is
// about an object of its own; what is newer than its API version must be known here; and where an object is known by its session
// alone, no other session is about it.
func (r *run) unaskable(s Schedule) string {
	for _, item := range s {
		w := vocabulary[item.Event]
		if item.Verb == "" && w.version != "" && w.version <= r.target.APIVersion {
			return fmt.Sprintf("the target's apiVersion is %s, and hookproof knows no newer one than %s", r.target.APIVersion, newest)
		}
		if w.second && r.target.Subject != nil && r.target.State != nil && !r.spare.sessions() {
			return "it needs a clientReferenceId or a metadata.KEY of the subject: by its session's id alone no other session is the same order's"
		}
		if r.carried && item.Verb == "" && w.raw == "" && !w.stranger && !w.payment() && w.event != carrier && item.Event != "unhandled-succeeded" {
			return needsSubject
		}
	}
	return ""
}
