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

// counted sends a mix to a counter that has received the seeds.
func counted(t *testing.T, mixName string, bookings int64, refuse bool) (*counter, sample, error) {
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
	p, err := newPlan(1, 200*time.Millisecond, "", mixName, "4")
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
	c, s, err := counted(t, "unique", 1e6, false)
	require.NoError(t, err)
	require.EqualValues(t, c.fresh, s.sent)
	require.EqualValues(t, c.fresh, s.latency.TotalCount())
	require.Positive(t, c.fresh)
	require.Zero(t, c.copies+c.forgeries)
}

func TestDuplicatesAreRecordedAlready(t *testing.T) {
	t.Parallel()
	c, s, err := counted(t, "duplicate", 1e6, false)
	require.NoError(t, err)
	require.EqualValues(t, c.copies, s.sent)
	require.Zero(t, c.fresh+c.forgeries)
}

func TestForgeriesMustBeRefused(t *testing.T) {
	t.Parallel()
	c, s, err := counted(t, "forged", 1e6, false)
	require.NoError(t, err)
	require.EqualValues(t, c.forgeries, s.sent)
	require.Zero(t, s.refused)
	require.Zero(t, c.fresh+c.copies)
}

func TestABurstIsItsBacklog(t *testing.T) {
	t.Parallel()
	c, s, err := counted(t, "burst", 1e6, false)
	require.NoError(t, err)
	require.Equal(t, 100, c.fresh, "500 a second, for 200 ms")
	require.EqualValues(t, 100, s.sent)
}

func TestRealisticIsMixed(t *testing.T) {
	t.Parallel()
	c, _, err := counted(t, "realistic", 1e6, false)
	require.NoError(t, err)
	total := float64(c.fresh + c.copies + c.forgeries)
	require.InDelta(t, 0.90, float64(c.fresh)/total, 0.06)
	require.InDelta(t, 0.08, float64(c.copies)/total, 0.04)
	require.InDelta(t, 0.02, float64(c.forgeries)/total, 0.02)
	counts := map[kind]int{}
	for _, k := range realistic() {
		counts[k]++
	}
	require.Equal(t, map[kind]int{unique: 45, duplicate: 4, forged: 1}, counts)
}

func TestWrongAnswersAreNoDeliveries(t *testing.T) {
	t.Parallel()
	_, s, err := counted(t, "burst", 1e6, true)
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
	c, _, err := counted(t, "unique", seeds+10, false)
	require.ErrorContains(t, err, "used up")
	require.Equal(t, 10, c.fresh)
}
