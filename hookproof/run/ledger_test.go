package run

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// ledger is a database of a protocol of its own: a line is answered by a line. What a connection adds counts
// when it says commit, and is forgotten when it ends before.
type ledger struct {
	mu   sync.Mutex
	sums map[string]int
}

func (l *ledger) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	pending := map[string]int{}
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		verb, key, _ := strings.Cut(lines.Text(), " ")
		l.mu.Lock()
		answer := "ok"
		switch verb {
		case "add":
			pending[key]++
		case "get":
			answer = fmt.Sprint(l.sums[key] + pending[key])
		case "commit":
			for key, n := range pending {
				l.sums[key] += n
			}
			clear(pending)
		}
		l.mu.Unlock()
		if _, err := io.WriteString(conn, answer+"\n"); err != nil {
			return
		}
	}
}

// clerk is an endpoint over a ledger. It says what the lines of a delivery are, and what an error comes to.
type clerk struct {
	lines   []string // of a first delivery, after "get seen"; {event} and {order} are filled in
	onError int
	dial    string
	pool    *pool         // nil is a connection for each delivery
	within  time.Duration // all must be answered; 0 is two seconds
}

func (c clerk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := endpointtest.Body(r)
	if !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) {
		w.WriteHeader(400)
		return
	}
	var e stallEvent
	if endpointtest.Unmarshal(body, &e) != nil || e.Data.Object.Metadata["order"] == "" {
		return
	}
	if err := c.take(e); err != nil {
		w.WriteHeader(c.onError)
	}
}

func (c clerk) take(e stallEvent) (failed error) {
	conn, err := c.connect()
	if err != nil {
		return err
	}
	defer func() { c.pool.giveBack(conn, failed) }()
	_ = conn.SetDeadline(time.Now().Add(cmp.Or(c.within, 2*time.Second)))
	lines := bufio.NewReader(conn)
	ask := func(line string) (string, error) {
		line = strings.NewReplacer("{event}", e.ID, "{order}", e.Data.Object.Metadata["order"]).Replace(line)
		if _, err := io.WriteString(conn, line+"\n"); err != nil {
			return "", err
		}
		answer, err := lines.ReadString('\n')
		return strings.TrimSpace(answer), err
	}
	seen, err := ask("get seen {event}")
	if err != nil || seen != "0" {
		return err
	}
	for _, line := range c.lines {
		if _, err := ask(line); err != nil {
			return err
		}
	}
	return nil
}

func TestFaultsAtEveryMessage(t *testing.T) {
	t.Parallel()
	right := []string{"add seen {event}", "add paid {order}", "commit"}
	for name, row := range map[string]struct {
		clerk clerk
		fails map[string]string // checks to what is said of the failure; all others pass
	}{
		"right": {clerk{lines: right, onError: 500}, nil},
		"the marker first": {clerk{lines: []string{"add seen {event}", "commit", "add paid {order}", "commit"}, onError: 500}, map[string]string{
			"faults/cut-before": "at message 4 of 5: after paid, /paid is 0 instead of 1", "faults/cut-after": "at message 3 of 5",
		}},
		"the effect first": {clerk{lines: []string{"add paid {order}", "commit", "add seen {event}", "commit"}, onError: 500}, map[string]string{
			"faults/cut-before": "at message 4 of 5: after paid, /paid is 2 instead of 1", "faults/cut-after": "at message 3 of 5",
		}},
		"errors answered 200": {clerk{lines: right, onError: 200}, map[string]string{
			"faults/cut-before": "at message 1 of 4: after paid, /paid is 0 instead of 1", "faults/cut-after": "at message 1 of 4",
			"faults/database-away": "/paid is 0 instead of 1",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				r, err := Judge(t.Context(), openLedger(t, row.clerk), Options{Only: []string{"faults/cut-before", "faults/cut-after", "faults/database-away"}})
				require.NoError(t, err)
				for _, f := range r.Findings {
					why, fails := row.fails[f.Check]
					require.Equal(t, fails, f.Verdict == result.Fail, "%s: %s %s", f.Check, f.Verdict, f.Why)
					require.Contains(t, f.Why, why)
				}
				require.Positive(t, r.Struck)
			})
		})
	}
}

