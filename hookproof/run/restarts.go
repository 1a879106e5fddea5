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

// process is the target's, as a run has it stopped and started.
type process struct {
	turn   chan struct{} // is held by whoever starts it
	starts atomic.Int64  // by us
}

func newProcess() process { return process{turn: make(chan struct{}, 1)} }

// errEnded is a process that was found to have ended when its state was asked for.
var errEnded = errors.New("the target's process has ended")

// noticeEnd reports whether the target's process has ended by what was delivered, and starts it again if that can be done.
func (x *executor) noticeEnd(ctx context.Context, h *History) error {
	if mayHaveEnded := h.Faulty && x.target.Start != nil; !mayHaveEnded && !h.silent() { // it may also end when it has answered
		return nil
	}
	if x.target.Listens() {
		// Where nothing was stopped, a connection that was refused says so as well, and that it was started meanwhile.
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

// endedForGood is why nothing more is judged of a target whose process has ended, and that nobody here can start.
const endedForGood = "the target's process has ended, and there is no `start` hook to start it again"

// noticeDeath notices the end of a process that only others can start. It is told once, of the case whose delivery was cut off, or
// else of the first that found nobody listening.
func (x *executor) noticeDeath(ctx context.Context, h *History) error {
	cut := slices.ContainsFunc(h.Deliveries, func(d target.Delivery) bool { return d.Status == 0 && !nobodyListens(d) })
	x.mu.Lock()
	if cut && x.suspect == nil {
		x.suspect = h
	}
	x.mu.Unlock()
	if x.returns(ctx) {
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

// isDead is why nothing more is judged; nil where something is.
func (x *executor) isDead() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.dead == nil {
		return nil
	}
	return x.dead
}

// outage records a time in which the target's process had ended, from a history's first delivery without an answer: what is answered then says
// nothing of how the target answers. A zero end is none.
func (x *executor) outage(h *History, end time.Time) {
	at := slices.IndexFunc(h.Deliveries, func(d target.Delivery) bool { return d.Status == 0 })
	if at < 0 || !h.Ended && !end.IsZero() {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.outages = append(x.outages, period{h.Deliveries[at].SentAt, end})
}

// returns reports whether a target that does not listen does so again within a moment, since something watches its process.
func (x *executor) returns(ctx context.Context) bool {
	for deadline := time.Now().Add(x.timings.Respawn); !x.target.Listens(); {
		if time.Now().After(deadline) || target.Sleep(ctx, x.timings.Poll) != nil {
			return false
		}
	}
	return true
}

// revive starts a target whose process has ended, where that can be done and nobody else has, and reports whether it has.
func (x *executor) revive(ctx context.Context) (revived bool, err error) {
	if x.target.Start == nil || x.target.Listens() {
		return false, nil
	}
	select {
	case x.process.turn <- struct{}{}:
		defer func() { <-x.process.turn }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if x.target.Listens() {
		return true, nil
	}
	x.ends.Add(1)
	x.hear()
	return true, x.start(ctx)
}

func (x *executor) start(ctx context.Context) error {
	x.budget.called()
	x.faultOver()
	x.process.starts.Add(1)
	if err := x.target.BringUp(ctx); err != nil {
		return err
	}
	x.mu.Lock()
	x.lastStart = time.Now()
	x.mu.Unlock()
	return x.remembers(ctx)
}

// restart ends the target and starts it again.
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

// startAfter starts the target that a stop hook has ended, also when something else has failed. A target that could not
// be stopped is not started: it may still run, and a second process would take its place.
func (x *executor) startAfter(ctx context.Context, stopped, other error) error {
	if stopped != nil {
		return errors.Join(other, stopped)
	}
	return errors.Join(other, x.start(ctx))
}

// recovering reports whether a fault is just over, so that answers and hooks may still fail.
func (x *executor) recovering() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return !x.lastFault.IsZero() && time.Since(x.lastFault) < 2*x.timings.CoolDown
}

// faultOver records that a fault is over.
func (x *executor) faultOver() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.lastFault = time.Now()
}

// enter begins a phase: that of the faults at once, and those after it when answers can be judged again.
func (x *executor) enter(ctx context.Context, p check.Phase) error {
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
