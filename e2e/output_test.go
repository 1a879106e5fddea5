package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Standard output is a pipe, and whoever should read it does not, or has gone.

// pipe is a pipe of which a server gets the end to write to.
func pipe(t *testing.T) (read, write *os.File) {
	t.Helper()
	read, write, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = read.Close()
		_ = write.Close()
	})
	return read, write
}

// withOutput runs the server's binary with a standard output of its own.
func withOutput(output *os.File) func(*env) {
	return func(e *env) { e.process, e.output = true, output }
}

// deliverUnsigned sends deliveries that are refused, each of which has a line, and answers how many had no answer.
func deliverUnsigned(t *testing.T, url string, deliveries int) (unanswered int64) {
	t.Helper()
	client := http.Client{Timeout: waitTime, Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	defer client.CloseIdleConnections()
	var left, failed atomic.Int64
	left.Store(int64(deliveries))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for failed.Load() == 0 && left.Add(-1) >= 0 {
				response, err := client.Post(url+"/webhooks/stripe", "application/json", strings.NewReader("{}"))
				if err != nil || response.StatusCode != http.StatusBadRequest {
					failed.Add(1)
					return
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
			}
		})
	}
	group.Wait()
	return failed.Load()
}

// terminate asks the server's process to end and answers its exit code.
func (e *env) terminate() int {
	e.t.Helper()
	p := e.running.(*process)
	err := p.end(true)
	p.exited <- err // the environment's own end finds it ended
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(e.t, err)
	}
	return p.command.ProcessState.ExitCode()
}

// dropped is how many lines the server says that it has dropped.
func (e *env) dropped() int {
	e.t.Helper()
	got := e.call("GET", "/metrics", metricsToken, nil)
	require.Equal(e.t, 200, got.status, got.raw)
	_, rest, found := strings.Cut(got.raw, "\nbooking_log_lines_dropped_total ")
	require.True(e.t, found, "there is no such counter")
	value, _, _ := strings.Cut(rest, "\n")
	number, err := strconv.ParseFloat(value, 64)
	require.NoError(e.t, err)
	return int(number)
}

func TestStandardOutputThatNobodyReads(t *testing.T) {
	t.Parallel()
	_, write := pipe(t)
	e := newEnv(t, withOutput(write))
	e.overflow()
	require.Zero(t, e.terminate(), "exit code")
}

func TestStandardOutputThatIsReadAgain(t *testing.T) {
	t.Parallel()
	read, write := pipe(t)
	e := newEnv(t, withOutput(write))
	dropped := e.overflow()

	lines := make(chan map[string]any)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go readLines(ctx, read, lines)
	notice, before := nextLine(t, lines, "msg", "Log lines are missing")
	require.Equal(t, "WARN", notice["level"])
	missing := int(notice["lines"].(float64))
	require.Greater(t, len(before), 271, "what had been kept comes first")
	require.GreaterOrEqual(t, missing, dropped, "what was asked after the count has a line, too")
	require.Equal(t, missing, e.dropped(), "nothing is dropped any more")

	// And so it goes on: what comes now has its line, after the notice.
	require.Equal(t, 200, e.call("GET", "/checkout/success", "", nil).status)
	_, between := nextLine(t, lines, "route", "/checkout/success")
	for _, line := range between {
		require.NotContains(t, line["msg"], "missing", "it is told once")
	}
	stop()
	require.Zero(t, e.terminate(), "exit code")
}

// nextLine waits for a line of which a field begins so, and answers those before it, too.
func nextLine(t *testing.T, lines <-chan map[string]any, field, prefix string) (found map[string]any, before []map[string]any) {
	t.Helper()
	deadline := time.After(waitTime)
	for {
		select {
		case line, more := <-lines:
			require.True(t, more, "the log ends")
			require.Nil(t, line["broken"])
			if text, _ := line[field].(string); strings.HasPrefix(text, prefix) {
				return line, before
			}
			before = append(before, line)
		case <-deadline:
			require.Failf(t, "waited in vain", "no line whose %s is %q, after %d others", field, prefix, len(before))
		}
	}
}

// readLines takes a log apart, line by line; one that is no JSON is told as broken.
func readLines(ctx context.Context, from io.Reader, lines chan<- map[string]any) {
	defer close(lines)
	for scanner := bufio.NewScanner(from); scanner.Scan(); {
		line := map[string]any{}
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			line["broken"] = scanner.Text()
		}
		select {
		case lines <- line:
		case <-ctx.Done():
			return
		}
	}
}

// overflow has the server log more than its output and its buffer hold. It works all the same.
func (e *env) overflow() (dropped int) {
	e.t.Helper()
	delivered := 0
	for dropped == 0 && delivered < 20_000 {
		require.Zero(e.t, deliverUnsigned(e.t, e.running.url(), 1000), "deliveries without an answer, after %d", delivered)
		delivered += 1000
		dropped = e.dropped()
	}
	require.Positive(e.t, dropped, "lines dropped of %d deliveries", delivered)
	e.t.Logf("%d deliveries, %d lines dropped", delivered, dropped)
	require.Equal(e.t, 200, e.deliverPaid(e.book()))
	require.Equal(e.t, 200, e.call("GET", "/health", "", nil).status)
	return dropped
}

// A reader that goes away closes the pipe. Writing to it is then no end of the server, as it is of other programs.
func TestStandardOutputThatIsClosed(t *testing.T) {
	t.Parallel()
	read, write := pipe(t)
	e := newEnv(t, withOutput(write))
	require.NoError(t, read.Close())
	const deliveries = 50
	require.Zero(t, deliverUnsigned(t, e.running.url(), deliveries), "deliveries without an answer")
	require.Equal(t, 200, e.deliverPaid(e.book()))
	eventually(t, "every line is counted as dropped", func() (bool, string) {
		dropped := e.dropped()
		return dropped >= deliveries, fmt.Sprint(dropped)
	})
	require.Zero(t, e.terminate(), "exit code")
}
