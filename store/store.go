// Package store keeps users, resources, bookings and payment events in PostgreSQL. Every SQL
// statement of the service is in this package; what an event means is not (see package webhook).
//
// The database decides: uniqueness, overlap of slots and the ranges of amounts are constraints, and
// an exported method that writes opens one transaction whose last statement is the commit.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// Limits of every session with the database. A caller's context may be shorter.
const (
	connectTimeout = 4 * time.Second
	// lockTimeout ends the wait for a row that somebody else holds, so that a stuck transaction of
	// another process cannot take a connection of every replica for long.
	lockTimeout = 4 * time.Second
	// statementTimeout ends a statement on the server, where a context cannot reach.
	statementTimeout = 8 * time.Second
	// silenceTimeout ends the read from a server that has stopped answering altogether (frozen, or
	// gone without a word). Without it the connection would stay in the pool until TCP gives up,
	// minutes later.
	silenceTimeout = statementTimeout + 2*time.Second

	maxConnections     = 20
	connectionLifetime = 30 * time.Minute
)

// maxAttempts bounds how often a transaction is begun again after a serialization failure or a deadlock.
const maxAttempts = 6

// Store is a pool of connections to the database. It is safe for concurrent use.
type Store struct {
	db      *sqlx.DB
	config  pq.Config
	address string

	prepared  prepared
	questions turns
}

// Open prepares a pool for a PostgreSQL URL or key=value string; it does not connect. The error never
// quotes the string, which holds a password.
func Open(databaseURL string) (*Store, error) {
	config, err := pq.NewConfig(databaseURL)
	if err != nil {
		return nil, fmt.Errorf("the database's address is neither a PostgreSQL URL nor a key=value string")
	}
	// Kept apart from the pool's own settings: migrations may be silent for longer than a delivery.
	s := &Store{config: config, address: address(config), prepared: prepared{turn: make(chan struct{}, 1)},
		questions: make(turns, maxQuestions)}

	pooled := config.Clone()
	pooled.BinaryParameters = true // one round trip a statement instead of two
	if pooled.ConnectTimeout == 0 {
		pooled.ConnectTimeout = connectTimeout
	}
	if pooled.Runtime == nil {
		pooled.Runtime = map[string]string{}
	}
	for name, limit := range map[string]time.Duration{
		"lock_timeout":                        lockTimeout,
		"statement_timeout":                   statementTimeout,
		"idle_in_transaction_session_timeout": silenceTimeout,
	} {
		if _, given := pooled.Runtime[name]; !given {
			pooled.Runtime[name] = strconv.FormatInt(limit.Milliseconds(), 10)
		}
	}
	// Each statement has to see what was committed while an earlier one waited for a lock, whatever the
	// database's own default is.
	pooled.Runtime["default_transaction_isolation"] = "read committed"
	// Every statement has its index, but a plan that was made for a prepared statement while a table was
	// empty reads the whole table, and is kept while it grows, until autovacuum looks at it.
	if _, given := pooled.Runtime["enable_seqscan"]; !given {
		pooled.Runtime["enable_seqscan"] = "off"
	}
	// A plan that has to read a whole table all the same, a table of three rows say, then looks so costly that
	// PostgreSQL compiles it: some hundred milliseconds of its processor, for a /ready that anybody can ask for.
	if _, given := pooled.Runtime["jit"]; !given {
		pooled.Runtime["jit"] = "off"
	}
	connector, err := pq.NewConnectorConfig(pooled)
	if err != nil {
		return nil, fmt.Errorf("the database's address cannot be used")
	}
	connector.Dialer(patientDialer{silenceTimeout})
	s.db = sqlx.NewDb(sql.OpenDB(connector), "postgres")
	s.db.SetMaxOpenConns(maxConnections)
	s.db.SetMaxIdleConns(maxConnections)
	s.db.SetConnMaxLifetime(connectionLifetime)
	return s, nil
}

// Close closes the pool.
func (s *Store) Close() error { return s.db.Close() }

// Address is where the database is, as host:port (several separated by commas), without user or password.
func (s *Store) Address() string { return s.address }

// Stats are the pool's figures.
func (s *Store) Stats() sql.DBStats { return s.db.Stats() }

// Ping answers nil when the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.db.GetContext(ctx, &one, `SELECT 1`)
}

func address(c pq.Config) string {
	list := net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port)))
	for _, more := range c.Multi {
		list += "," + net.JoinHostPort(more.Host, strconv.Itoa(int(more.Port)))
	}
	return list
}

// Transact runs f in a transaction and commits it. If f or the commit fails, nothing is kept. A
// serialization failure or a deadlock begins it again a bounded number of times, after a random
// pause, so f must have no effect but through its Tx.
func (s *Store) Transact(ctx context.Context, f func(*Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := s.attempt(ctx, f)
		if attempt == maxAttempts || !isConflict(err) {
			return err
		}
		pause := time.Duration(1+rand.IntN(10<<attempt)) * time.Millisecond
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

func isConflict(err error) bool {
	return pq.As(err, pqerror.TRSerializationFailure, pqerror.TRDeadlockDetected) != nil
}

func (s *Store) attempt(ctx context.Context, f func(*Tx) error) error {
	if err := s.prepare(ctx); err != nil {
		return err
	}
	tx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	// After a commit this does nothing; it also runs when f panics.
	defer func() { _ = tx.Rollback() }()
	if err := f(&Tx{tx, s}); err != nil {
		return err
	}
	return tx.Commit()
}

// Tx is one transaction. Its methods are the statements that a delivery is made of.
type Tx struct {
	tx    *sqlx.Tx
	store *Store
}
