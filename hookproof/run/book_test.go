package run

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
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
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// book is an endpoint for invoices over a ledger: what it knows of an order are facts, each once. hookproof has no life of invoices.
type book struct {
	dial string
	turn chan struct{} // one delivery at a time
	lie  bookLie

	mu       sync.Mutex
	counters result.Counters
}

// bookLie is what is wrong with a book.
type bookLie struct {
	eachEvent bool              // each event is a fact of its own
	means     map[string]string // what types mean, instead of what is right
	lost      bool              // an order that is not there is no reason to refuse
	gullible  bool              // any signature will do
	early     bool              // the fact is kept before what follows from it
}

type invoiceEvent struct {
	ID, Type string
	Livemode bool
	Account  string
	Data     struct {
		Object struct{ Metadata map[string]string }
	}
}

func (b *book) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := endpointtest.Body(r)
	known, err := b.take(r.Header.Get("Stripe-Signature"), body)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.counters.Received++
	switch {
	case errors.Is(err, errRefused):
		b.counters.Errors++
		w.WriteHeader(http.StatusBadRequest)
	case err != nil:
		b.counters.Errors++
		w.WriteHeader(http.StatusInternalServerError)
	case known:
		b.counters.Duplicates++
	}
}

var errRefused = errors.New("refused")

// take keeps what an event says, and reports whether it was known.
func (b *book) take(header string, body []byte) (known bool, err error) {
	var e invoiceEvent
	if !b.lie.gullible && !endpointtest.Verifies(header, body) || endpointtest.Unmarshal(body, &e) != nil || e.ID == "" || e.Type == "" {
		return false, errRefused
	}
	order, says := e.Data.Object.Metadata["order_id"], map[string]string{"invoice.sent": "sent", "invoice.paid": "paid", "invoice.voided": "void"}[e.Type]
	if other, is := b.lie.means[e.Type]; is {
		says = other
	}
	if order == "" || e.Livemode || e.Account != "" {
		says = ""
	}
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-time.After(5 * time.Second):
		return false, errors.New("others were before us for too long")
	}
	conn, err := memnet.InMemory.Dialing(b.dial)()
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(2 * time.Second))
	db := &ledgerClient{conn: conn, lines: bufio.NewReader(conn)}
	if known = db.get("event "+e.ID) > 0; known || db.failed != nil {
		return known, db.failed
	}
	lines := []string{"add event " + e.ID}
	if says != "" {
		if db.get("order "+order) == 0 {
			if b.lie.lost {
				return false, db.failed
			}
			return false, errors.Join(db.failed, errors.New("the order is not there yet"))
		}
		if b.lie.early {
			lines = append(lines, "commit")
		}
		if b.lie.eachEvent || db.get(says+" "+order) == 0 {
			lines = append(lines, "add "+says+" "+order)
		}
	}
	for _, line := range append(lines, "commit") {
		db.ask(line)
	}
	return false, db.failed
}

// ledgerClient talks to a ledger. After an error it is silent.
type ledgerClient struct {
	conn   net.Conn
	lines  *bufio.Reader
	failed error
}

func (c *ledgerClient) ask(line string) (answer string) {
	if c.failed == nil {
		_, c.failed = io.WriteString(c.conn, line+"\n")
	}
	if c.failed == nil {
		answer, c.failed = c.lines.ReadString('\n')
	}
	return strings.TrimSpace(answer)
}

func (c *ledgerClient) get(key string) int {
	n, _ := strconv.Atoi(c.ask("get " + key))
	return n
}

