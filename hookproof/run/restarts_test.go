package run

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// What the executor does when a target's process has ended, or is to end.

func refusedDelivery() target.Delivery {
	return target.Delivery{Err: &net.OpError{Op: "dial", Err: fmt.Errorf("connect: %w", syscall.ECONNREFUSED)}}
}

// A process has ended by what was delivered where an answer is missing and nobody listens, or somebody listens again and a
// connection was refused, or somebody has started it meanwhile. What we stop ourselves is no end of its own.
func TestAnEndIsNoticed(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		deliveries []target.Delivery
		stopped    bool // before it is looked at
		faulty     bool
		ended      int64 // how often, when the history began, less than now
		want       bool
		starts     int64
	}{
		"answered":                        {deliveries: []target.Delivery{{Status: 500}}, stopped: true},
		"no answer, and it listens":       {deliveries: []target.Delivery{{Status: 200}, {Err: errors.New("nothing in time")}}},
		"no answer, and it does not":      {deliveries: []target.Delivery{{Err: errors.New("EOF")}, {Status: 200}}, stopped: true, want: true, starts: 1},
		"refused, and it listens again":   {deliveries: []target.Delivery{refusedDelivery()}, want: true},
		"started again meanwhile":         {deliveries: []target.Delivery{{Err: errors.New("EOF")}}, ended: 1, want: true},
		"refused by a fault of ours":      {deliveries: []target.Delivery{refusedDelivery()}, ended: 1, faulty: true},
		"a fault of ours, and it is away": {deliveries: []target.Delivery{refusedDelivery()}, faulty: true, stopped: true, want: true, starts: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				s := openStall(t, nil)
				x := pipelineOf(t, s.target()).executor
				if row.stopped {
					require.NoError(t, s.stop())
				}
				h := &History{Deliveries: row.deliveries, Faulty: row.faulty, ends: x.ends.Load()}
				x.ends.Add(row.ended)
				require.NoError(t, x.noticeEnd(t.Context(), h))
				require.Equal(t, row.want, h.Ended)
				require.Equal(t, row.starts, x.process.starts.Load())
				require.True(t, x.target.Listens() || !row.want)
			})
		})
	}
}

// A process that nobody can start again has ended all the same.
func TestAnEndIsNoticedWithoutAStartHook(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, nil)
		endpoint := s.target()
		endpoint.Start = nil
		x := pipelineOf(t, endpoint).executor
		require.NoError(t, s.stop())
		h := &History{Deliveries: []target.Delivery{{}}}
		require.NoError(t, x.noticeEnd(t.Context(), h))
		require.True(t, h.Ended)
		require.False(t, endpoint.Listens())
	})
}

// A process that has ended is started once, however many come upon it.
func TestAProcessIsRevivedOnce(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, nil)
		target := s.target()
		x := pipelineOf(t, target).executor
		revived, err := x.revive(t.Context())
		require.NoError(t, err)
		require.False(t, revived, "it runs")

		require.NoError(t, s.stop())
		var group sync.WaitGroup
		var said atomic.Int64
		for range 8 {
			group.Go(func() {
				if revived, err := x.revive(t.Context()); err == nil && revived {
					said.Add(1)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, 1, x.process.starts.Load())
		require.EqualValues(t, 1, x.ends.Load())
		require.EqualValues(t, 1, x.budget.calls.Load())
		require.Positive(t, said.Load())
		require.True(t, target.Listens())
		require.True(t, x.recovering(), "its pools are empty")
	})
}

// Whoever waits for another that starts the process learns of its start, and of the end of the run.
func TestARevivalIsWaitedFor(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, nil)
		x := pipelineOf(t, s.target()).executor
		require.NoError(t, s.stop())
		x.process.turn <- struct{}{}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := x.revive(ctx)
		require.ErrorIs(t, err, context.Canceled)

		type answer struct {
			revived bool
			err     error
		}
		waiting := make(chan answer)
		go func() {
			revived, err := x.revive(t.Context())
			waiting <- answer{revived, err}
		}()
		require.NoError(t, s.start())
		<-x.process.turn
		got := <-waiting
		require.NoError(t, got.err)
		require.EqualValues(t, 0, x.process.starts.Load(), "somebody else has")
	})
}

