package e2e

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof"
	"example.com/hookproof/hookproof/life"
)

// Two servers on one database share nothing else: what keeps an event from being applied twice must be in
// the database.

// replica starts a second server on the environment's database.
func (e *env) replica() running {
	e.t.Helper()
	second, err := startInProcess(e.config)
	require.NoError(e.t, err)
	e.t.Cleanup(func() { require.NoError(e.t, second.end(true)) })
	return second
}

// TestReplicasRace has both servers past their look for duplicates before either has recorded: the
// booking's row is held until both wait for it.
func TestReplicasRace(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"checkout.session.expired", "checkout.session.completed"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			second := e.replica()
			subject := subjectOf(e.book())
			event, err := life.Payment.New(name, subject)
			require.NoError(t, err)
			release, err := e.hold(t.Context(), subject)
			require.NoError(t, err)

			var group sync.WaitGroup
			statuses := make([]int, 2)
			for i, url := range []string{e.running.url(), second.url()} {
				group.Go(func() {
					target := hookproof.Target{URL: url + "/webhooks/stripe", Secret: webhookSecret}
					statuses[i] = target.Deliver(context.WithoutCancel(t.Context()), event, "genuine").Status
				})
			}
			e.awaitLocks(2)
			require.NoError(t, release())
			group.Wait()
			require.Equal(t, []int{200, 200}, statuses)
			got := e.counts().plus(e.countsOf(second))
			require.Equal(t, counts{Received: 2, Processed: 1, Duplicates: 1}, got)
			e.auditBookings()
		})
	}
}

// TestReplicasUnderLoad spreads many copies and many facts over both servers.
func TestReplicasUnderLoad(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	second := e.replica()
	const subjects, copies = 5, 8
	var group sync.WaitGroup
	statuses := make(chan int, subjects*copies*3)
	for range subjects {
		subject := subjectOf(e.book())
		for _, name := range []string{"checkout.session.completed", "charge.refunded", "charge.dispute.created"} {
			event, err := life.Payment.New(name, subject)
			require.NoError(t, err)
			for i := range copies {
				target := hookproof.Target{URL: []string{e.running.url(), second.url()}[i%2] + "/webhooks/stripe", Secret: webhookSecret}
				group.Go(func() {
					statuses <- target.Deliver(context.WithoutCancel(t.Context()), event, "genuine").Status
				})
			}
		}
	}
	group.Wait()
	close(statuses)
	for status := range statuses {
		require.Equal(t, 200, status)
	}
	got := e.counts().plus(e.countsOf(second))
	require.Equal(t, counts{Received: subjects * copies * 3, Processed: subjects * 3, Duplicates: subjects * 3 * (copies - 1)}, got)
	e.auditBookings()
	var refunded int
	require.NoError(t, e.db.QueryRow(`SELECT count(*) FROM "Booking" WHERE status = 'REFUNDED' AND dispute = 'open'`).Scan(&refunded))
	require.Equal(t, subjects, refunded)
}
