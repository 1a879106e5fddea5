package e2e

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/dbproxy"
	"example.com/hookproof/server"
	"example.com/hookproof/store"
)

// env is one test's own server, with a database of its own and a proxy between the two.
type env struct {
	t       *testing.T
	config  server.Config
	db      *sql.DB // straight to the database, past the proxy
	proxy   *dbproxy.Proxy
	logs    *logBuffer
	running running
	process bool     // the server is a process of its own, which can be killed
	output  *os.File // that process's standard output, if it is not logs
	stopped string   // where it was, while it has ended
	before  counts
	slots   int
	mu      sync.Mutex
	ended   map[string]store.BookingStatus // set through the API, so that no event accounts for it
}

// newEnv starts a server with the suite's configuration, changed as the test needs it.
func newEnv(t *testing.T, change ...func(*env)) *env {
	t.Helper()
	within := limit(t)
	name, err := shared.database(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { shared.drop(name) })

	proxy, err := dbproxy.NewProxy("127.0.0.1:0", shared.backend.database)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, proxy.Close()) })

	db, err := shared.open(name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })

	e := &env{t: t, db: db, proxy: proxy, logs: &logBuffer{}, ended: map[string]store.BookingStatus{}}
	e.config = shared.config(shared.url(proxy.Addr(), name), e.logs)
	for _, f := range change {
		f(e)
	}
	require.NoError(t, e.start(""))
	within.Reset(testTime) // the first start as a process has built the binary
	t.Cleanup(func() { require.NoError(t, e.running.end(true)) })
	return e
}

// asProcess runs the server's binary instead of its package, for tests that kill it.
func asProcess(e *env) { e.process = true }

// start starts the server, at the given address if there is one.
func (e *env) start(address string) (err error) {
	if e.process {
		output := io.Writer(e.logs)
		if e.output != nil {
			output = e.output
		}
		e.running, err = startProcess(e.config, address, output)
	} else {
		if address != "" {
			e.config.Address = address
		}
		e.running, err = startInProcess(e.config)
	}
	return err
}

// stop ends the server, asked to or not; one that has ended stays so.
func (e *env) stop(ask bool) error {
	if e.stopped != "" {
		return nil
	}
	if err := e.settleLog(); err != nil {
		return err
	}
	e.stopped = strings.TrimPrefix(e.running.url(), "http://")
	return e.running.end(ask)
}

// settleLog asks for the counters, keeps them, and waits for the line of that request, so that every earlier line has been
// written: what a process still has in its buffer is lost when it is killed.
func (e *env) settleLog() error {
	asked := func() int { return strings.Count(e.logs.String(), `"route":"/admin/metrics"`) }
	before := asked()
	now, err := countsOf(e.t.Context(), e.running)
	if err != nil {
		return err
	}
	e.before = e.before.plus(now)
	return until("the log has its last line", func() (bool, string) { return asked() > before, "" })
}

// startAgain starts a server that has ended where it was.
func (e *env) startAgain() error {
	if e.stopped == "" {
		return nil
	}
	if err := e.start(e.stopped); err != nil {
		return err
	}
	e.stopped = ""
	return nil
}

// logBuffer keeps a server's log.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// logLine is what the suite reads of a log line.
type logLine struct {
	Level      string   `json:"level"`
	Msg        string   `json:"msg"`
	Outcome    string   `json:"outcome"`
	Reason     string   `json:"reason"`
	EventID    string   `json:"eventId"`
	EventType  string   `json:"eventType"`
	BookingID  string   `json:"bookingId"`
	Status     int      `json:"status"`
	DurationMs *float64 `json:"durationMs"`
	Route      string   `json:"route"`
	Error      string   `json:"error"`
}