// A start hook that fails ends the run, as any hook does.
func TestAStartHookThatFails(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, nil)
		endpoint := s.target()
		endpoint.Start = func(context.Context) error { return errors.New("out of order") }
		x := pipelineOf(t, endpoint).executor
		require.NoError(t, s.stop())
		var failed *target.HookError
		_, err := x.revive(t.Context())
		require.ErrorAs(t, err, &failed)
		require.Equal(t, "start", failed.Hook)
		require.ErrorAs(t, x.noticeEnd(t.Context(), &History{Deliveries: []target.Delivery{{}}}), &failed)
		require.ErrorAs(t, x.ask(t.Context(), func() error { return errors.New("nobody listens") }), &failed)
		require.Equal(t, "start", failed.Hook)
	})
}

// Something may watch the process, and start it again within a moment.
func TestAProcessMayReturnByItself(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, nil)
		target := s.target()
		target.Timings.Respawn = time.Minute
		x := pipelineOf(t, target).executor
		require.True(t, x.comesBack(t.Context()))
		require.NoError(t, s.stop())
		returned := make(chan bool)
		go func() { returned <- x.comesBack(t.Context()) }()
		require.NoError(t, s.start())
		require.True(t, <-returned)

		require.NoError(t, s.stop())
		x.timings.Respawn = time.Millisecond
		require.False(t, x.comesBack(t.Context()))
		x.timings.Respawn = time.Hour
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.False(t, x.comesBack(ctx))
	})
}

// A target that is stopped and started is read before that, killed, and shown as that in a timeline.
func TestARestart(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, nil)
		endpoint := s.target()
		var did []string
		stop, start, state := endpoint.Stop, endpoint.Start, endpoint.State
		endpoint.State = func(ctx context.Context, o event.Subject) (any, error) {
			did = append(did, "state")
			return state(ctx, o)
		}
		endpoint.Stop = func(ctx context.Context, how string) error { did = append(did, how); return stop(ctx, how) }
		endpoint.Start = func(ctx context.Context) error { did = append(did, "start"); return start(ctx) }
		x := pipelineOf(t, endpoint).executor
		x.timings.CoolDown = 0 // a hook that fails is asked once
		h, err := x.deliverFresh(t.Context(), nil)
		require.NoError(t, err)
		calls := x.budget.calls.Load()
		require.NoError(t, x.restart(t.Context(), h))
		require.Equal(t, []string{"state", "kill", "start"}, did)
		require.Equal(t, `"rank 0"`, h.Before["/status"])
		require.Nil(t, h.State, "it is read anew")
		require.Equal(t, "stopped and started", h.Between[0].Fault)
		require.False(t, h.Between[0].SentAt.IsZero())
		require.EqualValues(t, 3, x.budget.calls.Load()-calls, "each hook is counted")

		for hook, with := range map[string]func(){
			"state": func() {
				endpoint.State = func(context.Context, event.Subject) (any, error) { return nil, errors.New("out of order") }
			},
			"stop": func() {
				endpoint.State = state
				endpoint.Stop = func(context.Context, string) error { return errors.New("out of order") }
			},
		} {
			did = nil
			with()
			var failed *target.HookError
			require.ErrorAs(t, x.restart(t.Context(), h), &failed)
			require.Equal(t, hook, failed.Hook)
			require.Empty(t, did, "what could not be stopped is not started")
			endpoint.State, endpoint.Stop = state, stop
		}
	})
}

// What a stop hook has ended is started, also where something else has failed. What it could not end is not.
func TestWhatWasStoppedIsStarted(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		stopped, other := errors.New("it did not stop"), errors.New("another error")
		for name, row := range map[string]struct {
			stopped, other error
			starts         int64
		}{"nothing failed": {nil, nil, 1}, "another": {nil, other, 1}, "the stop": {stopped, nil, 0}, "both": {stopped, other, 0}} {
			x := pipelineOf(t, openStall(t, nil).target()).executor
			x.target.Start = func(context.Context) error { return nil }
			err := x.startAfter(t.Context(), row.stopped, row.other)
			require.Equal(t, row.stopped != nil, errors.Is(err, stopped), name)
			require.Equal(t, row.other != nil, errors.Is(err, other), name)
			require.Equal(t, row.starts, x.process.starts.Load(), name)
		}
	})
}

