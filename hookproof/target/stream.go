package target

import (
	"context"
	"sync"

	"example.com/hookproof/hookproof/event"
)

// Stream delivers the events that next returns, genuinely signed now, on that many connections at once, until next returns false
// or the context ends. next must be safe for concurrent use. When Stream returns, the journal has every delivery, or has passed it
// to Journal.Each.
func (t *Target) Stream(ctx context.Context, connections int, next func() (event.Event, bool), journal *Journal) {
	s := NewSender(t, journal)
	defer s.Close()
	var group sync.WaitGroup
	for range connections {
		group.Go(func() {
			for ctx.Err() == nil {
				e, more := next()
				if !more {
					return
				}
				s.Send(ctx, Outgoing{Event: e, Label: e.Type, Sign: "genuine"})
			}
		})
	}
	group.Wait()
}
