package webhook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"example.com/hookproof/store"
)

// maxGroup is how many deliveries share a transaction at most, and maxGroupBytes how many bytes of body,
// which go to the database in one piece: no more than one delivery alone may bring.
const (
	maxGroup      = 64
	maxGroupBytes = MaxBody
)

// maxGroups is how many groups are under way at the same time: one more than one waits for the disk while
// the other one is prepared.
const maxGroups = 2

// group takes the deliveries that are there at the same time through one transaction of two statements, since
// a commit costs the disk, and each statement the processors, about the same for one as for many; a delivery
// that comes by itself is a group of one. It keeps what one transaction means to each: none of them is
// acknowledged before the commit, and they are kept together or not at all. It takes plain ones only, in
// which nothing can be refused and no row is waited for; every other goes its own way, alone, as if there
// were no groups.
type group struct {
	mu      sync.Mutex
	waiting []*member
	leaders int
}

type member struct {
	ctx   context.Context
	event event
	plain store.Plain
	seen  *store.PaymentEvent
	receipt
	err  error
	done chan struct{} // closed when receipt and err are final
}

// errAlone tells that a delivery has to go alone, and that nothing was done about it.
var errAlone = errors.New("webhook: not for a group")

// errAnswered rolls a group back in which somebody's time ended meanwhile: it is taken once more, without him.
var errAnswered = errors.New("webhook: one of the group has been answered")

// together records and applies an event with those of other deliveries. While one group is under way, the
// next one gathers.
func (h *Handler) together(ctx context.Context, e event) (receipt, error) {
	plain, is := e.plain()
	if !is || e.livemode != h.config.Livemode {
		return receipt{}, errAlone
	}
	m := &member{ctx: ctx, event: e, plain: plain, err: errAlone, done: make(chan struct{})}
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
// the end: when the time of whoever came first is over, the next group tries another connection.
func (h *Handler) lead() {
	for members := h.group.next(); len(members) > 0; members = h.group.next() {
		done := make(chan struct{})
		h.working.Go(func() {
			defer close(done)
			h.take(members)
		})
		select {
		case <-done:
		case <-members[0].ctx.Done():
		}
	}
}

// next is who waits now, in the order of arrival; if nobody does, the group is without a leader again.
func (g *group) next() []*member {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, size := 0, 0
	for n < min(len(g.waiting), maxGroup) {
		if size += len(g.waiting[n].event.payload); size > maxGroupBytes && n > 0 {
			break
		}
		n++
	}
	members := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	if n == 0 {
		g.leaders--
	}
	return members
}

// take finishes every member: with its receipt, or with the word that it has to go alone. It has the time of
// whoever came last, who is finished last.
func (h *Handler) take(members []*member) {
	ctx := members[len(members)-1].ctx
	err := h.recordAndApplyTogether(ctx, members)
	if errors.Is(err, errAnswered) {
		err = h.recordAndApplyTogether(ctx, members)
	}
	for _, m := range members {
		// Where the database has said no, nothing was committed. Where it has said nothing, nobody knows.
		if m.err != nil && err != nil && (store.Unavailable(err) || ctx.Err() != nil) {
			m.err = err
		}
		close(m.done)
	}
}

// recordAndApplyTogether is recordAndApply for several, each step once for all of them: what has been seen
// is a duplicate; what is free, and the first of its booking here, is kept if the database finds it plain.
func (h *Handler) recordAndApplyTogether(ctx context.Context, members []*member) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("panic: %T", broken)
		}
	}()
	var here, took []*member // of the attempt that is committed
	var reasons []string
	err = h.store.Transact(ctx, func(tx *store.Tx) error {
		here = slices.DeleteFunc(slices.Clone(members), (*member).isAnswered)
		looks, err := tx.LookAt(ctx, plain(here))
		if err != nil {
			return err
		}
		took = took[:0]
		for i, m := range here {
			if m.seen = looks[i].Seen; looks[i].Free && !slices.ContainsFunc(took, m.sameBooking) {
				took = append(took, m)
			}
		}
		if len(took) == 0 {
			return nil
		}
		if reasons, err = tx.KeepPlain(ctx, plain(took)); err == nil && slices.ContainsFunc(took, (*member).isAnswered) {
			err = errAnswered
		}
		return err
	})
	if err != nil {
		return err
	}
	for i, m := range took {
		if reasons[i] != "" {
			m.receipt, m.err = receipt{reason: Reason(reasons[i]), bookingID: m.event.object.bookingID}, nil
		}
	}
	for _, m := range here {
		if m.seen != nil {
			m.receipt, m.err = duplicate(m.event, m.seen), nil
		}
	}
	return nil
}

// isAnswered tells that the member's time is over: it has been answered 500, or is about to be.
func (m *member) isAnswered() bool { return m.ctx.Err() != nil }

func (m *member) sameBooking(other *member) bool {
	return *m.event.object.bookingID == *other.event.object.bookingID
}

func plain(members []*member) []store.Plain {
	list := make([]store.Plain, len(members))
	for i, m := range members {
		list[i] = m.plain
	}
	return list
}

// plain is what an event means to the booking that it names, should that agree with it in session and
// money, as the database is asked to make sure of. An event that needs to know more of its booking is not plain.
func (e event) plain() (store.Plain, bool) {
	o := e.object
	if o.bookingID == nil || o.amount == nil {
		return store.Plain{}, false
	}
	entry := e.entry(store.Booking{ID: *o.bookingID, Amount: *o.amount, Currency: o.currency, StripeSessionID: o.session}, "")
	return store.Plain{Entry: entry, Amount: *o.amount, Currency: o.currency}, entry.Result == store.Processed
}
