package hookproof

import (
	"context"
	"sync"
)

// Stream delivers what next gives, signed now and genuinely, on so many connections at once, until next
// says that there is no more or the context ends. next is called by all of them at the same time. The
// journal has every delivery when Stream returns, or has shown it, see Journal.Each.
func (t *Target) Stream(ctx context.Context, connections int, next func() (Event, bool), journal *Journal) {
	s := newSender(t, journal)
	defer s.close()
	var group sync.WaitGroup
	for range connections {
		group.Go(func() {
			for ctx.Err() == nil {
				event, more := next()
				if !more {
					return
				}
				s.send(ctx, outgoing{event: event, label: event.Type, sign: "genuine"})
			}
		})
	}
	group.Wait()
}
