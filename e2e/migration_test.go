package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A session that reads a table, a backup for example, makes a migration wait. The migration does not make deliveries
// wait in its turn: each of its tries gives up its place in the table's queue.
func TestAMigrationKeepsNoDeliveryWaiting(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	bookings := []map[string]any{e.book(), e.book()}
	_, err := e.db.Exec(`DELETE FROM goose_db_version WHERE version_id > 1`) // their statements can be done again
	require.NoError(t, err)
	reader, err := e.db.Begin()
	require.NoError(t, err)
	defer func() { _ = reader.Rollback() }()
	var events int
	require.NoError(t, reader.QueryRow(`SELECT count(*) FROM "PaymentEvent"`).Scan(&events))

	type end struct {
		stdout, stderr string
		code           int
	}
	ended := beside(func() (of end) {
		of.stdout, of.stderr, of.code = command(t, []string{"DATABASE_URL=" + e.config.DatabaseURL}, "", "migrate")
		return of
	})
	for _, b := range bookings {
		eventually(t, "the migration waits for the reader", func() (bool, string) {
			var waiting bool
			err := e.db.QueryRow(`
				SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database d ON d.oid = database
					WHERE datname = current_database() AND relation = '"PaymentEvent"'::regclass
						AND mode = 'AccessExclusiveLock' AND NOT granted)`).Scan(&waiting)
			require.NoError(t, err)
			return waiting, ""
		})
		require.Equal(t, 200, e.deliverPaid(b), "while the migration waits")
	}
	require.NoError(t, reader.Rollback())
	of := await(t, "the migration's end", ended)
	require.Zero(t, of.code, of.stderr)
	require.Contains(t, of.stderr, "Waiting for a table", "a line a try")
	require.Equal(t, "Applied 00002_payload_compression.sql, 00003_times_that_can_be_told.sql, 00004_refunds_one_by_one.sql.\n", of.stdout)
}
