package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Every wait of a test ends, and says what it was for.

// client has a deadline for each answer, which no route takes longer for.
var client = http.Client{Timeout: answerTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// until waits for a condition. Its error has what that returned last.
func until(what string, condition func() (bool, string)) error {
	for deadline := time.Now().Add(waitTime); ; time.Sleep(5 * time.Millisecond) { // the pause between two looks, not a wait for an event
		ok, last := condition()
		if ok {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited in vain: %s within %s; last: %s", what, waitTime, last)
		}
	}
}

// eventually waits for a condition and fails with what it returned last.
func eventually(t *testing.T, what string, condition func() (bool, string)) {
	t.Helper()
	require.NoError(t, until(what, condition))
}

// beside runs do in a goroutine of its own, whose result await receives. If do fails the test, that ends this goroutine alone, and the
// channel is closed without a result: who waits for it does not wait for ever.
func beside[T any](do func() T) <-chan T {
	result := make(chan T, 1)
	go func() {
		defer close(result)
		result <- do()
	}()
	return result
}

// await receives a result.
func await[T any](t require.TestingT, what string, from <-chan T) (result T) {
	select {
	case got, is := <-from:
		require.True(t, is, "%s: what should bring it has failed before", what)
		result = got
	case <-time.After(answerTime):
		require.FailNow(t, "waited in vain", "%s within %s", what, answerTime)
	}
	return result
}

// awaitDuring waits for what happens before an answer comes: event is closed then.
func awaitDuring[T any](t require.TestingT, what string, event <-chan struct{}, answer <-chan T) {
	select {
	case <-event:
		return
	case <-time.After(answerTime):
	}
	before := "it has no answer yet"
	select {
	case early := <-answer:
		before = fmt.Sprintf("it was answered: %v", early)
	default:
	}
	require.FailNow(t, "waited in vain", "%s within %s; %s", what, answerTime, before)
}

// limit ends the process if the test runs longer than testTime, from now or from a reset of the timer.
func limit(t *testing.T) *time.Timer {
	t.Helper()
	timer := overdue(t.Name(), testTime, func(report string) {
		_, _ = fmt.Fprint(os.Stderr, report)
		os.Exit(1) // a test cannot be ended from outside
	})
	t.Cleanup(func() { timer.Stop() })
	return timer
}

// overdue calls end after a time with where this package's goroutines wait, and the test's name in the last line: of a long output the end
// is what is kept.
func overdue(name string, after time.Duration, end func(report string)) *time.Timer {
	return time.AfterFunc(after, func() {
		end(fmt.Sprintf("%s\n\ne2e: %s has not ended within %s; above is where the goroutines wait\n", ownGoroutines(), name, after))
	})
}

// ownGoroutines returns the stacks of the goroutines that this package has begun or that are in it, and those of a run of hookproof.
func ownGoroutines() string {
	stacks := make([]byte, 64<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var own []string
	for stack := range bytes.SplitSeq(stacks, []byte("\n\n")) {
		if bytes.Contains(stack, []byte("hookproof/e2e.")) || bytes.Contains(stack, []byte("hookproof/hookproof/run.")) {
			own = append(own, string(stack))
		}
	}
	return strings.Join(own, "\n\n")
}