// openBook opens a book with all that a target can offer but connected accounts, and the life that it brings.
func openBook(t *testing.T, lie bookLie) *target.Target {
	t.Helper()
	story, err := life.Load("../../examples/targets/python-invoices/lives/invoice/life.json", "life.json")
	require.NoError(t, err)
	l := &ledger{sums: map[string]int{}}
	link := openLink(t, memnet.InMemory.Dialing(serveMemory(t, l.serve)))
	proxy := openProxy(t, memnet.InMemory.Dialing(link.Addr()))
	b := &book{dial: proxy.Addr(), turn: make(chan struct{}, 1), lie: lie}
	front, second := memnet.OpenDoor(t, b), memnet.OpenDoor(t, b)
	announce := func() (event.Subject, func()) {
		id := uuid.NewString()
		return event.Subject{"metadata.order_id": id, "amount": 4900, "currency": "usd"}, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.sums["order "+id]++
		}
	}
	return &target.Target{
		URL: front.URL(), Dialer: memnet.InMemory.Dial, Secret: endpointtest.Secret, PreviousSecret: endpointtest.Secret, Proxy: proxy, Link: link,
		Replicas: []string{second.URL()},
		Lives: map[string]target.Life{"invoices": {
			Story:   story,
			Subject: func(context.Context) (event.Subject, error) { s, make := announce(); make(); return s, nil },
			Announce: func(context.Context) (event.Subject, func(context.Context) error, error) {
				s, make := announce()
				return s, func(context.Context) error { make(); return nil }, nil
			},
			State: func(_ context.Context, s event.Subject) (any, error) {
				time.Sleep(memnet.Tick)
				l.mu.Lock()
				defer l.mu.Unlock()
				id := s.Text("metadata.order_id")
				return map[string]any{"sent": l.sums["sent "+id] > 0, "void": l.sums["void "+id] > 0, "paid": l.sums["paid "+id] > 0, "jobs": l.sums["paid "+id]}, nil
			},
		}},
		Counters: func(context.Context) (result.Counters, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.counters, nil
		},
		Stop:  func(context.Context, string) error { front.Close(); return nil },
		Start: func(context.Context) error { return front.Open() },
	}
}

// A life of one's own is judged by all that any life is asked, from signatures to a connection that is cut at each message.
func TestALifeOfOnesOwnIsJudgedWhole(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		all := openBook(t, bookLie{})
		r, err := Judge(t.Context(), all, Options{Budget: 10 * time.Minute})
		require.NoError(t, err)
		var asked []string
		for _, c := range check.Of(all.Lives["invoices"].Story) {
			asked = append(asked, c.Name)
		}
		var told []string
		for _, f := range r.Findings {
			told = append(told, f.Check)
			require.Equal(t, "invoices", f.Life)
			if slices.ContainsFunc(f.Missing, func(need string) bool { return need == "connect" || need == "api" }) { // it has no accounts, and asks nothing
				continue
			}
			require.Contains(t, []result.Verdict{result.Pass, result.Info}, f.Verdict, "%s: %s", f.Check, f.Why)
		}
		require.Equal(t, asked, told)
		require.Positive(t, r.Struck, "connections were cut")
		require.Greater(t, r.Overlap, 1)
	})
}

// Each fault is seen by the check that is about it, in the life's own words.
func TestFaultsOfALifeOfOnesOwn(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		lie        bookLie
		check, why string
	}{
		"each event counts":     {bookLie{eachEvent: true}, "idempotence/two-ids", "/jobs is 2 instead of 1"},
		"paid when it is sent":  {bookLie{means: map[string]string{"invoice.sent": "paid"}}, "meaning/not-yet", "after sent the state"},
		"paid when it is void":  {bookLie{means: map[string]string{"invoice.voided": "paid"}}, "meaning/not-yet", "after sent void"},
		"an order that is late": {bookLie{lost: true}, "order/overtaking", ""},
		"any signature":         {bookLie{gullible: true}, "authenticity/no-effect", ""},
		"kept too early":        {bookLie{early: true}, "faults/cut-before", "/jobs is 0 instead of 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				r, err := Judge(t.Context(), openBook(t, row.lie), Options{Only: []string{row.check}})
				require.NoError(t, err)
				f := findingOf(t, r, row.check)
				require.Equal(t, result.Fail, f.Verdict, f.Why)
				require.Contains(t, f.Why, row.why)
			})
		})
	}
}
