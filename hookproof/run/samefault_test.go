package run

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// Each fault is told as what was seen of it: what one failure has shown already is told under it, and what it has not, is not.
func TestWhatIsExplainedWasSeen(t *testing.T) {
	t.Parallel()
	before := func(do func(*stall)) func(*stall) {
		return func(s *stall) {
			s.answer = func(int, http.ResponseWriter, *http.Request, []byte) bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				do(s)
				return false
			}
		}
	}
	for name, row := range map[string]struct {
		lie     func(*stall)
		only    []string
		because map[string]string // of the checks that fail
	}{
		"a refund before its payment is lost": {
			before(func(s *stall) { clear(s.parked) }),
			[]string{"order/refunds", "order/tie", "order/repeated", "meaning/refunds-add-up"},
			map[string]string{"order/refunds": "", "order/tie": "order/refunds", "order/repeated": "order/refunds"},
		},
		"a second refund is dropped": {
			func(s *stall) {
				s.before = func(e stallEvent, o *stallOrder) bool { return e.Type == "charge.refunded" && o.refunded > 0 }
			},
			[]string{"order/tie", "meaning/refunds-add-up"},
			map[string]string{"order/tie": "meaning/refunds-add-up", "meaning/refunds-add-up": ""},
		},
		"a tie loses an event": {
			func(s *stall) {
				last := map[*stallOrder]int64{}
				s.before = func(e stallEvent, o *stallOrder) bool {
					defer func() { last[o] = e.Created }()
					return last[o] == e.Created
				}
			},
			[]string{"order/refunds", "order/tie", "order/repeated"},
			map[string]string{"order/tie": ""},
		},
		"nothing is told from a copy": {
			func(s *stall) {
				s.before = func(_ stallEvent, o *stallOrder) bool { o.shipped++; return true }
				before(func(s *stall) { clear(s.seen) })(s)
			},
			[]string{"idempotence/redelivered", "idempotence/overlapping", "idempotence/two-ids", "idempotence/two-ids-overlapping"},
			map[string]string{"idempotence/redelivered": "", "idempotence/overlapping": "idempotence/redelivered",
				"idempotence/two-ids": "", "idempotence/two-ids-overlapping": "idempotence/two-ids"},
		},
		"what is unpaid is fulfilled": {
			func(s *stall) {
				s.before = func(e stallEvent, o *stallOrder) bool {
					if e.Type == "checkout.session.completed" {
						o.shipped = 1
					}
					return false
				}
			},
			[]string{"meaning/unpaid", "meaning/slow-payment-failed", "meaning/expired"},
			map[string]string{"meaning/unpaid": "", "meaning/slow-payment-failed": "meaning/unpaid"},
		},
		"what failed is fulfilled": {
			func(s *stall) {
				s.before = func(e stallEvent, o *stallOrder) bool {
					if e.Type == "checkout.session.async_payment_failed" {
						o.shipped = 1
					}
					return false
				}
			},
			[]string{"meaning/unpaid", "meaning/slow-payment-failed", "meaning/expired"},
			map[string]string{"meaning/slow-payment-failed": ""},
		},
		"forgeries are taken, and counters stand still": {
			func(s *stall) {
				s.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) bool {
					s.mu.Lock()
					defer s.mu.Unlock()
					if endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) {
						s.counters.Received--
					} else {
						w.WriteHeader(http.StatusOK)
						return true
					}
					return false
				}
			},
			[]string{"authenticity/wrong-secret", "authenticity/tampered", "bookkeeping/errors"},
			map[string]string{"authenticity/wrong-secret": "", "authenticity/tampered": "authenticity/wrong-secret", "bookkeeping/errors": ""},
		},
		"forgeries are taken, and counted so": {
			func(s *stall) {
				s.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) bool {
					if endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) {
						return false
					}
					s.mu.Lock()
					defer s.mu.Unlock()
					s.counters.Received++
					w.WriteHeader(http.StatusOK)
					return true
				}
			},
			[]string{"authenticity/wrong-secret", "bookkeeping/errors"},
			map[string]string{"authenticity/wrong-secret": "", "bookkeeping/errors": "authenticity/wrong-secret"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				r, err := Judge(t.Context(), openStall(t, row.lie).target(), Options{Seed: 1, Only: row.only})
				require.NoError(t, err)
				because := map[string]string{}
				for _, f := range r.Findings {
					if f.Verdict == result.Fail {
						because[f.Check] = f.Because
					}
				}
				require.Equal(t, row.because, because)
			})
		})
	}
}

