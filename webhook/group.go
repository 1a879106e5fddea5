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
// acknowledged before the commit, and they are kept together or not at all.
//
// The first statement looks and locks, the second one writes, and what an event means is decided between them as it is
// for a delivery that goes alone, by the same functions. Only of locks and refusals a group knows more: it waits for no
// intent and no booking, and nothing in it can be refused, so that no member spoils the others' transaction. Whoever
// would have to wait, or can be refused, goes alone, as if there were no groups.
type group struct {
	mu      sync.Mutex
	waiting []*member
	leaders int
}

type member struct {
	ctx   context.Context
	event event
	seen  *store.PaymentEvent
	receipt
	err  error
	done chan struct{} // closed when receipt and err are final
}

// newMember is a member of whom nothing is known yet.
func newMember(ctx context.Context, e event) *member {
	return &member{ctx: ctx, event: e, err: errAlone, done: make(chan struct{})}
}

// errAlone tells that a delivery has to go alone, and that nothing was done about it.
var errAlone = errors.New("webhook: not for a group")

// errAnswered rolls a group back in which somebody's time ended meanwhile: it is taken once more, without him.
var errAnswered = errors.New("webhook: one of the group has been answered")

// together records and applies an event with those of other deliveries. While one group is under way, the
// next one gathers. It is for events that say themselves which booking they are about, or are none of ours.
func (h *Handler) together(ctx context.Context, e event) (receipt, error) {
	if e.object.bookingID == nil && h.notForUs(e) == "" {
		return receipt{}, errAlone
	}
	m := newMember(ctx, e)
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
			h.finish(members)
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
	members := slices.Clone(g.waiting[:n])
	g.waiting = slices.Delete(g.waiting, 0, n) // which clears what is behind: the array keeps none of them alive
	if n == 0 {
		g.leaders--
	}
	return members
}

// finish answers every member: with its receipt, or with the word that it has to go alone. It has the time of
// whoever came last, who is answered last.
func (h *Handler) finish(members []*member) {
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

// recordAndApplyTogether is recordAndApply for several, each step once for all of them.
func (h *Handler) recordAndApplyTogether(ctx context.Context, members []*member) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("panic: %T", broken)
		}
	}()
	var here, took []*member // of the attempt that is committed
	var receipts []receipt   // of those it took
	err = h.store.Transact(ctx, func(tx *store.Tx) error {
		here = slices.DeleteFunc(slices.Clone(members), (*member).isAnswered)
		took, receipts = nil, nil
		looks, err := tx.LookAt(ctx, h.named(here))
		if err != nil {
			return err
		}
		var decisions []decision
		for i, m := range here {
			m.seen = looks[i].Seen
			if d, can := h.decideHere(m.event, looks[i]); can && !slices.ContainsFunc(decisions, d.sharesBooking) {
				took, decisions = append(took, m), append(decisions, d)
			}
		}
		if len(took) == 0 {
			return nil
		}
		if receipts, err = keep(ctx, tx, decisions); err == nil && slices.ContainsFunc(took, (*member).isAnswered) {
			err = errAnswered
		}
		return err
	})
	if err != nil {
		return err
	}
	for i, m := range took {
		if receipts[i].reason != "" {
			m.receipt, m.err = receipts[i], nil
		}
	}
	for _, m := range here {
		if m.seen != nil {
			m.receipt, m.err = duplicate(m.event, m.seen), nil
		}
	}
	return nil
}

// named are the members' records, with the bookings that they say they are about.
func (h *Handler) named(members []*member) []store.PaymentEvent {
	records := make([]store.PaymentEvent, len(members))
	for i, m := range members {
		records[i] = m.event.record("", nil)
		if h.notForUs(m.event) == "" {
			records[i].BookingID = m.event.object.bookingID
		}
	}
	return records
}

// decideHere is what becomes of an event that has been looked at, unless it has to go alone: its intent or its booking
// was not free, its booking is not there yet, or its change can be refused.
func (h *Handler) decideHere(e event, look store.Look) (d decision, can bool) {
	if !look.Free {
		return decision{}, false
	}
	reason := h.notForUs(e)
	if reason == "" && look.Booking == nil {
		return decision{}, false
	}
	d = decide(e, look.Booking, reason)
	return d, d.booking == nil || !canBeRefused(d.entry.Change, d.booking)
}

// sharesBooking tells whether two decisions are about one booking: a statement would apply only one of them.
func (d decision) sharesBooking(other decision) bool {
	return d.booking != nil && other.booking != nil && d.booking.ID == other.booking.ID
}

// isAnswered tells that the member's time is over: it has been answered 500, or is about to be.
func (m *member) isAnswered() bool { return m.ctx.Err() != nil }
