package run

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// What Node 20 writes when an idle connection of a pool is reset, and when that of a client is ended.
const (
	nodePool = "node:events:502\n      throw er; // Unhandled 'error' event\n      ^\n\n<ref *1> Error: read ECONNRESET\n" +
		"    at TCP.onStreamRead (node:internal/stream_base_commons:218:20)\nEmitted 'error' event on BoundPool instance at:\n" +
		"    at Client.idleListener (/app/node_modules/pg-pool/index.js:62:10) {\n  errno: -104,\n  client: Client {\n    _events: { error: [Function] }\n  }\n}\n\nNode.js v20.20.2\n"
	nodeClient = "GET /orders 200\nnode:events:502\n      throw er; // Unhandled 'error' event\n      ^\n\nerror: terminating connection due to administrator command\n" +
		"    at parseErrorMessage (/app/node_modules/pg-protocol/dist/parser.js:306:11)\nEmitted 'error' event on Client instance at:\n" +
		"    at Client._handleErrorEvent (/app/node_modules/pg/lib/client.js:422:10) {\n  code: '57P01'\n}\n\nNode.js v20.20.2\n"
	nodeThrow = "file:///app/server.mjs:1\nsetTimeout(() => { null.data; }, 10);\n                        ^\n\n" +
		"TypeError: Cannot read properties of null (reading 'data')\n    at Timeout._onTimeout (file:///app/server.mjs:1:25)\n\nNode.js v20.20.2"
	goPanic  = "2026/01/02 03:04:05 listening\npanic: driver: bad connection\n\ngoroutine 19 [running]:\nmain.work()\n\t/app/main.go:7 +0x1b\nexit status 2\n"
	goServed = "2026/01/02 03:04:05 http: panic serving 127.0.0.1:1: oh\ngoroutine 1 [running]:\n"
)

func TestWhyAProcessHasEnded(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		end  processEnd
		seen string
		mend string
	}{
		"a pool":                    {processEnd{wrote: nodePool}, `; it ended by an 'error' event of the pool of database connections, which has no listener; on standard error it wrote "Error: read ECONNRESET"`, fixPool},
		"a client":                  {processEnd{wrote: nodeClient}, `; it ended by an 'error' event of a database client, which has no listener; on standard error it wrote "error: terminating connection due to administrator command"`, fixClient},
		"a throw":                   {processEnd{wrote: nodeThrow}, `; it ended by an uncaught error; on standard error it wrote "TypeError: Cannot read properties of null (reading 'data')"`, fixReject},
		"a panic":                   {processEnd{wrote: goPanic}, `; it ended by a panic that is not recovered; on standard error it wrote "panic: driver: bad connection"`, fixPanic},
		"a panic that was served":   {processEnd{wrote: goServed}, `; on standard error it wrote "goroutine 1 [running]:"`, fixEnded},
		"something else":            {processEnd{wrote: "listening\nKilled\n"}, `; on standard error it wrote "Killed"`, fixEnded},
		"nothing, of Node":          {processEnd{language: "Node"}, "", usualCulprit["Node"]},
		"nothing, of who knows who": {processEnd{}, "", fixEnded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, ", and nothing listened at its address any more"+row.seen, row.end.seen())
			cost, mend := row.end.costs(check.Named("faults/cut-before")[0], true)
			require.Equal(t, costEnded, cost)
			require.Equal(t, row.mend, mend)
		})
	}
	garbage := check.Named("ack-policy/garbage")[0]
	cost, mend := processEnd{wrote: nodeThrow}.costs(garbage, false)
	require.Equal(t, garbage.Why, cost)
	require.Equal(t, garbage.Fix+"; and "+fixReject, mend, "no database was at work")
	_, mend = processEnd{}.costs(garbage, false)
	require.Equal(t, garbage.Fix, mend)
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		command  []string
		software string
		language string
	}{
		"by its command":    {[]string{"env", "PORT=3000", "/usr/bin/node", "server.js"}, "", "Node"},
		"by its package":    {[]string{"npm", "start"}, "", "Node"},
		"by its answers":    {[]string{"./start"}, "Express", "Node"},
		"not to be told":    {[]string{"./start"}, "", ""},
		"a folder is no go": {[]string{"/srv/node/start"}, "PHP/8.2", ""},
	} {
		require.Equal(t, row.language, languageOf(row.command, row.software), name)
	}
}

