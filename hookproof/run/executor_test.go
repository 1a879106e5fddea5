package run

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// What is asked for beside the last reading is no more than what is left of the budget.
func TestABudgetIsSpent(t *testing.T) {
	t.Parallel()
	long, short := time.Hour, time.Nanosecond
	for name, row := range map[string]struct {
		options Options
		called  int
		kept    int64
		more    int
		why     string
	}{
		"nothing is used up":         {Options{Budget: long, HookCalls: 10}, 4, 2, 3, ""},
		"as many calls as there are": {Options{Budget: long, HookCalls: 10}, 10, 0, 0, "out of hook calls (10)"},
		"some are kept":              {Options{Budget: long, HookCalls: 10}, 4, 6, 0, "out of hook calls (10)"},
		"some more are needed":       {Options{Budget: long, HookCalls: 10}, 4, 2, 4, "out of hook calls (10)"},
		"no limit to calls":          {Options{Budget: long}, 1000, 0, 0, ""},
		"time":                       {Options{Budget: short}, 0, 0, 0, "out of time (1ns)"},
		"time, and thorough":         {Options{Budget: short, HookCalls: 10, Thorough: true}, 20, 0, 0, ""},
	} {
		b := budget{began: time.Now().Add(-time.Second), options: row.options}
		for range row.called {
			b.called()
		}
		b.kept.Store(row.kept)
		why := b.spentAfter(row.more)
		require.Equal(t, row.why == "", why == nil, name)
		if why != nil {
			require.Equal(t, &result.NotJudged{Kind: result.OverBudget, Text: row.why}, why, name)
		}
		require.Equal(t, b.spentAfter(0), b.spent(), name)
	}
}

// A value is made once, and whoever asks meanwhile waits for it, or for the end of the run.
func TestALazyValue(t *testing.T) {
	t.Parallel()
	var l lazy[int]
	_, there := l.peek()
	require.False(t, there)
	var made atomic.Int64
	begun, end := make(chan bool), make(chan bool)
	var group sync.WaitGroup
	group.Go(func() {
		n, err := l.get(t.Context(), func() (int, error) { made.Add(1); close(begun); <-end; return 7, errors.New("nearly") })
		require.Equal(t, 7, n)
		require.EqualError(t, err, "nearly")
	})
	<-begun
	again := func() (int, error) { made.Add(1); return 8, nil }
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := l.get(ctx, again)
	require.ErrorIs(t, err, context.Canceled)
	_, there = l.peek()
	require.False(t, there, "it is not made yet")
	close(end)
	group.Wait()
	_, there = l.peek()
	require.False(t, there, "what could not be made may be made later")
	n, err := l.get(t.Context(), func() (int, error) { made.Add(1); return 8, errors.New("again") })
	require.Equal(t, 8, n)
	require.EqualError(t, err, "again")
	_, err = l.get(t.Context(), func() (int, error) { made.Add(1); return 9, nil })
	require.EqualError(t, err, "again", "twice is once for all")
	require.EqualValues(t, 2, made.Load())
	n, err = known(9).get(t.Context(), again)
	require.NoError(t, err)
	require.Equal(t, 9, n)
}

// A hook that fails its Go test ends the goroutine that it is called in. Whoever waits for what it was to make is told so.
func TestALazyValueWhoseMakerEnds(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		var l lazy[int]
		begun, end := make(chan struct{}), make(chan struct{})
		go func() {
			_, _ = l.get(t.Context(), func() (int, error) { close(begun); <-end; runtime.Goexit(); return 7, nil })
		}()
		<-begun
		time.AfterFunc(time.Second, func() { close(end) }) // when the other waits
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := l.get(ctx, nil)
		require.ErrorIs(t, err, errNotMade)
		n, err := l.get(ctx, func() (int, error) { return 8, nil })
		require.NoError(t, err)
		require.Equal(t, 8, n, "the next one tries again")
	})
}

// Some are done at a time, and after an error no more are begun.
func TestEachIsDone(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	busy, most, done := 0, 0, 0
	require.NoError(t, each(make([]int, 20), 3, func(int) error {
		mu.Lock()
		busy++
		most, done = max(most, busy), done+1
		mu.Unlock()
		defer func() { mu.Lock(); defer mu.Unlock(); busy-- }()
		return nil
	}))
	require.Equal(t, 20, done)
	require.LessOrEqual(t, most, 3)
	broken, begun := errors.New("out of order"), 0
	require.Equal(t, broken, each([]int{1, 2, 3, 4}, 1, func(n int) error {
		if begun++; n == 2 {
			return broken
		}
		return nil
	}))
	require.Equal(t, 2, begun)
}

// Of copies that cannot be acknowledged again, what was acknowledged before is not redelivered, unless the target was made to fail.
func TestWhatIsRedelivered(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		left     string
		expiries []int
		faulty   bool
		pending  []string
	}{
		"acknowledged":                         {"expired", []int{200}, false, nil},
		"not acknowledged":                     {"expired", []int{500}, false, []string{"expired"}},
		"a copy that is refused":               {"expired expired", []int{200, 500}, false, nil},
		"a copy that is refused after a fault": {"expired expired", []int{200, 500}, true, []string{"expired"}},
		"one of a crowd":                       {"expired*3", []int{500, 200, 500}, false, nil},
		"one of a crowd, and a fault":          {"expired*3", []int{500, 200, 500}, true, nil},
		"acknowledged at the second time":      {"expired expired", []int{500, 200}, false, nil},
		"a forgery":                            {"wrong-secret:expired", []int{400}, false, nil},
		"one whose answer is demanded":         {"expired=ack", []int{500}, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				script := &scripted{expiries: row.expiries}
				x := pipelineOf(t, openStall(t, script.answers).target()).executor
				s, err := check.ParseSchedule(life.Payment, row.left)
				require.NoError(t, err)
				h := &History{Subject: life.Payment.Stranger(nil, true), steps: s, events: map[string]event.Event{}, answers: make([][]int, len(s)), Faulty: row.faulty}
				for n, step := range s {
					require.NoError(t, x.bind(t.Context(), h, step))
					x.post(t.Context(), h, n, step)
				}
				require.Equal(t, row.pending, append([]string(nil), h.pending...))
				require.Len(t, h.Deliveries, len(row.expiries))
				require.Equal(t, []int{0}, h.answers[0][:1])
			})
		})
	}
}

// Where a relation compares states, each of its places that differ for any two subjects is found once, by one more subject.
func TestOneMoreSubjectIsLookedAtOnce(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := licensing(openStall(t, nil).target())
		var subjects atomic.Int64
		subject := target.Subject
		target.Subject = func(ctx context.Context) (event.Subject, error) { subjects.Add(1); return subject(ctx) }
		p := pipelineOf(t, target)
		for range 3 {
			o, err := p.try(t.Context(), caseOf(t, check.Equal("paid*2", "paid")[0]).with(check.Schedule{{Event: "paid", Spec: life.Payment.Vocabulary["paid"], Copies: 2}}, check.Schedule{{Event: "paid", Spec: life.Payment.Vocabulary["paid"], Copies: 1}}))
			require.NoError(t, err)
			require.Equal(t, result.NotRun, o[0].Verdict, o[0].Why)
			require.Contains(t, o[0].Why, "two subjects differ at /licence")
		}
		require.EqualValues(t, 3+3, subjects.Load(), "one each, two for the references, and one more")
	})
}
