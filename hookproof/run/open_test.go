package run

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/memnet"
)

// Whoever interrupts a run while the target is down finds it running afterwards, as it was before.
func TestAnInterruptedRunLeavesTheTargetRunning(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, nil).target()
		ctx, cancel := context.WithCancel(t.Context())
		stop := target.Stop
		target.Stop = func(ctx context.Context, how string) error { defer cancel(); return stop(ctx, how) }
		start := target.Start
		target.Start = func(ctx context.Context) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return start(ctx)
		}
		_, err := Judge(ctx, target, Options{Only: []string{"idempotence/restart"}})
		require.ErrorIs(t, err, context.Canceled)
		require.True(t, target.Listens())
	})
}

func TestATargetMayListenALittleAfterItsStartHook(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, nil).target()
		start := target.Start
		target.Start = func(ctx context.Context) error {
			time.AfterFunc(200*time.Millisecond, func() { _ = start(ctx) })
			return nil
		}
		require.NoError(t, target.Stop(t.Context(), "stop"))
		stop, stopped := target.Stop, false
		target.Stop = func(ctx context.Context, how string) error { stopped = true; return stop(ctx, how) }
		closing, err := target.Open(t.Context())
		require.NoError(t, err)
		require.True(t, target.Listens())
		require.NoError(t, closing(t.Context(), nil))
		require.True(t, stopped, "what was down before is down again")
	})
}
