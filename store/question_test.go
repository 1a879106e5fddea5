package store

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A question that heeds no context, as a read from a frozen server, is not waited for; what it brings later is dropped.
func TestAQuestionIsNotWaitedForForever(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		answer, err := ask(t.Context(), make(turns, 1), func(ctx context.Context) (string, error) {
			time.Sleep(time.Minute)
			require.Error(t, ctx.Err(), "it is told to end")
			return "late", nil
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Empty(t, answer)
		require.Equal(t, questionTime+500*time.Millisecond, time.Since(start))
		time.Sleep(time.Minute) // the question ends by itself
	})
}

func TestAnAnswerInTimeIsTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answer, err := ask(t.Context(), make(turns, 1), func(context.Context) (string, error) {
			time.Sleep(questionTime - time.Millisecond)
			return "in time", nil
		})
		require.NoError(t, err)
		require.Equal(t, "in time", answer)
	})
}

// A question that is not waited for any more has its connection still: the next one does not get a turn until it has ended.
func TestQuestionsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		two := make(turns, 2)
		release := make(chan struct{})
		frozen := func(context.Context) (string, error) { <-release; return "late", nil }
		for range 2 {
			go func() { _, _ = ask(t.Context(), two, frozen) }()
		}
		synctest.Wait()
		asked := false
		question := func(context.Context) (string, error) { asked = true; return "answer", nil }
		for range 2 { // the second when nobody waits for the frozen ones any more
			began := time.Now()
			_, err := ask(t.Context(), two, question)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, questionTime, time.Since(began))
			require.False(t, asked)
		}
		close(release)
		answer, err := ask(t.Context(), two, question)
		require.NoError(t, err)
		require.Equal(t, "answer", answer)
	})
}