// lines are the log's lines; every one must be JSON.
func (e *env) lines() []logLine {
	e.t.Helper()
	var lines []logLine
	scanner := bufio.NewScanner(strings.NewReader(e.logs.String()))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var line logLine
		require.NoError(e.t, json.Unmarshal(scanner.Bytes(), &line), scanner.Text())
		lines = append(lines, line)
	}
	return lines
}

// faults are the errors in the log, for the report of a failure.
func (e *env) faults() (list []string) {
	for _, line := range e.lines() {
		if line.Error != "" {
			list = append(list, fmt.Sprint(line.Msg, " ", line.Route, " ", line.Status, ": ", line.Error))
		}
	}
	return list
}

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
}

// call sends one request. Body may be a string, sent as it is, or anything that can be JSON.
func (e *env) call(method, path, token string, body any) answer {
	e.t.Helper()
	got, err := ask(e.t.Context(), e.running, method, path, token, body)
	require.NoError(e.t, err)
	return got
}

// ask is call for a hook, which fails no test: its caller judges the error.
func ask(ctx context.Context, server running, method, path, token string, body any) (answer, error) {
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(body)
	default:
		raw, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		reader = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, server.url()+path, reader)
	if err != nil {
		return answer{}, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return send(request)
}

func (e *env) do(request *http.Request) answer {
	e.t.Helper()
	got, err := send(request)
	require.NoError(e.t, err)
	return got
}

func send(request *http.Request) (answer, error) {
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	a := answer{status: response.StatusCode, header: response.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &a.body)
	return a, err
}

// slot is a slot of the suite's resource that no other booking of this test wants.
func (e *env) slot() map[string]any {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.slots++
	from := time.Now().Add(24 * time.Hour).Truncate(time.Hour).Add(time.Duration(e.slots) * time.Hour).UTC()
	return map[string]any{
		"resourceId": shared.resource.ID.String(),
		"startsAt":   from.Format(time.RFC3339),
		"endsAt":     from.Add(time.Hour).Format(time.RFC3339),
	}
}

// book makes a booking as the customer.
func (e *env) book() map[string]any {
	e.t.Helper()
	made, err := e.tryToBook(e.t.Context())
	require.NoError(e.t, err)
	return made
}

func (e *env) tryToBook(ctx context.Context) (map[string]any, error) {
	made, err := ask(ctx, e.running, "POST", "/bookings", shared.tokens[store.Customer], e.slot())
	if err == nil && made.status != http.StatusCreated {
		err = fmt.Errorf("POST /bookings answered %d: %s", made.status, made.raw)
	}
	return made.body, err
}

// counts are the server's counters.
type counts struct{ Received, Processed, Duplicates, Errors int64 }

func (c counts) plus(o counts) counts {
	return counts{c.Received + o.Received, c.Processed + o.Processed, c.Duplicates + o.Duplicates, c.Errors + o.Errors}
}

func (e *env) counts() counts { return e.countsOf(e.running) }

func (e *env) countsOf(server running) counts {
	e.t.Helper()
	got, err := countsOf(e.t.Context(), server)
	require.NoError(e.t, err)
	return got
}

func countsOf(ctx context.Context, server running) (counts, error) {
	got, err := ask(ctx, server, http.MethodGet, "/admin/metrics", shared.tokens[store.Ops], nil)
	if err != nil {
		return counts{}, err
	}
	if got.status != http.StatusOK {
		return counts{}, fmt.Errorf("GET /admin/metrics answered %d: %s", got.status, got.raw)
	}
	var metrics struct{ Webhook counts }
	err = json.Unmarshal([]byte(got.raw), &metrics)
	return metrics.Webhook, err
}

// awaitLocks waits until so many sessions of this test's database wait for a lock.
func (e *env) awaitLocks(sessions int) {
	e.t.Helper()
	eventually(e.t, fmt.Sprintf("%d sessions wait for a lock", sessions), func() (bool, string) {
		var waiting int
		err := e.db.QueryRow(`SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		return err == nil && waiting == sessions, fmt.Sprint(waiting, err)
	})
}
