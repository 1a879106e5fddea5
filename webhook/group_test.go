package webhook

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"weak"

	"github.com/stretchr/testify/require"
)

// impatient is a context that ends as soon as it has been looked at once.
type impatient struct {
	context.Context
	looks atomic.Int64
}

func (c *impatient) Err() error {
	if c.looks.Add(1) > 1 {
		return context.DeadlineExceeded
	}
	return nil
}

// Whose time ends while his group is under way is in none of it, and spoils it for nobody.
func TestAGroupGoesOnWithoutTheLate(t *testing.T) {
	t.Parallel()
	w, _ := worlds(t)("late")
	paid := func(ctx context.Context, booking int) *member {
		return newMember(ctx, w.event(t, told{id: booking, booking: booking, amount: 4500}))
	}
	late, first, last := paid(&impatient{Context: t.Context()}, 0), paid(t.Context(), 4), paid(t.Context(), 5)
	w.finish([]*member{late, first, last})
	require.Error(t, late.err)
	for _, m := range []*member{first, last} {
		require.NoError(t, m.err)
		require.Equal(t, Applied, m.reason)
	}
	var recorded []string
	require.NoError(t, w.db.Select(&recorded, `SELECT "stripeEventId" FROM "PaymentEvent" ORDER BY 1`))
	require.Equal(t, []string{"evt_late_4", "evt_late_5"}, recorded)
}

// A group takes all that it can be sure of, and says of it what is said of each alone; it leaves who would have to
// wait, or can be refused, and does nothing about it.
func TestWhoGoesWithOthers(t *testing.T) {
	t.Parallel()
	w, _ := worlds(t)("who")
	const paid, unpaid, expired, refunded, dispute, foreign = 0, 1, 4, 5, 6, 8
	id := 0
	of := func(booking, kind int, with ...func(*told)) told {
		id++
		e := told{id: id, booking: booking, kind: kind, amount: 4500}
		for _, change := range with {
			change(&e)
		}
		return e
	}
	group := func(list ...told) []*member {
		members := make([]*member, len(list))
		for i, of := range list {
			members[i] = newMember(t.Context(), w.event(t, of))
		}
		w.finish(members)
		return members
	}
	live := func(e *told) { e.live = true }
	wrong := func(e *told) { e.amount++ }

	parked := w.deliver(t, of(0, dispute))
	require.Equal(t, []Reason{Parked}, parked)
	members := group(of(0, paid), of(4, paid, wrong), of(5, 2), of(2, expired), of(5, paid, live), of(0, foreign), of(3, paid, wrong))
	for i, want := range []Reason{Applied, AmountDiffers, SessionDiffers, NoChange, OtherLivemode, TypeNotHandled, AmountDiffers} {
		require.NoError(t, members[i].err, i)
		require.Equal(t, want, members[i].reason, i)
	}
	require.Len(t, members[0].settled, 1, "what was parked for it")
	require.Equal(t, string(Applied), members[0].settled[0].Reason)
	var booking struct{ Status, Dispute string }
	require.NoError(t, w.db.Get(&booking, `SELECT status, dispute FROM "Booking" WHERE id = $1`, w.booking(0)))
	require.Equal(t, "CONFIRMED open", booking.Status+" "+booking.Dispute)

	again := of(4, paid)
	copies := group(again, again, of(4, refunded))
	require.Equal(t, Applied, copies[0].reason)
	for _, m := range copies[1:] {
		require.ErrorIs(t, m.err, errAlone, "a statement does one thing to a booking")
	}
	require.Equal(t, EventSeen, group(again)[0].reason)

	var before int
	require.NoError(t, w.db.Get(&before, `SELECT count(*) FROM "PaymentEvent"`))
	held, err := w.db.Beginx()
	require.NoError(t, err)
	defer func() { _ = held.Rollback() }()
	_, err = held.Exec(`SELECT FROM "Booking" WHERE id = $1 FOR NO KEY UPDATE`, w.booking(5))
	require.NoError(t, err)
	_, err = held.Exec(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, fmt.Sprintf("pi_%s_4", w.name))
	require.NoError(t, err)
	beside := 0
	for what, of := range []told{
		of(1, paid),     // would give its booking a session
		of(1, unpaid),   // so would this
		of(2, paid),     // would bring its booking back to life
		of(3, paid),     // and this one violate a constraint by that
		of(5, paid),     // its booking is held by another transaction
		of(4, refunded), // and this one's intent
		of(9, paid),     // has no booking yet
	} {
		id++
		members := group(of, told{id: id, kind: foreign})
		require.ErrorIs(t, members[0].err, errAlone, what)
		require.NoError(t, members[1].err, "%d spoils nothing", what)
		beside++
	}
	var after int
	require.NoError(t, w.db.Get(&after, `SELECT count(*) FROM "PaymentEvent"`))
	require.Equal(t, before+beside, after)
	_, err = w.together(t.Context(), w.event(t, of(0, refunded, func(e *told) { e.unnamed = true })))
	require.ErrorIs(t, err, errAlone, "its booking is found in other ways")
}

// A group that has been taken is kept alive by nobody: not by the array in which it waited.
func TestWhoHasBeenTakenIsForgotten(t *testing.T) {
	t.Parallel()
	var g group
	var taken []weak.Pointer[member]
	for range 3 * maxGroup {
		m := newMember(t.Context(), event{})
		g.waiting, taken = append(g.waiting, m), append(taken, weak.Make(m))
	}
	require.Len(t, g.next(), maxGroup)
	require.Len(t, g.next(), maxGroup)
	runtime.GC()
	for i, m := range taken {
		require.Equal(t, i < 2*maxGroup, m.Value() == nil, i)
	}
	runtime.KeepAlive(&g)
}

// A group's bodies are together no larger than one alone may be.
func TestGroupsAreBounded(t *testing.T) {
	t.Parallel()
	size := func(bytes int) *member { return &member{event: event{payload: make([]byte, bytes)}} }
	var g group
	g.waiting = append(g.waiting, size(MaxBody-10), size(10), size(1), size(MaxBody), size(1), size(MaxBody+1), size(1))
	for range maxGroup {
		g.waiting = append(g.waiting, size(1))
	}
	g.leaders = 1
	for _, want := range []int{2, 1, 1, 1, 1, maxGroup, 1, 0} {
		require.Len(t, g.next(), want)
	}
	require.Zero(t, g.leaders)
}