func TestCutsThatNobodyFeelsProveNothing(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openLedger(t, clerk{lines: []string{"add seen {event}", "add paid {order}", "commit"}, onError: 500})
		target.Proxy = openProxy(t, memnet.InMemory.Dialing(target.Proxy.Addr())) // which the endpoint does not dial
		r, err := Judge(t.Context(), target, Options{Only: []string{"faults/cut-before"}})
		require.NoError(t, err)
		f := findingOf(t, r, "faults/cut-before")
		require.Equal(t, result.NotRun, f.Verdict)
		require.Contains(t, f.Why, "does the endpoint dial the address that database.listen names?")
		require.True(t, r.Incomplete())
	})
}

func openLedger(t *testing.T, c clerk) *target.Target {
	return openOver(t, func(dial string) http.Handler { c.dial = dial; return c })
}

// openOver opens an endpoint over a ledger, at the address where it is to dial that.
func openOver(t *testing.T, over func(dial string) http.Handler) *target.Target {
	t.Helper()
	endpoint, _ := openDoorOver(t, over)
	return endpoint
}

func openDoorOver(t *testing.T, over func(dial string) http.Handler) (*target.Target, *memnet.Door) {
	t.Helper()
	l := &ledger{sums: map[string]int{}}
	link := openLink(t, memnet.InMemory.Dialing(serveMemory(t, l.serve)))
	proxy := openProxy(t, memnet.InMemory.Dialing(link.Addr()))
	front := memnet.OpenDoor(t, over(proxy.Addr()))
	return &target.Target{
		URL: front.URL(), Dialer: memnet.InMemory.Dial, Secret: endpointtest.Secret, Proxy: proxy, Link: link,
		Subject: func(context.Context) (event.Subject, error) {
			id := uuid.NewString()
			return event.Subject{"sessionId": "cs_test_" + id, "amount": 4500, "currency": "usd", "metadata.order": id}, nil
		},
		State: func(_ context.Context, s event.Subject) (any, error) {
			l.mu.Lock()
			defer l.mu.Unlock()
			if s.Text("metadata.order") == "" {
				return nil, errors.New("no such order")
			}
			return map[string]any{"paid": l.sums["paid "+s.Text("metadata.order")]}, nil
		},
	}, front
}

// What can be cut is cut. An endpoint that does nothing in its database for a refund is judged by its payments, whether it
// says so or not, and only the rest is not run.
func TestOnlyWhatSendsNothingIsNotCut(t *testing.T) {
	t.Parallel()
	for name, unhandled := range map[string][]string{"unsaid": nil, "declared": {"charge.refunded"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				target := openLedger(t, clerk{lines: []string{"add seen {event}", "add paid {order}", "commit"}, onError: 500})
				target.Unhandled = unhandled
				r, err := Judge(t.Context(), target, Options{Only: []string{"faults/cut-before", "faults/cut-after"}})
				require.NoError(t, err)
				for _, f := range r.Findings {
					require.Equal(t, result.Pass, f.Verdict, f.Why)
					require.Empty(t, f.Why)
					require.Equal(t, []string{"S(paid refund, " + strings.TrimPrefix(f.Check, "faults/") + ") = S(paid refund): " +
						"when charge.refunded is delivered, the target sends its database nothing, so there is nothing to cut"}, f.NotRun)
				}
				require.False(t, r.Incomplete())
			})
		})
	}
}

// What a target means to ignore is not asked about, and the rest of a check is. A check of which nothing is left is not run.
func TestOnlyWhatIsIgnoredIsNotRun(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, nil).target()
		target.Unhandled = []string{"charge.refunded"}
		ignored := check.Unequal("paid refund", "paid", "")
		for name, row := range map[string]struct {
			relations []check.Relation
			verdict   result.Verdict
			why       string
			notRun    []string
		}{
			"first": {append(ignored, check.Equal("paid*2", "paid")...), result.Pass, "", []string{"S(paid refund) ≠ S(paid): unhandled lists charge.refunded"}},
			"last":  {append(check.Equal("paid*2", "paid"), ignored...), result.Pass, "", []string{"S(paid refund) ≠ S(paid): unhandled lists charge.refunded"}},
			"all":   {ignored, result.NotRun, "unhandled lists charge.refunded", nil},
		} {
			r, err := Judge(t.Context(), target, Options{Checks: []check.Check{{Name: "made-up/mixed", Demand: "It is so.", Relations: row.relations}}})
			require.NoError(t, err, name)
			f := findingOf(t, r, "made-up/mixed")
			require.Equal(t, row.verdict, f.Verdict, name)
			require.Equal(t, row.why, f.Why, name)
			require.Equal(t, row.notRun, f.NotRun, name)
		}
	})
}
