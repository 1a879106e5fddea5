package run

import (
	"context"
	"slices"
	"time"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/target"
)

// url is the URL of the nth copy.
func (x *executor) url(s check.Schedule, n int) string {
	if !s.Verb("spread") {
		return x.target.URL
	}
	urls := append([]string{x.target.URL}, x.target.Replicas...)
	return urls[n%len(urls)]
}

// crowdSize is how many copies overlap without any help.
const crowdSize = 50

// leastCrowd is how many copies are sent for some to overlap without any help. Tests send fewer: in virtual time any two overlap.
var leastCrowd = crowdSize

// minCopies is the least number of copies of which some overlap.
func (x *executor) minCopies() int {
	if x.target.Proxy != nil {
		return 2
	}
	return leastCrowd
}

// mostHeld is how many crowds of one schedule share the time in which answers are held back.
const mostHeld = 4

// crowd delivers copies at once. The database's answers are held back, so that the copies overlap. The holding ends after
// Timings.HoldFor, which the crowds of a schedule share: if each copy waits for the one before it, the delays add up, and the last of a
// dozen copies would exceed the target's own time-out because of us.
func (x *executor) crowd(ctx context.Context, copies []target.Outgoing, crowds int) []target.Delivery {
	if x.target.Proxy != nil && len(copies) < crowdSize { // of a larger crowd some copies overlap by themselves
		x.target.Proxy.DelayAnswers(x.timings.HoldAnswers)
		relief := time.AfterFunc(x.timings.HoldFor/time.Duration(min(max(crowds, 1), mostHeld)), func() { x.target.Proxy.DelayAnswers(0) })
		defer func() {
			relief.Stop()
			x.target.Proxy.DelayAnswers(0)
		}()
	}
	deliveries, _ := x.sender.Burst(ctx, copies, nil)
	return deliveries
}

func (x *executor) recordOverlap(n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.overlap = max(x.overlap, n)
}

// pairTries is how often two events overlap in a case: which of them is the last to write is left to chance.
const pairTries = 3

// tries is how often a case without a fault is executed, each time on a fresh subject.
func (c Case) tries() int {
	if c.Op == "=" && slices.ContainsFunc(c.Delivered, func(step check.Step) bool { return step.Beside }) {
		return pairTries
	}
	return 1
}

// again returns what is delivered the nth time. What only prepares the target, such as its connections, is not needed twice.
func (c Case) again(n int) check.Schedule {
	if n < 2 {
		return c.Delivered
	}
	return slices.DeleteFunc(slices.Clone(c.Delivered), check.Step.Prepares)
}

// mostPairs is how often two events are delivered again that were to overlap and did not.
const mostPairs = 5

// deliverOverlapping delivers a schedule to a fresh subject. If two events were to overlap and did not, it tries again: one may be answered
// before the other is sent.
func (x *executor) deliverOverlapping(ctx context.Context, s check.Schedule) (*History, error) {
	h, err := x.deliverFresh(ctx, s)
	if !slices.ContainsFunc(s, func(step check.Step) bool { return step.Beside }) {
		return h, err
	}
	for n := 0; n < mostPairs && err == nil && h.Overlap < 2; n++ {
		h, err = x.deliverFresh(ctx, s)
	}
	return h, err
}