// shownBy is the relation of a check, as a failure has shown it.
func shownBy(t *testing.T, row, left, op, right string) Case {
	t.Helper()
	l, err := check.ParseSchedule(life.Payment, left)
	require.NoError(t, err)
	r, err := check.ParseSchedule(life.Payment, right)
	require.NoError(t, err)
	c := Case{Relation: check.Relation{Left: left, Op: op, Right: right}, Delivered: l, Compared: r}
	if row != "" {
		c.Check = check.Named(row)[0]
	}
	return c
}

func TestFacts(t *testing.T) {
	t.Parallel()
	facts := func(left, right string) string { return shownBy(t, "", left, "=", right).facts() }
	require.Equal(t, facts("refund paid", "paid refund"), facts("refund-25 paid", "paid refund-25"), "a refund is a refund")
	require.Equal(t, facts("paid*2", "paid"), facts("paid paid", "paid"), "a copy is a copy")
	for _, pair := range [][4]string{
		{"paid refund-10 refund-25", "paid refund-25", "paid refund-10*2", "paid refund-10"},
		{"tie refund paid", "paid refund", "refund paid", "paid refund"},
		{"paid*2+", "paid", "paid*2", "paid"},
		{"paid&2", "paid", "paid*2", "paid"},
		{"unpaid async-paid", "paid", "paid async-paid", "paid"},
	} {
		require.NotEqual(t, facts(pair[0], pair[1]), facts(pair[2], pair[3]), pair)
	}
	require.Empty(t, shownBy(t, "", "paid=ack", "", "").facts(), "no state was compared")
}

// A failure that is shown without the tie, or without all being told again, is not mended as one of those is.
func TestMend(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		c    Case
		mend string
	}{
		"a tie":                  {shownBy(t, "order/tie", "tie refund-25 paid", "=", "paid refund-25"), "do not order events by created: it does not say which of two is later"},
		"no tie":                 {shownBy(t, "order/tie", "refund-25 paid", "=", "paid refund-25"), check.MendOrder},
		"a restart":              {shownBy(t, "idempotence/restart", "paid restart paid", "=", "paid"), "keep the ids of processed events in the database"},
		"no restart":             {shownBy(t, "idempotence/restart", "paid paid", "=", "paid"), check.MendDedupe},
		"no verb of the check's": {shownBy(t, "idempotence/redelivered", "paid*2", "=", "paid"), check.MendDedupe},
	} {
		states := map[string]normalized{row.c.Right: {"/status": `"paid"`}}
		_, fix := advice(Outcome{Case: row.c, Symptom: wrongState, Want: states[row.c.Right], History: History{State: normalized{"/status": `"open"`}, References: states}})
		require.Equal(t, row.mend, fix, name)
	}
}

func TestCopiedAndTaken(t *testing.T) {
	t.Parallel()
	sent := func(event, id, sign string, status int) result.Sent {
		return result.Sent{Event: event, ID: id, Sign: sign, Status: status}
	}
	copies := []result.Sent{sent("carrier", "1", "genuine", 200), sent("carrier", "2", "genuine", 200), sent("paid", "3", "genuine", 200), sent("paid", "3", "genuine", 200)}
	require.Equal(t, []string{"paid"}, shownBy(t, "", "carrier&2+=any paid*2", "=", "paid").copied(copies), "what prepares is no copy")
	require.Equal(t, []string{"paid+"}, shownBy(t, "", "paid*2+", "=", "paid").copied([]result.Sent{sent("paid", "1", "genuine", 200), sent("paid", "2", "genuine", 200)}))
	forged := []result.Sent{sent("paid", "1", "wrong-secret", 200), sent("paid", "1", "no-header", 400), sent("paid", "1", "genuine", 200)}
	require.Equal(t, []string{"wrong-secret"}, shownBy(t, "", "wrong-secret:paid=refused no-header:paid=refused", "", "").taken(forged, false))
	require.Equal(t, []string{"wrong-secret"}, shownBy(t, "", "wrong-secret:paid no-header:paid", "=", "").taken(forged, false), "nothing else can have changed the state")
	require.Empty(t, shownBy(t, "", "wrong-secret:paid paid", "=", "paid").taken(forged, false), "the genuine one may be lost")
	require.Empty(t, shownBy(t, "ack-policy/no-leak", "wrong-secret:paid=any", "", "").taken(forged, false), "what leaks is another fault")
	counters := shownBy(t, "", "wrong-secret:paid no-header:paid", "", "")
	counters.Counts = &result.Counters{Received: 2, Duplicates: 0, Errors: 2}
	require.Empty(t, counters.taken(forged, false), "the counters stood still")
	require.Equal(t, []string{"wrong-secret"}, counters.taken(forged, true))
}
