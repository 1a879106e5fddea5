package bodies

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

// largeTime is what the rest of a body has to arrive once it has a place: a place is not there to be sat on.
const largeTime = time.Second

// Places are the room that a process has for bodies of more than Usual. One client can have a quarter of them, so
// that one who sends many large bodies and stalls leaves room for others. Safe for concurrent use.
type Places struct {
	share int // of one client

	mu      sync.Mutex
	free    int
	held    map[netip.Prefix]int
	waiting []*turn // in the order of their coming
}

// turn is one body that waits for a place.
type turn struct {
	client netip.Prefix
	come   chan struct{} // closed when the place is its own
}

// NewPlaces makes room for so many large bodies at the same time.
func NewPlaces(number int) *Places {
	return &Places{share: max(1, number/4), free: number, held: map[netip.Prefix]int{}}
}

// take waits for a place, and tells whether it got one. The zero client has no share, it takes what is free.
func (p *Places) take(client netip.Prefix, patience time.Duration) bool {
	p.mu.Lock()
	if p.mayHave(client) {
		p.give(client)
		p.mu.Unlock()
		return true
	}
	mine := &turn{client: client, come: make(chan struct{})}
	p.waiting = append(p.waiting, mine)
	p.mu.Unlock()

	tooLong := time.NewTimer(patience)
	defer tooLong.Stop()
	select {
	case <-mine.come:
		return true
	case <-tooLong.C:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	at := slices.Index(p.waiting, mine)
	if at < 0 { // its turn came at the last moment
		return true
	}
	p.waiting = slices.Delete(p.waiting, at, at+1)
	return false
}

// leave gives a place to whoever has waited longest and may have it.
func (p *Places) leave(client netip.Prefix) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free++
	if p.held[client]--; p.held[client] == 0 {
		delete(p.held, client)
	}
	for i, next := range p.waiting {
		if p.mayHave(next.client) {
			p.give(next.client)
			p.waiting = slices.Delete(p.waiting, i, i+1)
			close(next.come)
			return
		}
	}
}

func (p *Places) mayHave(client netip.Prefix) bool {
	return p.free > 0 && (p.held[client] < p.share || !client.IsValid())
}

func (p *Places) give(client netip.Prefix) {
	p.free--
	p.held[client]++
}
