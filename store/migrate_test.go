package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"github.com/stretchr/testify/require"
)

// PostgreSQL ends an autovacuum that keeps a statement waiting, but only after deadlock_timeout.
func TestAMigrationOutwaitsAutovacuum(t *testing.T) {
	t.Parallel()
	var milliseconds int64
	require.NoError(t, setup(t).db.Get(&milliseconds, `SELECT boot_val FROM pg_settings WHERE name = 'deadlock_timeout'`))
	require.Greater(t, migrationLockTimeout, time.Duration(milliseconds)*time.Millisecond)
}

func TestAMigrationIsTriedAgain(t *testing.T) {
	t.Parallel()
	locked := fmt.Errorf("ALTER TABLE: %w", &pq.Error{Code: pqerror.LockNotAvailable})
	other := errors.New("syntax")
	for name, row := range map[string]struct {
		fails int // so many tries get no lock
		then  error
		tries int
		want  error
	}{
		"no other session":        {0, nil, 1, nil},
		"a session that ends":     {3, nil, 4, nil},
		"one that does not":       {migrationTries, nil, migrationTries, ErrTableInUse},
		"a fault":                 {0, other, 1, other},
		"a fault after a lock":    {2, other, 3, other},
		"the caller has given up": {2, context.Canceled, 3, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start, tries := time.Now(), 0
				err := untilLocked(t.Context(), slog.New(slog.DiscardHandler), func() error {
					if tries++; tries <= row.fails {
						return locked
					}
					return row.then
				})
				require.ErrorIs(t, err, row.want)
				require.Equal(t, row.tries, tries)
				require.Equal(t, time.Duration(tries-1)*migrationPause, time.Since(start))
			})
		})
	}
	t.Run("the server is stopped while it waits", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithTimeout(t.Context(), migrationPause/2)
			defer stop()
			require.ErrorIs(t, untilLocked(ctx, slog.New(slog.DiscardHandler), func() error { return locked }), context.DeadlineExceeded)
		})
	})
	require.Equal(t, ErrTableInUse.Error(), Describe(fmt.Errorf("migrate: %w: %w", ErrTableInUse, locked)), "the operator learns what to do")
	require.Less(t, migrationLockTimeout, lockTimeout, "a request that waits behind a try outlives it")
	require.Less(t, migrationTries*(migrationPause+migrationLockTimeout), lockerWait, "before another replica gives up")
}
