package e2e

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// recorder is a test that records its failure.
type recorder struct{ failure string }

func (r *recorder) Errorf(format string, args ...any) { r.failure += fmt.Sprintf(format, args...) }
func (r *recorder) FailNow()                          { runtime.Goexit() }

// failureOf runs what fails a test and returns with what.
func failureOf(do func(t require.TestingT)) string {
	var r recorder
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		do(&r)
	}()
	<-ended
	return r.failure
}

// The clock of these tests is virtual, so that they need not wait for a deadline.
func TestAWaitInVainSaysWhatFor(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		wait func(t require.TestingT)
		says []string
	}{
		"a result that does not come": {
			func(t require.TestingT) { await(t, "the ACK", make(chan int)) }, []string{"the ACK within 45s"}},
		"a result whose goroutine has failed": {
			func(t require.TestingT) { await(t, "the ACK", beside(func() int { runtime.Goexit(); return 200 })) }, []string{"the ACK", "has failed before"}},
		"an event, and no answer": {
			func(t require.TestingT) { awaitDuring(t, "message 7", make(chan struct{}), make(chan int)) }, []string{"message 7 within 45s", "no answer yet"}},
		"an event that an answer comes before": {
			func(t require.TestingT) {
				awaitDuring(t, "message 7", make(chan struct{}), beside(func() int { return 503 }))
			}, []string{"message 7 within 45s", "it was answered: 503"}},
		"a condition": {
			func(t require.TestingT) {
				require.NoError(t, until("the line", func() (bool, string) { return false, "3 lines" }))
			}, []string{"the line within 15s", "3 lines"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				failure := failureOf(row.wait)
				for _, text := range row.says {
					require.Contains(t, failure, text)
				}
			})
		})
	}
}

func TestWhatComesIsAwaited(t *testing.T) {
	t.Parallel()
	require.Equal(t, 200, await(t, "the ACK", beside(func() int { return 200 })))
	struck := make(chan struct{})
	close(struck)
	awaitDuring(t, "the strike", struck, beside(func() int { return 503 }))
}

// A test that does not end is told apart from the others by its name, at the end of the output, and by where it waits.
func TestATestThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reports := make(chan string, 1)
		overdue("TestStuck", testTime, func(report string) { reports <- report })
		time.Sleep(testTime)
		synctest.Wait()
		report := await(t, "the report", reports)
		require.Regexp(t, `(?s)e2e\.TestATestThatDoesNotEnd.*\n\ne2e: TestStuck has not ended within 5m0s; above is where the goroutines wait\n$`, report)

		overdue("TestDone", testTime, func(report string) { reports <- report }).Stop()
		time.Sleep(2 * testTime)
		synctest.Wait()
		require.Empty(t, reports, "it has ended in time")
	})
}
