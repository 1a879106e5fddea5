package store

import (
	"context"
	"time"
)

// questionTime is how long the database may take over one question of a request: the wait for a turn, for a connection, for
// locks and for conflicts included.
const questionTime = 4 * time.Second

// maxQuestions is how many questions of requests the database has at the same time. They and the one of /ready leave
// eight of the pool's connections for deliveries, whatever callers ask for.
const maxQuestions = maxConnections - 8 - 1

// turns lets a few questions be under way at the same time. One that is not waited for any more keeps its turn until
// it has ended, since it keeps its connection, too.
type turns chan struct{}

// ask puts a question to the database and waits for the answer for no longer than questionTime. It has a timer of
// its own, since a context's end does not free a read from a frozen server; that read ends by itself later
// (silenceTimeout), and what it brings is dropped. The error is context.DeadlineExceeded then, and nobody knows
// whether what was to be written will be.
func ask[Answer any](ctx context.Context, t turns, question func(context.Context) (Answer, error)) (Answer, error) {
	type result struct {
		answer Answer
		err    error
	}
	ctx, cancel := context.WithTimeout(ctx, questionTime)
	done := make(chan result, 1)
	go func() {
		defer cancel()
		select {
		case t <- struct{}{}:
			defer func() { <-t }()
			answer, err := question(ctx)
			done <- result{answer, err}
		case <-ctx.Done():
			done <- result{err: ctx.Err()}
		}
	}()
	tooLong := time.NewTimer(questionTime + 500*time.Millisecond) // the context's own end answers more precisely
	defer tooLong.Stop()
	select {
	case r := <-done:
		return r.answer, r.err
	case <-tooLong.C:
		var none Answer
		return none, context.DeadlineExceeded
	}
}

// listed asks for rows.
func listed[Row any](ctx context.Context, s *Store, query string, args ...any) ([]Row, error) {
	return ask(ctx, s.questions, func(ctx context.Context) ([]Row, error) {
		list := []Row{}
		err := s.db.SelectContext(ctx, &list, query, args...)
		return list, err
	})
}

// asked is ask for a question that is a transaction.
func asked[Answer any](ctx context.Context, s *Store, f func(context.Context, *Tx) (Answer, error)) (Answer, error) {
	return ask(ctx, s.questions, func(ctx context.Context) (answer Answer, err error) {
		err = s.Transact(ctx, func(tx *Tx) error {
			answer, err = f(ctx, tx)
			return err
		})
		return answer, err
	})
}
