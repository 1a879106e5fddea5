package hookproof

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patient gives a target all the time that a busy machine may need, and a run as well: nothing waits for it that goes well.
func patient(target *Target, options Options) (*Target, Options) {
	target.Timings.Answer, target.Timings.Flight = time.Minute, time.Minute
	options.Budget = 10 * time.Minute
	return target, options
}

// amnesiac is a stall that keeps all in memory, and numbers its orders from 1 whenever it is started. Of an order that it
// does not know its state hook says what unknown does.
func amnesiac(t *testing.T, lie func(*stall), unknown func() (any, error)) *Target {
	t.Helper()
	s := openStall(t, lie)
	target := s.target()
	number := 0
	target.Subject = func(context.Context) (Subject, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		number++
		id := fmt.Sprint("order_", number)
		s.orders[id] = &stallOrder{}
		return Subject{"sessionId": "cs_test_" + random(), "amount": 4500, "currency": "usd", "metadata.order": id, "metadata.shop": "ours-and-only-ours"}, nil
	}
	target.Announce, target.Counters = nil, nil
	state, stop := target.State, target.Stop
	target.State = func(ctx context.Context, o Subject) (any, error) {
		s.mu.Lock()
		known := s.orders[o.text("metadata.order")] != nil
		s.mu.Unlock()
		if !known {
			return unknown()
		}
		return state(ctx, o)
	}
	target.Stop = func(ctx context.Context, how string) error {
		err := stop(ctx, how)
		s.mu.Lock()
		defer s.mu.Unlock()
		number = 0
		clear(s.orders)
		clear(s.seen)
		clear(s.intents)
		clear(s.parked)
		return err
	}
	return target
}

// What a restart has lost is no evidence of anything but that: neither where the state hook fails for it, nor where it shows
// an order of nothing, nor where the same id is given to another order.
func TestARestartThatBeginsAgainAccusesOnlyItself(t *testing.T) {
	t.Parallel()
	for name, unknown := range map[string]func() (any, error){
		"not found": func() (any, error) { return nil, errors.New("the order page answered 404") },
		"null":      func() (any, error) { return nil, nil },
		"as if it were new": func() (any, error) {
			return map[string]any{"status": "rank 0", "shipped": 0, "refunded": 0, "dispute": ""}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, options := patient(amnesiac(t, nil, unknown), Options{Seed: 1, Only: []string{"idempotence/redelivered", "idempotence/restart", "meaning/unpaid", "order/slow-payment", "faults/stopped", "faults/poisoned-by-garbage"}})
			r, err := Judge(t.Context(), target, options)
			require.NoError(t, err)
			restarts := []string{"idempotence/restart", "faults/stopped"}
			for _, f := range r.Findings {
				if !slices.Contains(restarts, f.Check) {
					require.NotEqual(t, Fail, f.Verdict, "%s: %s", f.Check, f.Why)
				}
			}
			f := findingOf(t, r, "idempotence/restart")
			require.Equal(t, Fail, f.Verdict, f.Why)
			require.Contains(t, f.Why, "after paid restart paid the state is lost, which was ")
			require.Equal(t, "rank 4", f.Expected["/status"])
			require.Contains(t, f.Mend, "in a database", "that copies are remembered would not mend it")
			stopped := findingOf(t, r, "faults/stopped")
			require.Equal(t, Fail, stopped.Verdict)
			require.Equal(t, f.Check, stopped.Because, stopped.Why)
			f = findingOf(t, r, "idempotence/redelivered")
			require.Equal(t, NotRun, f.Verdict, f.Why)
			require.True(t, f.Lacking)
			require.Contains(t, f.Why, "the target was restarted meanwhile and has lost its state")
			require.Equal(t, Pass, findingOf(t, r, "faults/poisoned-by-garbage").Verdict, "what comes afterwards is judged")
		})
	}
}

// A target that keeps its orders is judged to the end, though it counts something from 1 whenever it is started.
func TestANumberThatBeginsAgainIsNoLoss(t *testing.T) {
	t.Parallel()
	target := openStall(t, nil).target()
	subject, stop := target.Subject, target.Stop
	var number atomic.Int64
	target.Subject = func(ctx context.Context) (Subject, error) {
		s, err := subject(ctx)
		s["requestNumber"] = fmt.Sprint("request ", number.Add(1))
		return s, err
	}
	target.Stop = func(ctx context.Context, how string) error { number.Store(0); return stop(ctx, how) }
	target, options := patient(target, Options{Only: []string{"idempotence/redelivered", "idempotence/restart", "faults/stopped", "faults/poisoned-by-garbage"}})
	r, err := Judge(t.Context(), target, options)
	require.NoError(t, err)
	for _, f := range r.Findings {
		require.Equal(t, Pass, f.Verdict, "%s: %s", f.Check, f.Why)
	}
}

func TestIssued(t *testing.T) {
	t.Parallel()
	var i issued
	i.note(Subject{"id": "order_1", "metadata.shop": "ours"}, 0)
	i.note(Subject{"id": "order_2", "metadata.shop": "ours"}, 0)
	i.note(Subject{"id": "order_1", "metadata.shop": "ours"}, 1)
	for name, row := range map[string]struct {
		s      Subject
		starts int64
		again  string
	}{
		"given again":         {Subject{"id": "order_1", "metadata.shop": "ours"}, 0, "id order_1"},
		"the one that has it": {Subject{"id": "order_1", "metadata.shop": "ours"}, 1, ""},
		"given once":          {Subject{"id": "order_2", "metadata.shop": "ours"}, 0, ""},
		"not given":           {Subject{"id": "order_3"}, 0, ""},
	} {
		require.Equal(t, row.again, i.again(row.s, row.starts), name)
	}
}

func TestKeeps(t *testing.T) {
	t.Parallel()
	fresh, paid := normalized{"/status": `"open"`}, normalized{"/status": `"paid"`, "/mails/0": `"thanks"`, "/amount": "4500"}
	for name, row := range map[string]struct {
		state normalized
		keeps bool
	}{
		"as it was":       {paid, true},
		"what is left":    {normalized{"/status": `"shipped"`, "/amount": "4500"}, true},
		"as if it is new": {fresh, false},
		"nothing":         {normalized{"": "null"}, false},
	} {
		require.Equal(t, row.keeps, row.state.keeps(paid, fresh), name)
	}
}
