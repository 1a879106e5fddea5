package run

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// forgettingAfter makes a stall forget what it has seen when an event comes again after so many other deliveries, and
// ship once more.
func forgettingAfter(deliveries int) func(*stall) {
	return func(s *stall) {
		at := map[string]int{}
		s.answer = func(n int, _ http.ResponseWriter, _ *http.Request, body []byte) bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			var e stallEvent
			if endpointtest.Unmarshal(body, &e) != nil || e.ID == "" {
				return false
			}
			if before, again := at[e.ID]; again && n-before > deliveries {
				clear(s.seen)
			}
			if _, again := at[e.ID]; !again {
				at[e.ID] = n
			}
			return false
		}
		s.before = func(e stallEvent, o *stallOrder) bool {
			paid := e.Type == "checkout.session.completed" && e.Data.Object.PaymentStatus == "paid"
			if paid {
				o.rank, o.shipped = max(o.rank, 4), o.shipped+1
			}
			return paid
		}
	}
}

func madeUp(left, right string) check.Check {
	return check.Check{Name: "order/made-up", Demand: "It is so.", Why: "nothing", Fix: "do not", Relations: check.Equal(left, right)}
}

func judgeMadeUp(t *testing.T, lie func(*stall), c check.Check, o Options) (result.Finding, result.Report) {
	t.Helper()
	o.Checks, o.Seed = []check.Check{c}, 1
	r, err := Judge(t.Context(), openStall(t, lie).target(), o)
	require.NoError(t, err)
	return findingOf(t, r, c.Name), r
}

// The shortest schedule is found where copies must be many, and what need not be there is left out.
func TestSchedulesAreShrunk(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		after       int // deliveries
		left, right string
		want        string
	}{
		{8, "paid later unhandled*40+ paid", "paid", "paid unhandled*10+ paid"},
		{0, "paid later unhandled*40+ paid", "paid", "paid paid"},
		{0, "paid&3 paid&3", "paid", "paid&6"}, // as many are sent in any case
		{0, "refund paid again", "paid refund", "paid again"},
		{0, "paid restart paid", "paid", "paid paid"},
		{1, "paid no-header:paid*20 wrong-secret:paid*40 paid", "paid", "paid wrong-secret:paid*2 paid"},
		{3, "paid stranger bare stranger paid", "paid", "paid stranger bare stranger paid"},
		{0, "unhandled&4=any paid*2", "paid", "paid*2"},
		{8, "refund-10 paid unhandled*40=any paid", "refund-10 paid", "paid unhandled*10=any paid"},
	} {
		t.Run(row.left, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				f, _ := judgeMadeUp(t, forgettingAfter(row.after), madeUp(row.left, row.right), Options{})
				require.Equal(t, result.Fail, f.Verdict, f.Why)
				require.Equal(t, row.want, f.Schedule)
				require.Empty(t, f.ShrinkStopped)
			})
		})
	}
}

// What is forged alone demands no payment, whatever else was left out.
func TestShrinkingKeepsWhatIsDemanded(t *testing.T) {
	t.Parallel()
	for left, right := range map[string]string{
		"wrong-secret:paid paid": "paid", "paid paid": "paid", "paid&2": "paid", "tie paid": "paid", "wrong-secret:paid*40 no-header:paid*20 paid": "paid",
		"paid refund again": "paid refund", "refund paid again": "paid refund", "paid restart paid": "paid", "tampered-body:paid stale:paid": "",
	} {
		l, err := check.ParseSchedule(life.Payment, left)
		require.NoError(t, err)
		r, err := check.ParseSchedule(life.Payment, right)
		require.NoError(t, err)
		one := Case{Relation: check.Relation{Left: left, Op: "=", Right: right}, Delivered: l, Compared: r}
		for _, shorter := range one.shorter() {
			require.NotEqual(t, shorter.Delivered.String(), shorter.Compared.String(), "it breaks nothing")
			for _, item := range shorter.Compared {
				genuine := false
				for _, other := range shorter.Delivered {
					genuine = genuine || other.Genuine() && other.Tells(item)
				}
				require.True(t, genuine, "%s cannot be demanded", shorter)
			}
		}
	}
}

// Of many copies half as many are tried, and the limit of hook calls holds for shrinking as well: what it leaves long
// is told to be long.
func TestShrinking(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		var mu sync.Mutex
		copies := map[*stallOrder]int{}
		tenth := func(s *stall) {
			s.answer = func(int, http.ResponseWriter, *http.Request, []byte) bool { s.forget(); return false }
			s.before = func(e stallEvent, o *stallOrder) bool {
				mu.Lock()
				defer mu.Unlock()
				if copies[o]++; copies[o] == 10 {
					o.refunded++
				}
				return copies[o] > 1
			}
		}
		made := check.Check{Name: "idempotence/made-up", Demand: "It counts once.", Relations: []check.Relation{{Left: "paid*40", Op: "=", Right: "paid"}}}
		judged := func(calls int) (result.Finding, result.Report) {
			r, err := Judge(t.Context(), openStall(t, tenth).target(), Options{Checks: []check.Check{made}, HookCalls: calls})
			require.NoError(t, err)
			return findingOf(t, r, made.Name), r
		}
		f, enough := judged(0)
		require.Equal(t, result.Fail, f.Verdict)
		require.Equal(t, "paid*10", f.Schedule, "five copies do no harm")
		require.Empty(t, f.ShrinkStopped)

		limit := enough.HookCalls - 5
		f, r := judged(limit)
		require.Equal(t, result.Fail, f.Verdict)
		require.Equal(t, fmt.Sprintf("out of hook calls (%d)", limit), f.ShrinkStopped)
		require.Greater(t, len(f.Timeline), 10)
		require.LessOrEqual(t, r.HookCalls, limit)
	})
}

// Nothing shorter is looked for when the run has ended, when many have been tried, or when the budget is spent.
func TestWhenShrinkingEnds(t *testing.T) {
	t.Parallel()
	p := pipelineOf(t, openStall(t, nil).target())
	require.Empty(t, p.shrinksNoMore(t.Context(), mostShrinks))
	require.Equal(t, "12 others were tried", p.shrinksNoMore(t.Context(), mostShrinks+1))
	p.budget.options.HookCalls = callsOfCase + 1
	require.Empty(t, p.shrinksNoMore(t.Context(), 1))
	p.budget.options.HookCalls = callsOfCase
	require.Equal(t, "out of hook calls (5)", p.shrinksNoMore(t.Context(), 1), "another would need more than there are left")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, "the run was ended", p.shrinksNoMore(ctx, 1))
}
