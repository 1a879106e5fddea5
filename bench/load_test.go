package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
)

// counter is an endpoint that counts what it receives.
type counter struct {
	mu                       sync.Mutex
	seen                     map[string]bool
	fresh, copies, forgeries int
	wrongness                int
	refuse                   bool
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var e struct{ ID string }
	unix, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Stripe-Signature"), "t="), ",")
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || json.Unmarshal(body, &e) != nil {
		c.wrongness++
	}
	at, _ := json.Number(unix).Int64()
	switch {
	case r.Header.Get("Stripe-Signature") != "t="+unix+",v1="+event.Signature(webhookSecret, at, body):
		c.forgeries++
		w.WriteHeader(http.StatusBadRequest)
	case c.refuse:
		w.WriteHeader(http.StatusInternalServerError)
	case c.seen[e.ID]:
		c.copies++
	default:
		c.seen[e.ID] = true
		c.fresh++
	}
}

// short is the length of a round that tests need not fill.
const short = 200 * time.Millisecond

// counted sends a mix to a counter that has received the seeds.
func counted(t *testing.T, mixName string, bookings int64, length time.Duration, refuse bool) (*counter, sample, error) {
	t.Helper()
	c := &counter{seen: map[string]bool{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	tmpl, err := newTemplate()
	require.NoError(t, err)
	e := &endpoint{name: "counter", address: server.Listener.Addr().String(), template: tmpl, database: &database{bookings: bookings}}
	require.NoError(t, e.seed())
	require.Equal(t, seeds, c.fresh)
	c.fresh, c.refuse = 0, refuse
	p, err := newPlan(1, length, "", mixName, "4")
	require.NoError(t, err)
	s, err := e.send(t.Context(), job{"counter", p.mixes[0], 4}, p.length)
	require.Zero(t, c.wrongness)
	if err == nil && !refuse {
		require.EqualValues(t, e.next.Load()-seeds, c.fresh, "new is what was never sent, and a copy is of what was")
	}
	return c, s, err
}

func TestUniqueIsNew(t *testing.T) {
	t.Parallel()
	c, s, err := counted(t, "unique", 1e6, short, false)
	require.NoError(t, err)
	require.EqualValues(t, c.fresh, s.sent)
	require.EqualValues(t, c.fresh, s.latency.TotalCount())
	require.Positive(t, c.fresh)
	require.Zero(t, c.copies+c.forgeries)
}

func TestDuplicatesAreRecordedAlready(t *testing.T) {
	t.Parallel()
	c, s, err := counted(t, "duplicate", 1e6, short, false)
	require.NoError(t, err)
	require.EqualValues(t, c.copies, s.sent)
	require.Zero(t, c.fresh+c.forgeries)
}

func TestForgeriesMustBeRefused(t *testing.T) {
	t.Parallel()
	c, s, err := counted(t, "forged", 1e6, short, false)
	require.NoError(t, err)
	require.EqualValues(t, c.forgeries, s.sent)
	require.Zero(t, s.refused)
	require.Zero(t, c.fresh+c.copies)
}

func TestABurstIsItsBacklog(t *testing.T) {
	t.Parallel()
	c, s, err := counted(t, "burst", 1e6, short, false)
	require.NoError(t, err)
	require.Equal(t, 100, c.fresh, "500 a second, for 200 ms")
	require.EqualValues(t, 100, s.sent)
}

func TestRealisticIsMixed(t *testing.T) {
	t.Parallel()
	c, _, err := counted(t, "realistic", seeds+1000, time.Minute, false) // it ends with the bookings, however slow the machine is
	require.ErrorContains(t, err, "used up")
	require.Equal(t, 1000, c.fresh)
	require.InDelta(t, 1000*4/45, c.copies, 16, "4 in 50 deliveries, on each of 4 connections")
	require.InDelta(t, 1000*1/45, c.forgeries, 4, "1 in 50 deliveries, on each of 4 connections")
	counts := map[kind]int{}
	for _, k := range realistic() {
		counts[k]++
	}
	require.Equal(t, map[kind]int{unique: 45, duplicate: 4, forged: 1}, counts)
}

func TestWrongAnswersAreNoDeliveries(t *testing.T) {
	t.Parallel()
	_, s, err := counted(t, "burst", 1e6, short, true)
	require.NoError(t, err)
	require.Zero(t, s.sent)
	require.EqualValues(t, 100, s.refused)
	require.Equal(t, "500 instead of 200", s.fault)
	collected := newSamples(job{"counter", mixes[3], 4})
	collected.add(s)
	r := Report{Rows: []Row{collected.row()}}
	require.ErrorContains(t, r.fault(), "100 deliveries had an unexpected answer")
}

func TestUsedUpBookingsAreReported(t *testing.T) {
	t.Parallel()
	c, _, err := counted(t, "unique", seeds+10, time.Minute, false)
	require.ErrorContains(t, err, "used up")
	require.Equal(t, 10, c.fresh)
}
