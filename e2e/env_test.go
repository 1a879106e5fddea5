package e2e

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/dbproxy"
	"example.com/hookproof/pgserver"
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

// running is a server under test.
type running interface {
	url() string
	// end ends it, asked to with stop, else not asked.
	end(stop bool) error
}

// newEnv starts a server with the suite's configuration, changed as the test needs it.
func newEnv(t *testing.T, change ...func(*env)) *env {
	t.Helper()
	name, err := shared.database(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { shared.drop(name) })

	proxy, err := dbproxy.NewProxy("127.0.0.1:0", shared.backend.database)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, proxy.Close()) })

	db, err := sql.Open("postgres", shared.url(shared.backend.database, name))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })

	e := &env{t: t, db: db, proxy: proxy, logs: &logBuffer{}, ended: map[string]store.BookingStatus{}}
	e.config = shared.config(shared.url(proxy.Addr(), name), e.logs)
	for _, f := range change {
		f(e)
	}
	e.start("")
	t.Cleanup(func() { require.NoError(t, e.running.end(true)) })
	return e
}

// asProcess runs the server's binary instead of its package, for tests that kill it.
func asProcess(e *env) { e.process = true }

// start starts the server, at the given address if there is one.
func (e *env) start(address string) {
	e.t.Helper()
	var err error
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
	require.NoError(e.t, err)
}

// stop ends the server, asked to or not; one that has ended stays so.
func (e *env) stop(ask bool) error {
	if e.stopped != "" {
		return nil
	}
	e.settleLog(func() { e.before = e.before.plus(e.counts()) })
	e.stopped = strings.TrimPrefix(e.running.url(), "http://")
	return e.running.end(ask)
}

// settleLog asks for the counters and waits for the line of that request, so that every earlier line has been
// written: what a process still has in its buffer is lost when it is killed.
func (e *env) settleLog(ask func()) {
	e.t.Helper()
	asked := func() int { return strings.Count(e.logs.String(), `"route":"/admin/metrics"`) }
	before := asked()
	ask()
	eventually(e.t, "the log has its last line", func() (bool, string) { return asked() > before, "" })
}

// startAgain starts a server that has ended where it was.
func (e *env) startAgain() error {
	if e.stopped != "" {
		e.start(e.stopped)
		e.stopped = ""
	}
	return nil
}

type inProcess struct {
	server *server.Server
	stop   context.CancelFunc
	served chan error
}

func startInProcess(config server.Config) (running, error) {
	ctx, stop := context.WithCancel(context.Background())
	s, err := server.Open(ctx, config)
	if err != nil {
		stop()
		return nil, err
	}
	r := &inProcess{server: s, stop: stop, served: make(chan error, 1)}
	go func() { r.served <- s.Serve(ctx) }()
	return r, nil
}

func (r *inProcess) url() string { return r.server.URL() }

func (r *inProcess) end(bool) error {
	r.stop()
	return <-r.served
}

type process struct {
	command *exec.Cmd
	address string
	exited  chan error
}

// startProcess runs the binary with the configuration as its environment and waits until it answers.
func startProcess(c server.Config, address string, logs io.Writer) (running, error) {
	binary, err := shared.binary()
	if err != nil {
		return nil, err
	}
	if address == "" {
		if address, err = freeAddress(); err != nil {
			return nil, err
		}
	}
	_, port, _ := strings.Cut(address, ":")
	p := &process{command: exec.Command(binary), address: address, exited: make(chan error, 1)}
	p.command.Env = environment(c, port)
	p.command.Stdout = logs
	var stderr bytes.Buffer
	p.command.Stderr = &stderr
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() { p.exited <- p.command.Wait() }()
	for deadline := time.Now().Add(waitTime); ; {
		if response, err := http.Get(p.url() + "/health"); err == nil {
			_ = response.Body.Close()
			return p, nil
		}
		select {
		case err := <-p.exited:
			return nil, fmt.Errorf("the server ended: %v: %s", err, stderr.String())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("the server did not answer within %s", waitTime)
		}
	}
}

