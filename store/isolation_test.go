package store

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Who waited for an intent's lock sees what its holder has committed, though the database is set to show a
// transaction what was there when it began.
func TestIsolationIsOurs(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, err := s.db.Exec(`ALTER DATABASE ` + s.config.Database + ` SET default_transaction_isolation = 'repeatable read'`)
	require.NoError(t, err)
	again, err := Open(server.URL(s.config.Database))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, again.Close()) })
	intent := "pi_1"
	require.NoError(t, again.Transact(t.Context(), func(tx *Tx) error {
		require.NoError(t, tx.LockIntent(t.Context(), intent))
		require.NoError(t, s.Transact(t.Context(), func(other *Tx) error {
			_, err := other.Keep(t.Context(), []Entry{parked("evt_parked", intent)})
			return err
		}))
		parked, err := tx.Parked(t.Context(), intent)
		require.Len(t, parked, 1)
		return err
	}))
}
