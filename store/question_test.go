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
		answer, err := ask(t.Context(), func(ctx context.Context) (string, error) {
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
		answer, err := ask(t.Context(), func(context.Context) (string, error) {
			time.Sleep(questionTime - time.Millisecond)
			return "in time", nil
		})
		require.NoError(t, err)
		require.Equal(t, "in time", answer)
	})
}