// mortal is a clerk whose process ends when its database fails. Its door is closed then, as nothing listens where a process was.
func mortal(t *testing.T, wrote string) *target.Target {
	t.Helper()
	right := clerk{lines: []string{"add seen {event}", "add paid {order}", "commit"}, onError: 500}
	var front *memnet.Door
	endpoint, front := openDoorOver(t, func(dial string) http.Handler {
		right.dial = dial
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			right.ServeHTTP(answer, r)
			if answer.Code == http.StatusInternalServerError {
				front.Close()
				panic(http.ErrAbortHandler)
			}
			w.WriteHeader(answer.Code)
		})
	})
	endpoint.Stop = func(context.Context, string) error { front.Close(); return nil }
	endpoint.Start = func(context.Context) error { return front.Open() }
	endpoint.Stderr = func() string { return wrote }
	return endpoint
}

// A fault that ends the process is told as that, with the reason and its mending, after a moment in which nothing listens, and
// not after all the time that a pool may take to recover.
func TestAFaultThatEndsTheProcess(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		r, err := Judge(t.Context(), mortal(t, nodePool), Options{Only: []string{"faults/cut-before", "faults/database-away"}})
		require.NoError(t, err)
		for check, why := range map[string]string{
			"faults/cut-before":    "at message 1 of 4: after paid, cut-before, the target's process ended, and nothing listened at its address any more; it ended by an 'error' event of the pool",
			"faults/database-away": "after paid, away, the target's process ended, and nothing listened",
		} {
			f := findingOf(t, r, check)
			require.Equal(t, result.Fail, f.Verdict, f.Why)
			require.Contains(t, f.Why, why)
			require.Equal(t, costEnded, f.Importance)
			require.Equal(t, fixPool, f.Fix)
			require.Less(t, len(f.Timeline), 30, "it was tried no longer than it takes to see that it has ended")
		}
		require.Equal(t, "faults/database-away", findingOf(t, r, "faults/cut-before").Because)
		require.Empty(t, findingOf(t, r, "faults/database-away").Because)
	})
}

// A process that another starts again at once, and that loses nothing, is not accused.
func TestAProcessThatIsStartedAgainByOthersIsNotAccused(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		right := clerk{lines: []string{"add seen {event}", "add paid {order}", "commit"}, onError: 500}
		var front *memnet.Door
		var ended atomic.Int64
		target, front := openDoorOver(t, func(dial string) http.Handler {
			right.dial = dial
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body := endpointtest.Body(r)
				r.Body = io.NopCloser(strings.NewReader(string(body)))
				answer := httptest.NewRecorder()
				right.ServeHTTP(answer, r)
				if answer.Code == http.StatusInternalServerError && json.Valid(body) {
					ended.Add(1)
					front.Close()
					_ = front.Open()
					panic(http.ErrAbortHandler)
				}
				w.WriteHeader(answer.Code)
			})
		})
		target.Stop = func(context.Context, string) error { front.Close(); return nil }
		target.Start = func(context.Context) error { return nil }
		r, err := Judge(t.Context(), target, Options{Only: []string{"faults/cut-before"}})
		require.NoError(t, err)
		f := findingOf(t, r, "faults/cut-before")
		require.Equal(t, result.Pass, f.Verdict, f.Why)
		require.Positive(t, ended.Load())
	})
}

// A process that a body ends is told so, with what it wrote.
func TestABodyThatEndsTheProcess(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, func(s *stall) {
			s.answer = func(_ int, _ http.ResponseWriter, _ *http.Request, body []byte) bool {
				if string(body) == "null" {
					_ = s.stop()
					panic(http.ErrAbortHandler)
				}
				return false
			}
		}).target()
		target.Stderr = func() string { return nodeThrow }
		r, err := Judge(t.Context(), target, Options{Only: []string{"ack-policy/garbage"}})
		require.NoError(t, err)
		f := findingOf(t, r, "ack-policy/garbage")
		require.Equal(t, result.Fail, f.Verdict)
		require.Contains(t, f.Why, `the target's process ended, and nothing listened at its address any more; it ended by an uncaught error`)
		require.Contains(t, f.Fix, "answer 400 to what is not JSON")
		require.Contains(t, f.Fix, fixReject)
	})
}
