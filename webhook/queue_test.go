package webhook

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTurnsExclude(t *testing.T) {
	t.Parallel()
	var q queue
	var inside, entered atomic.Int32
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			leave, err := q.enter(t.Context(), "one")
			if err != nil {
				return
			}
			if inside.Add(1) == 1 {
				entered.Add(1)
			}
			inside.Add(-1)
			leave()
		})
	}
	group.Wait()
	require.EqualValues(t, 100, entered.Load(), "one at a time, and all of them")
	require.Empty(t, q.places, "nothing is left")
}

func TestSubjectsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	var q queue
	leaveOne, err := q.enter(t.Context(), "one")
	require.NoError(t, err)
	leaveTwo, err := q.enter(t.Context(), "two")
	require.NoError(t, err)
	leaveOne()
	leaveTwo()
	require.Empty(t, q.places)
}

func TestGivingUpLeavesNoTrace(t *testing.T) {
	t.Parallel()
	var q queue
	leave, err := q.enter(t.Context(), "one")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = q.enter(ctx, "one")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	leave()
	require.Empty(t, q.places)
	again, err := q.enter(t.Context(), "one")
	require.NoError(t, err)
	again()
}

// The law holds in whatever a reader sees while others count.
func TestCountersAddUpAtEveryInstant(t *testing.T) {
	t.Parallel()
	h := NewHandler(nil, Config{})
	reasons := Reasons()
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for n := range 2000 {
				h.counters.count(reasons[(n+i)%len(reasons)], time.Duration(n)*time.Millisecond)
			}
		})
	}
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		c := h.Counts()
		require.Equal(t, c.Received, c.Processed+c.Duplicates+c.Errors)
		var sum uint64
		for _, n := range c.Reasons {
			sum += n
		}
		require.Equal(t, c.Received, sum)
	}
	c := h.Counts()
	require.EqualValues(t, 8000, c.Received)
	for i := 1; i < len(buckets); i++ {
		require.GreaterOrEqual(t, c.Latency.Buckets[buckets[i]], c.Latency.Buckets[buckets[i-1]], "buckets are cumulative")
	}
	require.Equal(t, c.Received, c.Latency.Buckets[10])
}
