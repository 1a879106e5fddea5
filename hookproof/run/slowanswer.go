package run

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/result"
)

// mostSlow is how many deliveries wait for a slow answer at a time. Each holds a connection of the target to its database, and a pool
// has ten or more.
const mostSlow = 5

// executeSlow lets the answer to each message come late, each for a subject of its own. A late answer stops one connection alone, so
// the next subject's delivery begins as soon as one waits: all answers of a delivery are tried in little more than the time of one.
func (x *executor) executeSlow(ctx context.Context, s check.Schedule, at *progress) (*History, error) {
	if at.waiting == nil {
		histories, err := x.deliverSlowly(context.WithValue(ctx, shareKey{}, int64(0)), s, at.next, at.last)
		if err != nil {
			return nil, err
		}
		for _, h := range histories {
			at.struck += h.struck
		}
		x.mu.Lock()
		x.struck += at.struck
		x.mu.Unlock()
		if at.waiting = histories; at.struck == 0 {
			at.done = true
			return histories[0], result.NoEvidenceOf("no delivery sent a message whose answer could come late")
		}
	}
	h := at.waiting[0]
	at.waiting = at.waiting[1:]
	at.done = len(at.waiting) == 0
	return h, nil
}

// deliverSlowly delivers a schedule once for each message. A delivery begins when the one before it waits for its late answer, or has
// been answered.
func (x *executor) deliverSlowly(ctx context.Context, s check.Schedule, first, last int) ([]*History, error) {
	histories := make([]*History, last-first+1)
	failed := make([]error, len(histories))
	var running sync.WaitGroup
	free := make(chan struct{}, mostSlow)
	x.target.Proxy.Count()
	for i := range histories {
		free <- struct{}{}
		histories[i] = &History{message: first + i, messages: last}
		begun := make(chan struct{})
		waits := sync.OnceFunc(func() { close(begun) })
		running.Go(func() {
			defer func() { waits(); <-free }()
			failed[i] = x.deliverStruck(ctx, histories[i], s, slowAnswer(waits))
		})
		<-begun
	}
	running.Wait()
	x.target.Proxy.Count()
	x.faultOver()
	return histories, errors.Join(failed...)
}

// slowAnswer lets one answer of the database come late. It calls waits when the delivery waits for it, or was answered before.
func slowAnswer(waits func()) strikeFunc {
	return func(ctx context.Context, x *executor, h *History, n int) error {
		late := x.target.Proxy.DelayAfter(h.message, x.timings.SlowAnswer)
		answered := x.posting(ctx, h, n)
		struck := false
		select {
		case <-late:
			struck = true
		case <-answered:
		}
		waits()
		if <-answered; struck {
			h.struck++
			h.recordFault(fmt.Sprintf("answer to message %d of %d a second late", h.message, h.messages))
		}
		h.message++ // the next one
		return nil
	}
}
