package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"time"

	"example.com/hookproof/store"
)

// askTime is for one question to the database while starting.
const askTime = 4 * time.Second

// prepareDatabase waits until the database answers, looks whether it keeps what it commits, and migrates it.
func prepareDatabase(ctx context.Context, db *store.Store, c Config) error {
	if err := WaitForDatabase(ctx, db, c.DatabaseWait, c.Log); err != nil {
		return err
	}
	if err := checkDurability(ctx, db, c.AllowAsynchronousCommit, c.Log); err != nil {
		return err
	}
	return migrate(ctx, db, c.Log)
}

// WaitForDatabase asks the database once a second until it answers, for at most the given time; 0 asks
// once. A database that is there and refuses us is not waited for.
func WaitForDatabase(ctx context.Context, db *store.Store, patience time.Duration, log *slog.Logger) error {
	deadline := time.Now().Add(patience)
	for {
		attempt, cancel := context.WithTimeout(ctx, askTime)
		err := db.Ping(attempt)
		cancel()
		if err == nil {
			return nil
		}
		why, final := db.Refusal(err)
		if final {
			return fmt.Errorf("the database at %s %s", db.Address(), why)
		}
		if ctx.Err() != nil || time.Now().Add(time.Second).After(deadline) {
			if why != "" {
				why = "; one of its hosts " + why
			}
			return fmt.Errorf("the database at %s did not answer within %s (%s); is it running, and is DATABASE_URL right?%s",
				db.Address(), patience, store.Describe(err), why)
		}
		log.Warn("Waiting for the database", "address", db.Address(), "error", store.Describe(err))
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

// commitOn says what makes commits synchronous again, by where PostgreSQL has the setting from.
var commitOn = map[string]string{
	"client":        "take synchronous_commit out of DATABASE_URL (and of PGOPTIONS)",
	"database":      "run ALTER DATABASE … RESET synchronous_commit",
	"user":          "run ALTER ROLE … RESET synchronous_commit",
	"database user": "run ALTER ROLE … IN DATABASE … RESET synchronous_commit",
}

// checkDurability refuses a database that answers a commit before it has kept it: a delivery that was acknowledged
// by then is lost with PostgreSQL, and Stripe does not send it again. The setting is never changed by us, since it
// may be more than on (remote_apply). What is off for the whole server, on purpose in tests, is warned of.
func checkDurability(ctx context.Context, db *store.Store, allowed bool, log *slog.Logger) error {
	asking, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	d, err := db.Durability(asking)
	if err != nil {
		return fmt.Errorf("asking the database at %s for its settings failed: %s", db.Address(), store.Describe(err))
	}
	if commit := d.SynchronousCommit; commit.Value == "off" {
		if !allowed {
			what, known := commitOn[commit.Source]
			if !known {
				what = "set synchronous_commit = on in PostgreSQL's configuration"
			}
			return fmt.Errorf("the database at %s has synchronous_commit off (set for: %s), so that payments which were acknowledged "+
				"to Stripe can be lost when PostgreSQL stops; %s, or set ALLOW_ASYNCHRONOUS_COMMIT=true to accept that loss",
				db.Address(), commit.Source, what)
		}
		log.Warn("The database has synchronous_commit off, and ALLOW_ASYNCHRONOUS_COMMIT accepts it; acknowledged payments can be lost when PostgreSQL stops")
	}
	if d.Fsync.Value == "off" {
		log.Warn("The database has fsync off; all data can be lost when its machine stops: set it on before production")
	}
	if d.FullPageWrites.Value == "off" {
		log.Warn("The database has full_page_writes off; data can be damaged when its machine stops: set it on, unless the file system writes whole pages")
	}
	return nil
}

// migrate applies what is pending.
func migrate(ctx context.Context, db *store.Store, log *slog.Logger) error {
	applied, err := db.Migrate(ctx, log)
	switch {
	case errors.Is(err, store.ErrSchemaNewer):
		return err
	case err != nil:
		return fmt.Errorf("migrating the database at %s failed: %s", db.Address(), store.Describe(err))
	case len(applied) == 0:
		log.Info("Database migrations are up to date")
	default:
		names := make([]string, len(applied))
		for i, file := range applied {
			names[i] = path.Base(file)
		}
		log.Info("Database migrations applied", "migrations", names)
	}
	return nil
}
