package target

import (
	"context"
	"sync"

	"example.com/hookproof/hookproof/event"
)

// Stream delivers what next gives, signed now and genuinely, on so many connections at once, until next
// says that there is no more or the context ends. next is called by all of them at the same time. The
// journal has every delivery when Stream returns, or has shown it, see Journal.Each.
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
