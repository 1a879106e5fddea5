package run

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// forgetful is a stall that keeps its orders in memory alone, and whose state hook fails for an order that it does
// not know. It acknowledges events of such an order or, as it should, does not.
func forgetful(t *testing.T, acknowledges bool) *target.Target {
	s := openStall(t, func(s *stall) {
		s.answer = func(_ int, _ http.ResponseWriter, _ *http.Request, body []byte) bool {
			var e stallEvent
			s.mu.Lock()
			defer s.mu.Unlock()
			return acknowledges && endpointtest.Unmarshal(body, &e) == nil && e.Data.Object.Metadata["order"] != "" && s.orders[e.Data.Object.Metadata["order"]] == nil
		}
	})
	endpoint := s.target()
	state, stop := endpoint.State, endpoint.Stop
	endpoint.State = func(ctx context.Context, o event.Subject) (any, error) {
		s.mu.Lock()
		known := s.orders[o.Text("metadata.order")] != nil
		s.mu.Unlock()
		if !known {
			return nil, errors.New("the order page answered 404")
		}
		return state(ctx, o)
	}
	endpoint.Stop = func(ctx context.Context, how string) error {
		err := stop(ctx, how)
		s.mu.Lock()
		defer s.mu.Unlock()
		clear(s.orders)
		clear(s.seen)
		return err
	}
	return endpoint
}

// An order that a restart has lost is a failure of the target, and no hook that fails: of what is made afterwards the
// hook has an answer. What else was to be read then is not judged.
func TestWhatARestartLosesIsAFailure(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := forgetful(t, false)
		r, err := Judge(t.Context(), target, Options{Only: []string{"idempotence/restart", "idempotence/redelivered", "meaning/refund"}})
		require.NoError(t, err)
		f := findingOf(t, r, "idempotence/restart")
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.Contains(t, f.Why, "after paid restart paid the state is lost", "what was acknowledged before is not told to be never acknowledged")
		require.True(t, slices.ContainsFunc(f.Timeline, func(s result.Sent) bool { return s.Fault == "stopped and started" }), "%v", f.Timeline)
		for _, check := range []string{"idempotence/redelivered", "meaning/refund"} {
			f := findingOf(t, r, check)
			require.Equal(t, result.NotRun, f.Verdict, "%s: %s", check, f.Why)
			require.True(t, f.Incomplete())
			require.Contains(t, f.Why, "the target was restarted meanwhile and has lost its state")
		}
	})
}

// One that acknowledges what it does not know loses silently, which the state hook alone shows.
func TestWhatARestartLosesSilentlyIsAFailure(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := forgetful(t, true)
		r, err := Judge(t.Context(), target, Options{Only: []string{"idempotence/restart", "faults/stopped"}})
		require.NoError(t, err)
		f := findingOf(t, r, "idempotence/restart")
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.Contains(t, f.Why, `after paid restart paid the state is lost, which was /dispute "", /refunded 0, /shipped 1 … before the restart`)
		require.Contains(t, f.Why, "for this one it says: the order page answered 404")
		require.Equal(t, "rank 4", f.Expected["/status"])
		require.Nil(t, f.Actual)
		require.Contains(t, findingOf(t, r, "faults/stopped").Why, "after paid, stopped the state is lost: the state hook works")
		require.Equal(t, "paid", f.Timeline[0].Event)
		require.Equal(t, "stopped and started", f.Timeline[1].Fault)
		require.Equal(t, "paid", f.Timeline[2].Event)
		require.Equal(t, "the state hook: the order page answered 404", f.Timeline[len(f.Timeline)-1].Fault)
		asked := slices.DeleteFunc(slices.Clone(f.Timeline), func(s result.Sent) bool { return !strings.HasPrefix(s.Fault, "the state hook:") })
		require.Len(t, asked, 1, "once, however often it was asked")
	})
}

// A state hook that has no answer for anything after a restart is a hook that fails, and says after what.
func TestAStateHookThatDoesNotComeBackIsNoVerdict(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		endpoint := forgetful(t, true)
		state := endpoint.State
		var stopped atomic.Bool
		stop := endpoint.Stop
		endpoint.Stop = func(ctx context.Context, how string) error { stopped.Store(true); return stop(ctx, how) }
		endpoint.State = func(ctx context.Context, o event.Subject) (any, error) {
			if stopped.Load() {
				return nil, errors.New("no way to it")
			}
			return state(ctx, o)
		}
		_, err := Judge(t.Context(), endpoint, Options{Only: []string{"faults/stopped"}})
		var failed *target.HookError
		require.ErrorAs(t, err, &failed)
		require.EqualError(t, failed, "the hook state: after the target was stopped and started: no way to it")
	})
}
