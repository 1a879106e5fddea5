package run

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
)

// miscounting changes a stall's counters before each delivery.
func miscounting(change func(*result.Counters)) func(*stall) {
	return func(s *stall) {
		s.answer = func(int, http.ResponseWriter, *http.Request, []byte) bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			change(&s.counters)
			return false
		}
	}
}

// Each fault is found by the check that is about it, and what nothing gets through is told as one fault.
func TestFaultsAreFound(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		lie   func(*stall)
		check string
		why   string
	}{
		"a redirect": {func(s *stall) { s.answer = answering(308) }, "ack-policy/no-redirect", "a redirect, to everything"},
		"a body that is written anew": {func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
				if strings.Contains(string(body), "\n") || strings.Contains(string(body), ": ") {
					w.WriteHeader(400)
					return true
				}
				return false
			}
		}, "authenticity/raw-body", "instead of the bytes that came"},
		"a payment that a late expiry takes back": {func(s *stall) {
			s.before = func(e stallEvent, o *stallOrder) bool { o.rank = 0; return false }
		}, "order/late-after-paid", "instead of \"rank 4\""},
		"a late overwrite": {func(s *stall) {
			s.before = func(e stallEvent, o *stallOrder) bool {
				if e.Type == "checkout.session.expired" {
					time.AfterFunc(700*time.Millisecond, func() { s.mu.Lock(); defer s.mu.Unlock(); o.rank = 2 })
				}
				return false
			}
		}, "order/late-after-paid", "/status is \"rank 2\" instead of \"rank 4\""},
		"an unpaid session that is fulfilled": {func(s *stall) {
			s.before = func(e stallEvent, o *stallOrder) bool { o.shipped = 1; return false }
		}, "meaning/unpaid", "/shipped is 1, as after paid"},
		"a free session that is not fulfilled": {func(s *stall) {
			s.before = func(e stallEvent, _ *stallOrder) bool { return e.Data.Object.PaymentStatus == "no_payment_required" }
		}, "meaning/free", "the state is the same as after nothing"},
		"a refund that is added up": {func(s *stall) {
			s.before = func(e stallEvent, o *stallOrder) bool {
				if e.Type == "charge.refunded" {
					o.refunded += e.Data.Object.AmountRefunded
					return true
				}
				return false
			}
		}, "meaning/refunds-add-up", "/refunded is 1575 instead of 1125"},
		"an order that a partial refund closes": {func(s *stall) {
			s.before = func(e stallEvent, o *stallOrder) bool {
				if e.Type == "charge.refunded" {
					o.refunded, o.rank = max(o.refunded, e.Data.Object.AmountRefunded), 5
				}
				return e.Type == "charge.refunded"
			}
		}, "meaning/partly-refunded", "after paid refund-25, /status is \"rank 5\", as after paid refund"},
		"a process that ends": {func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
				if string(body) == "null" {
					go func() { _ = s.stop() }()
					<-time.After(50 * time.Millisecond)
				}
				return false
			}
		}, "ack-policy/garbage", "the target's process ended"},
		"an expiry that is never acknowledged": {func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
				if strings.Contains(string(body), `"checkout.session.expired"`) {
					w.WriteHeader(500)
					return true
				}
				return false
			}
		}, "order/late-after-paid", "other-session-expired was never acknowledged: the last answer was 500"},
		"a type that is refused": {func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
				if strings.Contains(string(body), `"payment_intent.succeeded"`) {
					w.WriteHeader(422)
					return true
				}
				return false
			}
		}, "ack-policy/unhandled-type", "unhandled-succeeded was answered 422, instead of a 2xx"},
		"counters that stand still":        {miscounting(func(c *result.Counters) { *c = result.Counters{} }), "bookkeeping/duplicates", "instead of 3, 2 and 0"},
		"duplicates that are counted once": {miscounting(func(c *result.Counters) { c.Duplicates = 0 }), "bookkeeping/duplicates", "instead of 3, 2 and 0"},
		"errors that are counted once":     {miscounting(func(c *result.Counters) { c.Errors = 0 }), "bookkeeping/errors", "instead of 2, 0 and 2"},
		"a second event of one second that is dropped": {func(s *stall) {
			last := map[*stallOrder]int64{}
			s.before = func(e stallEvent, o *stallOrder) bool {
				defer func() { last[o] = e.Created }()
				return last[o] == e.Created
			}
		}, "order/tie", "instead of"},
		"a copy that counts twice": {func(s *stall) {
			s.before = func(_ stallEvent, o *stallOrder) bool { o.shipped++; return true }
			s.answer = func(int, http.ResponseWriter, *http.Request, []byte) bool { s.forget(); return false }
		}, "idempotence/redelivered", "instead of"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				r, err := Judge(t.Context(), openStall(t, row.lie).target(), Options{Only: []string{row.check}})
				require.NoError(t, err)
				f := findingOf(t, r, row.check)
				require.Equal(t, result.Fail, f.Verdict, f.Why)
				require.Contains(t, f.Why, row.why)
				require.NotEmpty(t, f.Fix)
				require.NotEmpty(t, f.Importance)
			})
		})
	}
}