// A state hook that fails of what was made before a restart, and answers of what is made after it, has lost a state. That is
// the target's fault where we have made it fail, and else no evidence.
func TestALostSubjectIsToldFromAHookThatFails(t *testing.T) {
	t.Parallel()
	whyStateLost := errors.New("no such order")
	for name, row := range map[string]struct {
		with      func(x *executor, h *History)
		state     error // of a fresh subject
		lost      bool
		why       string // of what is answered; "" is nothing
		fresh     int64  // how often a fresh subject was asked for
		NoHook    bool   // what is answered is the hook's failure itself
		cancelled bool
	}{
		"a fault of ours":         {with: func(x *executor, h *History) { h.Faulty = true }, lost: true, fresh: 1},
		"another's fault":         {with: func(*executor, *History) {}, why: lostState, fresh: 1},
		"it was never started":    {with: func(x *executor, h *History) { h.Faulty, h.starts = true, x.process.starts.Load() }, NoHook: true},
		"no fresh subject":        {with: func(x *executor, h *History) { h.Faulty, x.target.Subject = true, nil }, NoHook: true},
		"the run has ended":       {with: func(_ *executor, h *History) { h.Faulty = true }, NoHook: true, cancelled: true},
		"it fails of a fresh one": {with: func(_ *executor, h *History) { h.Faulty = true }, state: whyStateLost, why: "after the target was stopped and started: no such order", fresh: 1},
		"that is known already":   {with: func(x *executor, h *History) { h.Faulty = true; x.memory.forgetsSome = true }, lost: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				target := openStall(t, nil).target()
				var fresh atomic.Int64
				subject := target.Subject
				target.Subject = func(ctx context.Context) (event.Subject, error) { fresh.Add(1); return subject(ctx) }
				target.State = func(context.Context, event.Subject) (any, error) { return nil, row.state }
				x := pipelineOf(t, target).executor
				x.process.starts.Add(1)
				h := &History{endStarts: 1}
				row.with(x, h)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if row.cancelled {
					cancel()
				}
				err := x.checkSubjectLost(ctx, h, whyStateLost)
				require.Equal(t, row.fresh, fresh.Load())
				require.Equal(t, row.lost, h.Lost != "")
				switch {
				case row.NoHook:
					require.Equal(t, whyStateLost, err)
				case row.why != "":
					require.EqualError(t, err, row.why)
					require.Equal(t, row.why == lostState, result.AsReason(err) != nil)
				default:
					require.NoError(t, err)
					require.NoError(t, x.checkSubjectLost(ctx, h, whyStateLost), "it is read twice")
					require.Len(t, h.Between, 1)
					require.Equal(t, "the state hook: no such order", h.Between[0].Fault)
					require.Equal(t, row.fresh, fresh.Load(), "that a restart forgets is found out once")
				}
			})
		})
	}
}

// For a while after a fault hooks may fail, and are asked again.
func TestARecovery(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		x := pipelineOf(t, openStall(t, nil).target()).executor
		require.False(t, x.recovering(), "there was no fault")
		x.faultOver()
		require.True(t, x.recovering())
		x.lastFault = time.Now().Add(-2 * x.timings.CoolDown)
		require.False(t, x.recovering())

		x.faultOver()
		asked := 0
		require.NoError(t, x.ask(t.Context(), func() error {
			if asked++; asked < 3 {
				return errors.New("its connection is dead")
			}
			return nil
		}))
		require.Equal(t, 3, asked)
		require.EqualValues(t, 3, x.budget.calls.Load())
	})
}

// A hook that fails though its process was started again each time is a hook that fails.
func TestAHookThatEndsTheProcessIsAskedAFewTimes(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, nil)
		x := pipelineOf(t, s.target()).executor
		x.timings.CoolDown = 0 // so that nothing recovers
		broken, asked := errors.New("it ends the process"), 0
		require.Equal(t, broken, x.ask(t.Context(), func() error { asked++; require.NoError(t, s.stop()); return broken }))
		require.Equal(t, revivals+1, asked)
	})
}

// Answers are not judged from the phase of the faults on, up to the end of that of what comes after them, which is begun when
// they are over.
func TestPhasesAreEntered(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		x := pipelineOf(t, openStall(t, nil).target()).executor
		x.timings.CoolDown = time.Millisecond
		for _, phase := range []check.Phase{check.Direct, check.Shared, check.Crowded} {
			require.NoError(t, x.enterPhase(t.Context(), phase))
			require.Equal(t, period{}, x.faults)
		}
		require.NoError(t, x.enterPhase(t.Context(), check.Exclusive))
		require.False(t, x.faults.from.IsZero())
		require.True(t, x.faults.to.IsZero())
		require.NoError(t, x.enterPhase(t.Context(), check.Poisoned))
		end := x.faults.to
		require.False(t, end.IsZero())
		time.Sleep(time.Second) // of the virtual clock
		require.NoError(t, x.enterPhase(t.Context(), check.Last))
		require.Equal(t, end, x.faults.to, "it ended once")

		x.timings.CoolDown = time.Hour
		x.faultOver()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, x.enterPhase(ctx, check.Exclusive), "a fault need not wait for the one before")
		require.ErrorIs(t, x.enterPhase(ctx, check.Last), context.Canceled)
	})
}
