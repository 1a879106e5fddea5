package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"strconv"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"example.com/hookproof/migrations"
)

// ErrSchemaNewer is the error of a database that was migrated by a newer binary than this one.
var ErrSchemaNewer = errors.New("the database's schema is newer than this binary")

// ErrTableInUse is the error of a migration that has got no lock on a table in any of its tries.
var ErrTableInUse = errors.New("another session has kept in use a table that a migration changes; " +
	"find it in pg_stat_activity, end it or wait for its end, and start again")

// ALTER TABLE waits for all who use the table, and whoever comes later waits behind it, deliveries too. So a
// migration's statement gives up its place in that queue after migrationLockTimeout, which is less than a delivery
// waits, and is tried again after migrationPause. It is more than PostgreSQL's deadlock_timeout, a second, after which
// an autovacuum that is in the way is ended.
const (
	migrationLockTimeout = 1500 * time.Millisecond
	migrationPause       = 2 * time.Second
	migrationTries       = 80
	// lockerWait is how long a replica waits for another one's migrations.
	lockerWait = 5 * time.Minute
)

// Migration is one numbered file and when it was applied; AppliedAt is zero while it is pending.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time
}

// Migrate applies the pending migrations and returns them. A migration is one transaction, or statements that can
// be done again, each of which is one. Replicas that start together are safe: they take a session's advisory lock in
// turn, and those that come later find nothing to do. What waits for another session's end is logged.
func (s *Store) Migrate(ctx context.Context, log *slog.Logger) (applied []string, err error) {
	err = s.withMigrations(ctx, func(provider *goose.Provider) error {
		if err := refuseNewer(ctx, provider); err != nil {
			return err
		}
		return untilLocked(ctx, log, func() error {
			results, err := provider.Up(ctx)
			var failed *goose.PartialError
			if errors.As(err, &failed) {
				results = failed.Applied
			}
			for _, result := range results {
				applied = append(applied, result.Source.Path)
			}
			return err
		})
	})
	return applied, err
}

// untilLocked calls up again while it gets no lock on a table.
func untilLocked(ctx context.Context, log *slog.Logger, up func() error) error {
	for try := 1; ; try++ {
		err := up()
		switch {
		case err == nil:
			return nil
		case pq.As(err, pqerror.LockNotAvailable) == nil:
			return fmt.Errorf("migrate: %w", err)
		case try == migrationTries:
			return fmt.Errorf("migrate: %w: %w", ErrTableInUse, err)
		}
		attrs := []any{"try", try, "tries", migrationTries}
		var failed *goose.PartialError
		if errors.As(err, &failed) {
			attrs = append(attrs, "migration", path.Base(failed.Failed.Source.Path))
		}
		log.Warn("Waiting for a table that another session uses", attrs...)
		select {
		case <-time.After(migrationPause):
		case <-ctx.Done():
			return fmt.Errorf("migrate: %w", ctx.Err())
		}
	}
}

// Migrations lists every migration of this binary and whether the database has it. It changes
// nothing of the schema.
func (s *Store) Migrations(ctx context.Context) (list []Migration, err error) {
	err = s.withMigrations(ctx, func(provider *goose.Provider) error {
		if err := refuseNewer(ctx, provider); err != nil {
			return err
		}
		all, err := provider.Status(ctx)
		if err != nil {
			return fmt.Errorf("migration status: %w", err)
		}
		for _, m := range all {
			list = append(list, Migration{Version: m.Source.Version, Name: m.Source.Path, AppliedAt: m.AppliedAt})
		}
		return nil
	})
	return list, err
}

const migratedSQL = `SELECT max(version_id) FROM goose_db_version WHERE is_applied`

// Migrated reports whether every migration of this binary has been applied. One statement, cheap enough
// for a readiness probe; a database that was never migrated is not an error. A schema that is newer is
// no hindrance here: during a rolling deployment the old replicas go on.
func (s *Store) Migrated(ctx context.Context) (bool, error) {
	var version int64
	err := s.db.GetContext(ctx, &version, migratedSQL)
	if pq.As(err, pqerror.UndefinedTable) != nil {
		return false, nil
	}
	return version >= latest, err
}

// latest is the newest migration that this binary knows.
var latest = func() int64 {
	sources, err := goose.NewProvider(goose.DialectPostgres, new(sql.DB), migrations.Files)
	if err != nil {
		panic(fmt.Sprintf("store: embedded migrations: %v", err)) // a fault of the build, seen by every test
	}
	var newest int64
	for _, source := range sources.ListSources() {
		newest = max(newest, source.Version)
	}
	return newest
}()

// withMigrations gives f goose on a connection of its own, without the pool's time limits: building an
// index on a large table may take minutes of silence. No statement waits long for a lock, but where a migration
// says otherwise.
func (s *Store) withMigrations(ctx context.Context, f func(*goose.Provider) error) error {
	config := s.config.Clone()
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	if config.Runtime == nil {
		config.Runtime = map[string]string{}
	}
	config.Runtime["lock_timeout"] = strconv.FormatInt(migrationLockTimeout.Milliseconds(), 10)
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return fmt.Errorf("the database's address cannot be used")
	}
	db := sql.OpenDB(connector)
	defer func() { _ = db.Close() }()
	// A replica waits for another one's migrations, asking every second.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, uint64(lockerWait/time.Second)))
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.Files, goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	return f(provider)
}

func refuseNewer(ctx context.Context, provider *goose.Provider) error {
	version, err := provider.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("migration status: %w", err)
	}
	if version > latest {
		return fmt.Errorf("%w: it has migration %d, this binary knows up to %d; deploy the newer binary again", ErrSchemaNewer, version, latest)
	}
	return nil
}