// An endpoint that is wrong about one part of a signature is found by the check that is about it.
func TestWhatIsWrongAboutSignaturesIsFound(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		takes func(age int64, signatures []string, good string) bool
		check string
	}{
		"a tolerance of ten minutes": {func(age int64, signatures []string, good string) bool {
			return age <= 10*event.Minute && slices.Contains(signatures, good)
		}, "authenticity/stale"},
		"a tolerance of three minutes": {func(age int64, signatures []string, good string) bool {
			return age <= 3*event.Minute && slices.Contains(signatures, good)
		}, "authenticity/in-time"},
		"the first signature alone": {func(_ int64, signatures []string, good string) bool {
			return len(signatures) > 0 && signatures[0] == good
		}, "authenticity/several-v1"},
		"the last signature alone": {func(_ int64, signatures []string, good string) bool {
			return len(signatures) > 0 && signatures[len(signatures)-1] == good
		}, "authenticity/several-v1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				r, err := Judge(t.Context(), openStall(t, func(s *stall) {
					s.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) bool {
						at, signatures := endpointtest.Parts(r.Header.Get("Stripe-Signature"))
						now, status := time.Now().Unix(), http.StatusBadRequest
						if row.takes(now-at, signatures, event.Signature(endpointtest.Secret, at, body)) {
							s.mu.Lock()
							defer s.mu.Unlock()
							status, _ = s.take(fmt.Sprintf("t=%d,v1=%s", now, event.Signature(endpointtest.Secret, now, body)), body)
						}
						w.WriteHeader(status)
						return true
					}
				}).target(), Options{Only: []string{row.check}})
				require.NoError(t, err)
				f := findingOf(t, r, row.check)
				require.Equal(t, result.Fail, f.Verdict, f.Why)
			})
		})
	}
}

// Copies go to every replica: each that remembers for itself counts one.
func TestReplicasThatRememberForThemselvesAreFound(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, func(s *stall) {
			memories := map[string]map[string]bool{"/hook": {}, "/replica": {}}
			s.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.seen = memories[r.URL.Path]
				status, _ := s.take(r.Header.Get("Stripe-Signature"), body)
				w.WriteHeader(status)
				return true
			}
			s.before = func(_ stallEvent, o *stallOrder) bool { o.shipped++; return true }
		}).target()
		target.Replicas = []string{strings.Replace(target.URL, "/hook", "/replica", 1)}
		r, err := Judge(t.Context(), target, Options{Only: []string{"idempotence/replicas"}})
		require.NoError(t, err)
		f := findingOf(t, r, "idempotence/replicas")
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.Contains(t, f.Why, "/shipped is 2 instead of 1")
	})
}

// An endpoint that fulfils whatever is completed is told that, and not that it gives nothing for a voucher.
func TestWhatIsFulfilledUnpaidDoesNotCondemnWhatIsFree(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		eager := func(s *stall) {
			s.before = func(e stallEvent, o *stallOrder) bool {
				completed := e.Type == "checkout.session.completed"
				if completed {
					o.rank, o.shipped = 4, 1
				}
				return completed
			}
		}
		r, err := Judge(t.Context(), openStall(t, eager).target(), Options{Only: []string{"meaning/unpaid", "meaning/free"}})
		require.NoError(t, err)
		require.Equal(t, result.Fail, findingOf(t, r, "meaning/unpaid").Verdict)
		require.Equal(t, result.NotRun, findingOf(t, r, "meaning/free").Verdict)
	})
}

func TestProfileStripeTellsOurPolicyAsInfo(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		gullible := func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, r *http.Request, _ []byte) bool {
				var at int64
				_, _ = fmt.Sscanf(r.Header.Get("Stripe-Signature"), "t=%d", &at)
				if at > time.Now().Unix()+60 {
					w.WriteHeader(200)
					return true
				}
				return false
			}
		}
		for profile, verdict := range map[string]result.Verdict{"strict": result.Fail, "stripe": result.Info} {
			r, err := Judge(t.Context(), openStall(t, gullible).target(), Options{Only: []string{"authenticity/future"}, Profile: profile})
			require.NoError(t, err)
			require.Equal(t, verdict, findingOf(t, r, "authenticity/future").Verdict)
		}
	})
}

func TestUnhandledTypesAreLeftOut(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		deaf := func(s *stall) {
			s.before = func(e stallEvent, _ *stallOrder) bool { return strings.HasPrefix(e.Type, "charge.dispute.") }
		}
		target := openStall(t, deaf).target()
		r, err := Judge(t.Context(), target, Options{Only: []string{"meaning/dispute"}})
		require.NoError(t, err)
		require.Equal(t, result.NotRun, findingOf(t, r, "meaning/dispute").Verdict)
		require.True(t, r.Incomplete(), "no evidence is never a pass")
		target.Unhandled = []string{"charge.dispute.created"}
		r, err = Judge(t.Context(), target, Options{Only: []string{"meaning/dispute", "order/dispute", "authenticity/genuine"}})
		require.NoError(t, err)
		require.Contains(t, findingOf(t, r, "meaning/dispute").Why, "unhandled lists charge.dispute.created")
		require.Equal(t, result.Pass, findingOf(t, r, "order/dispute").Verdict)
		require.False(t, r.Incomplete())
	})
}
