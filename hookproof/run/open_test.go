package run

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/target"
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

// A target that was up before the run is up again, and connects to a proxy that is closed: the report says so, and what to do.
func TestARunSaysWhereTheTargetConnectsAfterwards(t *testing.T) {
	t.Parallel()
	const told = "The target still connects to 127.0.0.1:0 (database.listen), which is closed now, so its requests will fail: " +
		"start it again with the database's own address, 127.0.0.1:5432."
	for name, row := range map[string]struct {
		database, up bool
		want         string
	}{
		"it was up":                  {true, true, told},
		"it was down, and is so now": {true, false, ""},
		"no database":                {false, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint := openStall(t, nil).target()
			if row.database {
				endpoint.Database = &target.Database{Listen: "127.0.0.1:0", Upstream: "127.0.0.1:5432"}
			}
			if !row.up {
				require.NoError(t, endpoint.Stop(t.Context(), "stop"))
			}
			r, err := Judge(t.Context(), endpoint, Options{Only: []string{"authenticity/genuine"}})
			require.NoError(t, err)
			require.Equal(t, row.want, r.Afterwards)

			failing := *endpoint
			failing.Subject = func(context.Context) (event.Subject, error) { return nil, errors.New("no order today") }
			r, err = Judge(t.Context(), &failing, Options{})
			require.Error(t, err)
			require.Equal(t, row.want, r.Afterwards, "also if the run could not begin")
		})
	}
}
