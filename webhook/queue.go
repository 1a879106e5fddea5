package webhook

import (
	"context"
	"sync"
)

// queue makes deliveries about one subject take turns inside this process, before they ask for a
// connection: otherwise fifty copies of one event would hold fifty connections, all waiting for one row,
// and every other booking's delivery would wait behind them. It is no part of what makes deliveries
// correct; that is the database's.
type queue struct {
	mu     sync.Mutex
	places map[string]*place
}

type place struct {
	turn    chan struct{} // holds one token, the turn
	waiting int           // how many have or want the turn; the last one removes the place
}

// enter waits for the subject's turn; leave passes it on. The error is the context's.
func (q *queue) enter(ctx context.Context, subject string) (leave func(), err error) {
	p := q.place(subject)
	select {
	case <-p.turn:
		return func() { p.turn <- struct{}{}; q.forget(subject, p) }, nil
	case <-ctx.Done():
		q.forget(subject, p)
		return nil, ctx.Err()
	}
}

func (q *queue) place(subject string) *place {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.places == nil {
		q.places = map[string]*place{}
	}
	p := q.places[subject]
	if p == nil {
		p = &place{turn: make(chan struct{}, 1)}
		p.turn <- struct{}{}
		q.places[subject] = p
	}
	p.waiting++
	return p
}

func (q *queue) forget(subject string, p *place) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if p.waiting--; p.waiting == 0 {
		delete(q.places, subject)
	}
}

// subject is whose turn an event takes: events of one booking that are named differently do not queue
// with each other here, but there are few names.
func (e event) subject() string {
	switch o := e.object; {
	case o.bookingID != nil:
		return o.bookingID.String()
	case o.session != nil:
		return *o.session
	case o.intent != nil:
		return *o.intent
	}
	return e.id
}
