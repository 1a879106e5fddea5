package target

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAwait(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		doneAt time.Duration // negative is never
		want   bool
		took   time.Duration
		calls  int
	}{
		"done at once":                    {0, true, 0, 1},
		"done at the next call":           {time.Millisecond, true, 3 * time.Millisecond, 2},
		"done when the time is just over": {11 * time.Millisecond, true, 12 * time.Millisecond, 5},
		"never done":                      {-1, false, 12 * time.Millisecond, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began, calls := time.Now(), 0
				got, err := Await(t.Context(), 10*time.Millisecond, 3*time.Millisecond, func() bool {
					calls++
					return row.doneAt >= 0 && time.Since(began) >= row.doneAt
				})
				require.NoError(t, err)
				require.Equal(t, row.want, got)
				require.Equal(t, row.took, time.Since(began), "virtual time")
				require.Equal(t, row.calls, calls)
			})
		})
	}
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done, err := Await(ctx, time.Hour, time.Hour, func() bool { return false })
	require.False(t, done)
	require.ErrorIs(t, err, context.Canceled)
}
