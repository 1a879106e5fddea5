package store

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/jmoiron/sqlx"
)

// deliveryStatements are kept prepared, since PostgreSQL would otherwise spend more on planning them
// than on running them.
var deliveryStatements = []string{
	seenSQL, lockIntentSQL, bookingByIDSQL, bookingBySessionSQL, bookingByIntentSQL, parkedSQL, joinSQL, settleSQL,
	lookSQL, keepSQL,
}

// prepared holds the statements once they could be prepared, which takes a database that answers. On
// each further connection database/sql prepares them itself, when first used there.
type prepared struct {
	statements atomic.Pointer[map[string]*sqlx.Stmt]
	turn       chan struct{} // held by whoever prepares
}

// prepare makes sure that the delivery's statements are prepared. It is called before a transaction
// begins, not inside: preparing takes a connection, and transactions may hold them all.
func (s *Store) prepare(ctx context.Context) error {
	if s.prepared.statements.Load() != nil {
		return nil
	}
	select {
	case s.prepared.turn <- struct{}{}:
		defer func() { <-s.prepared.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.prepared.statements.Load() != nil {
		return nil // somebody else did it meanwhile
	}
	statements := map[string]*sqlx.Stmt{}
	for _, query := range deliveryStatements {
		statement, err := s.db.PreparexContext(ctx, query)
		if err != nil {
			return errors.Join(err, closeAll(statements))
		}
		statements[query] = statement
	}
	s.prepared.statements.Store(&statements)
	return nil
}

func closeAll(statements map[string]*sqlx.Stmt) error {
	var failed error
	for _, statement := range statements {
		failed = errors.Join(failed, statement.Close())
	}
	return failed
}

// statement is one of deliveryStatements, once prepare has succeeded.
func (s *Store) statement(query string) *sqlx.Stmt { return (*s.prepared.statements.Load())[query] }

// statement is one of deliveryStatements, to be run in this transaction.
func (tx *Tx) statement(ctx context.Context, query string) *sqlx.Stmt {
	return tx.tx.StmtxContext(ctx, tx.store.statement(query))
}
