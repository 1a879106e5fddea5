package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// amnesiac is a stall that keeps all in memory, and numbers its orders from 1 whenever it is started. Of an order that it
// does not know its state hook says what unknown does.
func amnesiac(t *testing.T, lie func(*stall), unknown func() (any, error)) *target.Target {
	t.Helper()
	s := openStall(t, lie)
	endpoint := s.target()
	number := 0
	endpoint.Subject = func(context.Context) (event.Subject, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		number++
		id := fmt.Sprint("order_", number)
		s.orders[id] = &stallOrder{}
		return event.Subject{"sessionId": "cs_test_" + event.Random(), "amount": 4500, "currency": "usd", "metadata.order": id, "metadata.shop": "ours-and-only-ours"}, nil
	}
	endpoint.Announce, endpoint.Counters = nil, nil
	state, stop := endpoint.State, endpoint.Stop
	endpoint.State = func(ctx context.Context, o event.Subject) (any, error) {
		s.mu.Lock()
		known := s.orders[o.Text("metadata.order")] != nil
		s.mu.Unlock()
		if !known {
			return unknown()
		}
		return state(ctx, o)
	}
	endpoint.Stop = func(ctx context.Context, how string) error {
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
	return endpoint
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
			memnet.Virtual(t, func(t *testing.T) {
				r, err := Judge(t.Context(), amnesiac(t, nil, unknown), Options{Seed: 1, Only: []string{"idempotence/redelivered", "idempotence/restart", "meaning/unpaid", "order/slow-payment", "faults/stopped", "faults/poisoned-by-garbage"}})
				require.NoError(t, err)
				restarts := []string{"idempotence/restart", "faults/stopped"}
				for _, f := range r.Findings {
					if !slices.Contains(restarts, f.Check) {
						require.NotEqual(t, result.Fail, f.Verdict, "%s: %s", f.Check, f.Why)
					}
				}
				f := findingOf(t, r, "idempotence/restart")
				require.Equal(t, result.Fail, f.Verdict, f.Why)
				require.Contains(t, f.Why, "after paid restart paid the state is lost, which was ")
				require.Equal(t, "rank 4", f.Expected["/status"])
				require.Contains(t, f.Fix, "in a database", "that copies are remembered would not mend it")
				stopped := findingOf(t, r, "faults/stopped")
				require.Equal(t, result.Fail, stopped.Verdict)
				require.Equal(t, f.Check, stopped.Because, stopped.Why)
				f = findingOf(t, r, "idempotence/redelivered")
				require.Equal(t, result.NotRun, f.Verdict, f.Why)
				require.True(t, f.Incomplete())
				require.Contains(t, f.Why, "the target was restarted meanwhile and has lost its state")
				require.Equal(t, result.Pass, findingOf(t, r, "faults/poisoned-by-garbage").Verdict, "what comes afterwards is judged")
			})
		})
	}
}

// A target that keeps its orders is judged to the end, though it counts something from 1 whenever it is started.
func TestANumberThatBeginsAgainIsNoLoss(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, nil).target()
		subject, stop := target.Subject, target.Stop
		var number atomic.Int64
		target.Subject = func(ctx context.Context) (event.Subject, error) {
			s, err := subject(ctx)
			s["requestNumber"] = fmt.Sprint("request ", number.Add(1))
			return s, err
		}
		target.Stop = func(ctx context.Context, how string) error { number.Store(0); return stop(ctx, how) }
		r, err := Judge(t.Context(), target, Options{Only: []string{"idempotence/redelivered", "idempotence/restart", "faults/stopped", "faults/poisoned-by-garbage"}})
		require.NoError(t, err)
		for _, f := range r.Findings {
			require.Equal(t, result.Pass, f.Verdict, "%s: %s", f.Check, f.Why)
		}
	})
}

func TestIssued(t *testing.T) {
	t.Parallel()
	var i issued
	i.note(event.Subject{"id": "order_1", "metadata.shop": "ours"}, 0)
	i.note(event.Subject{"id": "order_2", "metadata.shop": "ours"}, 0)
	i.note(event.Subject{"id": "order_1", "metadata.shop": "ours"}, 1)
	for name, row := range map[string]struct {
		s      event.Subject
		starts int64
		again  string
	}{
		"given again":         {event.Subject{"id": "order_1", "metadata.shop": "ours"}, 0, "id order_1"},
		"the one that has it": {event.Subject{"id": "order_1", "metadata.shop": "ours"}, 1, ""},
		"given once":          {event.Subject{"id": "order_2", "metadata.shop": "ours"}, 0, ""},
		"not given":           {event.Subject{"id": "order_3"}, 0, ""},
	} {
		require.Equal(t, row.again, i.again(row.s, row.starts), name)
	}
}

// Where a start loses everything, a state proves something only of what the history's own restart has lost, and of what was made
// after the last start.
func TestWhatAStartForgetsIsGone(t *testing.T) {
	t.Parallel()
	again := func(x *executor) { x.memory.issued.note(event.Subject{"id": "order_1"}, 2) }
	for name, row := range map[string]struct {
		h    History
		with func(*executor)
		gone string
	}{
		"made after the last start": {History{starts: 2, endStarts: 2}, nil, ""},
		"over before it":            {History{starts: 1, endStarts: 1}, nil, "the target has lost everything from before it was restarted"},
		"started by another":        {History{starts: 1, endStarts: 2}, nil, "the target has lost everything from before it was restarted"},
		"started by itself":         {History{starts: 1, endStarts: 2, Faulty: true}, nil, ""},
		"its id is another's now":   {History{starts: 1, endStarts: 2, Faulty: true}, again, "the target reuses ids, and id order_1 is another object's now"},
		"nothing is lost":           {History{starts: 1, endStarts: 1}, func(x *executor) { again(x); x.memory.forgetsAll = false }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := &executor{process: newProcess()}
			x.process.starts.Store(2)
			x.memory.forgetsAll = true
			if row.with != nil {
				row.with(x)
			}
			row.h.Subject = event.Subject{"id": "order_1"}
			require.Equal(t, row.gone, x.whyStateLost(&row.h))
		})
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