func (p *process) url() string { return "http://" + p.address }

func (p *process) end(stop bool) error {
	signal := syscall.SIGKILL
	if stop {
		signal = syscall.SIGTERM
	}
	if err := p.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-p.exited:
		if !stop {
			return nil // killed, as intended
		}
		return err
	case <-time.After(2 * waitTime): // longer than a server takes for the requests in flight
		return errors.Join(errors.New("the server's process did not end"), p.command.Process.Kill())
	}
}

func environment(c server.Config, port string) []string {
	return []string{
		"PORT=" + port,
		"DATABASE_URL=" + c.DatabaseURL,
		"ALLOW_ASYNCHRONOUS_COMMIT=" + strconv.FormatBool(c.AllowAsynchronousCommit),
		"STRIPE_SECRET_KEY=" + c.StripeKey,
		"STRIPE_API_BASE=" + c.StripeAPIBase,
		"STRIPE_WEBHOOK_SECRET=" + strings.Join(c.WebhookSecrets, ","),
		"JWT_SECRET=" + c.JWTSecret,
		"WEBHOOK_RATE_LIMIT=" + strconv.Itoa(c.WebhookRate),
		"MIN_SLOT=" + c.MinSlot.String(),
		"MAX_SLOT=" + c.MaxSlot.String(),
		"BOOKING_HORIZON=" + c.BookingHorizon.String(),
		"MAX_UNPAID_BOOKINGS=" + strconv.Itoa(c.MaxUnpaid),
		"REGISTER_RATE_LIMIT=" + strconv.Itoa(c.RegisterRate),
		"METRICS_TOKEN=" + c.MetricsToken,
		"LOG_LEVEL=debug",
	}
}

func freeAddress() (string, error) {
	port, err := pgserver.FreePort()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), err
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
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(body)
	default:
		raw, err := json.Marshal(body)
		require.NoError(e.t, err)
		reader = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(e.t.Context(), method, e.running.url()+path, reader)
	require.NoError(e.t, err)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return e.do(request)
}

func (e *env) do(request *http.Request) answer {
	e.t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	require.NoError(e.t, err)
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	require.NoError(e.t, err)
	a := answer{status: response.StatusCode, header: response.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &a.body)
	return a
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
	made := e.call("POST", "/bookings", shared.tokens[store.Customer], e.slot())
	require.Equal(e.t, http.StatusCreated, made.status, made.raw)
	return made.body
}

// counts are the server's counters.
type counts struct{ Received, Processed, Duplicates, Errors int64 }

func (c counts) plus(o counts) counts {
	return counts{c.Received + o.Received, c.Processed + o.Processed, c.Duplicates + o.Duplicates, c.Errors + o.Errors}
}

func (e *env) counts() counts { return e.countsOf(e.running) }

func (e *env) countsOf(server running) counts {
	e.t.Helper()
	request, err := http.NewRequestWithContext(e.t.Context(), http.MethodGet, server.url()+"/admin/metrics", nil)
	require.NoError(e.t, err)
	request.Header.Set("Authorization", "Bearer "+shared.tokens[store.Ops])
	got := e.do(request)
	require.Equal(e.t, http.StatusOK, got.status, got.raw)
	var metrics struct{ Webhook counts }
	require.NoError(e.t, json.Unmarshal([]byte(got.raw), &metrics))
	return metrics.Webhook
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

// eventually waits for a condition and fails with what it returned last.
func eventually(t *testing.T, what string, condition func() (bool, string)) {
	t.Helper()
	deadline := time.Now().Add(waitTime)
	for {
		ok, last := condition()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			require.Failf(t, "waited in vain", "%s within %s; last: %s", what, waitTime, last)
		}
		time.Sleep(5 * time.Millisecond) // the pause between two looks, not a wait for an event
	}
}
