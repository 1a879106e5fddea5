package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
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

// terminate asks the server's process to end and waits for its exit code.
func (e *env) terminate() int {
	e.t.Helper()
	p := e.running.(*process)
	require.NoError(e.t, p.command.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-p.exited:
		p.exited <- err // the environment's own end finds it ended
		return p.command.ProcessState.ExitCode()
	case <-time.After(waitTime):
		_ = p.command.Process.Kill()
		require.Fail(e.t, "the process does not end")
		return -1
	}
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
	before, missing := 0, 0
	for line := range lines {
		require.Nil(t, line["broken"])
		if strings.HasPrefix(line["msg"].(string), "Log lines are missing") {
			require.Equal(t, "WARN", line["level"])
			missing = int(line["lines"].(float64))
			break
		}
		before++
	}
	require.Greater(t, before, 271, "what had been kept comes first")
	require.GreaterOrEqual(t, missing, dropped, "what was asked after the count has a line, too")
	require.Equal(t, missing, e.dropped(), "nothing is dropped any more")

	// And so it goes on: what comes now has its line, after the notice.
	require.Equal(t, 200, e.call("GET", "/checkout/success", "", nil).status)
	for line := range lines {
		require.Nil(t, line["broken"])
		require.NotContains(t, line["msg"], "missing", "it is told once")
		if line["route"] == "/checkout/success" {
			break
		}
	}
	stop()
	require.Zero(t, e.terminate(), "exit code")
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
