package run

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// process is the target's process, as a run stops and starts it.
type process struct {
	turn   chan struct{} // held by the goroutine that starts it
	starts atomic.Int64  // by us
}

func newProcess() process { return process{turn: make(chan struct{}, 1)} }

// errEnded is returned when the process was found to have ended while its state was read.
var errEnded = errors.New("the target's process has ended")

// noticeEnd records whether the deliveries ended the target's process, and starts it again if that is possible.
func (x *executor) noticeEnd(ctx context.Context, h *History) error {
	if mayHaveEnded := h.Faulty && x.target.Start != nil; !mayHaveEnded && !h.silent() { // it may also end after its answer
		return nil
	}
	if !h.Faulty && h.wasCut() { // a process that ends closes its connections a moment before its port
		if _, err := target.Await(ctx, x.timings.Quiet, x.timings.Poll, func() bool { return !x.target.Listens() }); err != nil {
			return err
		}
	}
	if x.target.Listens() {
		// If nothing was stopped, a refused connection shows the end as well, and so does a start by another goroutine.
		h.Ended = !h.Faulty && (h.refusedConnection() || x.ends.Load() != h.ends)
		x.outage(h, time.Now())
		return nil
	}
	if x.target.Start == nil {
		return x.noticeDeath(ctx, h)
	}
	h.Ended = true
	_, err := x.revive(ctx)
	x.outage(h, time.Now())
	return err
}

// endedForGood is why nothing more is judged after the process has ended, if there is no start hook.
const endedForGood = "the target's process has ended, and there is no `start` hook to start it again"

// noticeDeath notices the end of a process that hookproof cannot start. One case reports it: the case whose delivery was cut off,
// or else the first that was refused its connection.
func (x *executor) noticeDeath(ctx context.Context, h *History) error {
	cut := slices.ContainsFunc(h.Deliveries, func(d target.Delivery) bool { return d.Status == 0 && !nobodyListens(d) })
	x.mu.Lock()
	if cut && x.suspect == nil {
		x.suspect = h
	}
	x.mu.Unlock()
	if x.comesBack(ctx) {
		h.Ended = !h.Faulty
		x.outage(h, time.Now())
		x.mu.Lock()
		defer x.mu.Unlock()
		x.suspect = nil
		return nil
	}
	x.outage(h, time.Time{})
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.suspect == nil {
		x.suspect = h
	}
	x.dead = result.NoEvidenceOf(endedForGood)
	if h.Ended = x.suspect == h; h.Ended {
		return nil
	}
	return x.dead
}

// isDead returns why nothing more is judged; nil while the target can be judged.
func (x *executor) isDead() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.dead == nil {
		return nil
	}
	return x.dead
}

// outage records a period in which the target's process had ended, from a history's first delivery without an answer. Answers in
// that period do not count. A zero end is an open period.
func (x *executor) outage(h *History, end time.Time) {
	at := slices.IndexFunc(h.Deliveries, func(d target.Delivery) bool { return d.Status == 0 })
	if at < 0 || !h.Ended && !end.IsZero() {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.outages = append(x.outages, period{h.Deliveries[at].SentAt, end})
}

// comesBack reports whether a target that does not listen listens again within Timings.Respawn, because something watches its
// process.
func (x *executor) comesBack(ctx context.Context) bool {
	listens, _ := target.Await(ctx, x.timings.Respawn, x.timings.Poll, x.target.Listens)
	return listens
}

// revive starts a target whose process has ended, if it has a start hook. It reports whether the target was started, by this
// goroutine or another one.
func (x *executor) revive(ctx context.Context) (revived bool, err error) {
	if x.target.Start == nil || x.target.Listens() {
		return false, nil
	}
	if err := x.startOnce(ctx); err != nil {
		return true, err
	}
	return true, x.checkMemory(ctx)
}

// startOnce starts a process that has ended, unless somebody else has meanwhile.
func (x *executor) startOnce(ctx context.Context) error {
	select {
	case x.process.turn <- struct{}{}:
		defer func() { <-x.process.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if x.target.Listens() {
		return nil
	}
	x.ends.Add(1)
	x.keepStderr()
	return x.bringUp(ctx)
}

// start starts the process that a stop hook has ended, and finds out what it still knows.
func (x *executor) start(ctx context.Context) error {
	if err := x.bringUp(ctx); err != nil {
		return err
	}
	return x.checkMemory(ctx)
}

func (x *executor) bringUp(ctx context.Context) error {
	x.budget.called()
	x.faultOver()
	x.process.starts.Add(1)
	if err := x.target.BringUp(ctx); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.lastStart = time.Now()
	return nil
}

// restart stops the target and starts it again.
func (x *executor) restart(ctx context.Context, h *History) error {
	if err := target.Sleep(ctx, x.timings.QuietFor(x.facts.lag)); err != nil { // the work may come after the ACK
		return err
	}
	if err := x.read(ctx, h); err != nil {
		return err
	}
	h.Before, h.State = h.State, nil
	x.budget.called()
	at := time.Now()
	if err := x.target.BringDown(ctx, "kill", nil); err != nil {
		return err
	}
	h.Between = append(h.Between, target.Delivery{SentAt: at, Fault: "stopped and started"})
	return x.start(ctx)
}

// startAfter starts the target after its stop hook, also if something else failed. A target that could not be stopped is not
// started: it may still run, and a second process would take its place.
func (x *executor) startAfter(ctx context.Context, stopped, other error) error {
	if stopped != nil {
		return errors.Join(other, stopped)
	}
	return errors.Join(other, x.start(ctx))
}

// recovering reports whether a fault ended so recently that answers and hooks may still fail.
func (x *executor) recovering() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return !x.lastFault.IsZero() && time.Since(x.lastFault) < 2*x.timings.CoolDown
}

// faultOver records the end of a fault.
func (x *executor) faultOver() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.lastFault = time.Now()
}

// enter begins a phase. The faults begin at once; a phase after them begins when answers can be judged again.
func (x *executor) enterPhase(ctx context.Context, p check.Phase) error {
	x.mu.Lock()
	rest := max(0, x.timings.CoolDown-time.Since(x.lastFault))
	if x.lastStart.After(x.lastFault) { // a new process has no dead connections
		rest = 0
	}
	if p == check.Exclusive {
		x.faults.from = time.Now()
	}
	x.mu.Unlock()
	if p <= check.Exclusive {
		return nil
	}
	err := target.Sleep(ctx, rest)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.faults.to.IsZero() {
		x.faults.to = time.Now()
	}
	return err
}
