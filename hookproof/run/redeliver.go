package run

import (
	"context"
	"net/http"
	"slices"
	"time"

	"example.com/hookproof/hookproof/target"
)

// redeliver sends what was not acknowledged again and again, as Stripe does: the same event with a fresh timestamp, on a
// compressed clock. It gives up when the time is over, when the target keeps refusing, or when its process has ended.
func (x *executor) redeliver(ctx context.Context, h *History) error {
	patience := x.timings.Redeliver
	if h.recovers {
		patience = x.timings.Recover
	}
	var refused time.Time // since when every answer was a refusal
	var last target.Delivery
	began := time.Now()
	for len(h.pending) > 0 && time.Since(began) < patience {
		if !refused.IsZero() && time.Since(refused) > x.timings.Refusal {
			if !x.mayBeLeased(ctx, last) {
				break
			}
			refused = time.Time{}
		}
		if time.Since(began) > 2*x.timings.CoolDown && !slices.ContainsFunc(h.pending, func(name string) bool { return !h.acknowledged(name) }) {
			break
		}
		if err := target.Sleep(ctx, x.timings.Retry); err != nil {
			return err
		}
		for _, name := range slices.Clone(h.pending) {
			last = x.sender.Send(ctx, target.Outgoing{Event: h.events[name], Label: name, Sign: "genuine"})
			h.Deliveries = append(h.Deliveries, last)
			switch {
			case last.Status/100 != 4:
				refused = time.Time{}
			case refused.IsZero():
				refused = last.SentAt
			}
			if last.Acknowledged() {
				h.pending = slices.DeleteFunc(h.pending, func(other string) bool { return other == name })
			}
		}
		if nobodyListens(last) && x.target.Start != nil && !x.comesBack(ctx) { // a process that has ended acknowledges nothing
			break
		}
	}
	h.Unacknowledged = slices.DeleteFunc(slices.Clone(h.pending), h.acknowledged)
	return ctx.Err()
}

// temporaryRefusals are statuses of refusals that may be temporary.
var temporaryRefusals = []int{http.StatusConflict, http.StatusLocked, http.StatusTooEarly, http.StatusTooManyRequests}

// mayBeLeased reports whether a refused event may be held by an earlier delivery of it: a fault has ended that delivery, and its
// lease has not expired. A target that refuses every duplicate will keep refusing.
func (x *executor) mayBeLeased(ctx context.Context, refused target.Delivery) bool {
	neutral := x.neutral()
	return slices.Contains(temporaryRefusals, refused.Status) && neutral.Event.Body != nil && x.sender.Send(ctx, neutral).Acknowledged()
}
