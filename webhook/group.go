package webhook

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"example.com/hookproof/store"
)

// maxGroup is how many deliveries share a transaction at most.
const maxGroup = 64

// maxGroups is how many groups are under way at the same time: one more than one waits for the disk while
// the other one is prepared.
const maxGroups = 2

// group takes the deliveries that are there at the same time through one transaction, since a commit costs
// the disk, and each statement the processors, about the same for one as for many. It keeps what one
// transaction means to each: none of them is acknowledged before the commit, and they are kept together or
// not at all. It takes plain ones only, in which nothing can be refused and nobody is waited for; every
// other goes its own way, alone, as if there were no groups.
type group struct {
	mu      sync.Mutex
	waiting []*member
	leaders int
}

type member struct {
	ctx   context.Context
	event event
	receipt
	err  error
	done chan struct{} // closed when receipt and err are final
}

// errAlone tells that a delivery has to go alone, and that nothing was done about it.
var errAlone = errors.New("webhook: not for a group")

// together records and applies an event with those of other deliveries. While one group is under way, the
// next one gathers.
func (h *Handler) together(ctx context.Context, e event) (receipt, error) {
	if e.object.bookingID == nil || e.livemode != h.config.Livemode {
		return receipt{}, errAlone
	}
	m := &member{ctx: ctx, event: e, err: errAlone, done: make(chan struct{})}
	g := &h.group
	g.mu.Lock()
	g.waiting = append(g.waiting, m)
	if g.leaders < maxGroups {
		g.leaders++
		h.working.Go(h.lead)
	}
	g.mu.Unlock()
	select {
	case <-m.done:
		return m.receipt, m.err
	case <-ctx.Done():
		return receipt{}, ctx.Err()
	}
}

// lead takes group after group until nobody waits. Of a group whose database has frozen it does not await
// the end: its members' time is over, and the next group tries another connection.
func (h *Handler) lead() {
	for members := h.group.next(); len(members) > 0; members = h.group.next() {
		ctx, done := members[0].ctx, make(chan struct{}) // who came first has the least time left
		h.working.Go(func() {
			defer close(done)
			h.take(ctx, members)
		})
		select {
		case <-done:
		case <-ctx.Done():
		}
	}
}

// next is who waits now, in the order of arrival; if nobody does, the group is without a leader again.
func (g *group) next() []*member {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.waiting), maxGroup)
	members := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	if n == 0 {
		g.leaders--
	}
	return members
}

// take finishes every member: with its receipt, or with the word that it has to go alone.
func (h *Handler) take(ctx context.Context, members []*member) {
	err := h.recordAndApplyTogether(ctx, members)
	for _, m := range members {
		// Where the database has said no, nothing was committed. Where it has said nothing, nobody knows.
		if m.err != nil && (store.Unavailable(err) || ctx.Err() != nil) {
			m.err = err
		}
		close(m.done)
	}
}

func (h *Handler) recordAndApplyTogether(ctx context.Context, members []*member) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("panic: %T", broken)
		}
	}()
	seen, err := h.store.Seen(ctx, records(members)...)
	if err != nil {
		return err
	}
	var unseen []*member
	for i, m := range members {
		if seen[i] != nil {
			m.receipt, m.err = duplicate(m.event, seen[i]), nil
		} else if leave, free := h.queue.tryEnter(m.event.subject()); free {
			defer leave()
			unseen = append(unseen, m)
		}
	}
	if len(unseen) == 0 {
		return nil
	}
	var kept []*member
	var reasons []string
	err = h.store.Transact(ctx, func(tx *store.Tx) error {
		var entries []store.Entry
		if kept, entries, err = plain(ctx, tx, unseen); err != nil || len(kept) == 0 {
			return err
		}
		reasons, err = tx.Keep(ctx, entries...)
		return err
	})
	if err != nil {
		return err
	}
	for i, m := range kept {
		m.receipt, m.err = receipt{reason: Reason(reasons[i]), bookingID: m.event.object.bookingID}, nil
	}
	return nil
}

// plain picks the members that nothing stands in the way of, and locks their intents and bookings.
func plain(ctx context.Context, tx *store.Tx, members []*member) (picked []*member, entries []store.Entry, err error) {
	intents := make([]string, 0, len(members))
	for _, m := range members {
		if m.event.object.intent != nil {
			intents = append(intents, *m.event.object.intent)
		}
	}
	free, err := tx.FreeIntents(ctx, intents)
	if err != nil {
		return nil, nil, err
	}
	bookings, err := tx.LockPlain(ctx, records(members))
	if err != nil {
		return nil, nil, err
	}
	for i, m := range members {
		if bookings[i] == nil || m.event.object.intent != nil && !free[*m.event.object.intent] {
			continue
		}
		if entry := m.event.entry(*bookings[i], ""); entry.Result == store.Processed {
			picked, entries = append(picked, m), append(entries, entry)
		}
	}
	return picked, entries, nil
}

func records(members []*member) []store.PaymentEvent {
	list := make([]store.PaymentEvent, len(members))
	for i, m := range members {
		list[i] = m.event.record("", m.event.object.bookingID)
	}
	return list
}
