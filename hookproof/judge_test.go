package hookproof

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// find is the finding on a check.
func findingOf(t *testing.T, r Report, check string) Finding {
	t.Helper()
	for _, f := range r.Findings {
		if f.Check == check {
			return f
		}
	}
	require.Fail(t, "there is no finding on "+check)
	return Finding{}
}

func requireNone(t *testing.T, r Report, verdicts ...Verdict) {
	t.Helper()
	for _, f := range r.Findings {
		require.NotContains(t, verdicts, f.Verdict, "%s: %s", f.Check, f.Why)
	}
}

func TestACorrectStallHasNoFailures(t *testing.T) {
	t.Parallel()
	for name, lie := range map[string]func(*stall){
		"at once":               nil,
		"effects after the ACK": func(s *stall) { s.lag = 120 * time.Millisecond },
		"204, and no body": func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				status, duplicate := s.take(r.Header.Get("Stripe-Signature"), body)
				s.counters.Received++
				if duplicate {
					s.counters.Duplicates++
				}
				if status == 200 {
					status = 204
				} else {
					s.counters.Errors++
				}
				w.WriteHeader(status)
				return true
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := Judge(t.Context(), openStall(t, lie).target(), Options{Seed: 1, Skip: []string{"idempotence/restart", "faults/stopped"}})
			require.NoError(t, err)
			requireNone(t, r, Fail, Info)
			require.False(t, r.Incomplete())
			require.Greater(t, r.Count(Pass), 50)
			require.LessOrEqual(t, r.HookCalls, 250)
		})
	}
}

// A target can make it impossible to judge it. Then there is no verdict, and one sentence says why.
func TestWhatCannotBeJudged(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	for name, row := range map[string]struct {
		lie  func(*stall)
		with func(*Target)
		why  string
	}{
		"the state never changes": {lie: func(s *stall) { s.shows = func(map[string]any) any { return "open" } }, why: "nothing can be proven"},
		"the state never rests":   {lie: func(s *stall) { s.shows = func(o map[string]any) any { o["reads"] = calls.Add(1); return o } }, why: "differ at /reads"},
		"a fresh subject's time":  {lie: func(s *stall) { s.shows = func(o map[string]any) any { o["readAt"] = time.Now(); return o } }, why: "differ at /readAt"},
		"nobody listens":          {with: func(t *Target) { t.URL, t.Start, t.Stop = "http://127.0.0.1:1/", nil, nil }, why: "nothing listens at http://127.0.0.1:1/"},
		"another secret":          {with: func(t *Target) { t.Secret = "whsec_other" }, why: "the secret is not the one"},
		"no such path":            {lie: func(s *stall) { s.answer = answering(404) }, why: "is the path of the URL right?"},
		"an endpoint that fails":  {lie: func(s *stall) { s.answer = answering(500) }, why: "look into its log"},
		"a replica that is away": {with: func(t *Target) { t.Replicas, t.Start, t.Stop = []string{t.URL, "http://127.0.0.1:1/"}, nil, nil },
			why: "a replica: nothing listens at http://127.0.0.1:1/"},
		"a replica at no such path": {lie: func(s *stall) {
			s.answer = func(n int, w http.ResponseWriter, r *http.Request, body []byte) bool {
				return r.URL.Path == "/typo" && answering(404)(n, w, r, body)
			}
		}, with: func(t *Target) { t.Replicas = []string{strings.Replace(t.URL, "/hook", "/typo", 1)} }, why: "answers 404 to what the target has taken"},
		"a host that is not ours":   {with: func(t *Target) { t.URL = "http://192.0.2.1/" }, why: "neither on this machine nor in a private network"},
		"a profile there is not":    {why: `there is no profile "lax"`},
		"a check that there is not": {why: `there is no check or family "luck"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, o := openStall(t, row.lie).target(), Options{Budget: 10 * time.Second} // for a judge that goes on
			if row.with != nil {
				row.with(target)
			}
			if strings.Contains(name, "profile") {
				o.Profile = "lax"
			}
			if strings.Contains(name, "check") {
				o.Only = []string{"luck"}
			}
			_, err := Judge(t.Context(), target, o)
			var unusable *Unusable
			require.ErrorAs(t, err, &unusable)
			require.ErrorContains(t, err, row.why)
		})
	}
}

func answering(status int) func(int, http.ResponseWriter, *http.Request, []byte) bool {
	return func(_ int, w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		w.WriteHeader(status)
		return true
	}
}

// A hook that fails is an error of its own, and never a verdict.
func TestHooksThatFail(t *testing.T) {
	t.Parallel()
	broken := errors.New("out of order")
	for hook, with := range map[string]func(*Target){
		"subject":  func(t *Target) { t.Subject = func(context.Context) (Subject, error) { return nil, broken } },
		"state":    func(t *Target) { t.State = func(context.Context, Subject) (any, error) { return nil, broken } },
		"counters": func(t *Target) { t.Counters = func(context.Context) (Counters, error) { return Counters{}, broken } },
		"stop":     func(t *Target) { t.Stop = func(context.Context, string) error { return broken } },
	} {
		t.Run(hook, func(t *testing.T) {
			t.Parallel()
			target := openStall(t, nil).target()
			with(target)
			_, err := Judge(t.Context(), target, Options{Only: []string{"authenticity/genuine", "bookkeeping/received", "idempotence/restart"}})
			var failed *HookError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, hook, failed.Hook)
			require.ErrorIs(t, err, broken)
		})
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
		}, "order/late-after-paid", "expired was never acknowledged: the last answer was 500"},
		"a type that is refused": {func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
				if strings.Contains(string(body), `"payment_intent.succeeded"`) {
					w.WriteHeader(422)
					return true
				}
				return false
			}
		}, "ack-policy/unhandled-type", "unhandled-succeeded was answered 422, instead of a 2xx"},
		"counters that stand still": {func(s *stall) {
			s.answer = func(int, http.ResponseWriter, *http.Request, []byte) bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.counters = Counters{}
				return false
			}
		}, "bookkeeping/duplicates", "instead of 3, 2 and 0"},
		"a copy that counts twice": {func(s *stall) {
			s.before = func(_ stallEvent, o *stallOrder) bool { o.shipped++; return true }
			s.answer = func(int, http.ResponseWriter, *http.Request, []byte) bool { s.forget(); return false }
		}, "idempotence/redelivered", "instead of"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := Judge(t.Context(), openStall(t, row.lie).target(), Options{Only: []string{row.check}})
			require.NoError(t, err)
			f := findingOf(t, r, row.check)
			require.Equal(t, Fail, f.Verdict, f.Why)
			require.Contains(t, f.Why, row.why)
			require.NotEmpty(t, f.Mend)
			require.NotEmpty(t, f.Importance)
		})
	}
}

func TestAnswersThatFlapAreTold(t *testing.T) {
	t.Parallel()
	copies := map[string]int{}
	s := openStall(t, func(s *stall) {
		s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			if copies[string(body)]++; copies[string(body)]%2 == 0 {
				w.WriteHeader(503)
				return true
			}
			return false
		}
	})
	r, err := Judge(t.Context(), s.target(), Options{Only: []string{"ack-policy"}})
	require.NoError(t, err)
	f := findingOf(t, r, "ack-policy/steady")
	require.Equal(t, Fail, f.Verdict)
	require.Regexp(t, `sent 20 times in calm, 10 were acknowledged`, f.Why)
	require.Contains(t, findingOf(t, r, "ack-policy/duplicate").Why, "flap", "it proves nothing")
}

func TestTheBudgetIsKept(t *testing.T) {
	t.Parallel()
	s := openStall(t, nil)
	r, err := Judge(t.Context(), s.target(), Options{HookCalls: 40})
	require.NoError(t, err)
	require.LessOrEqual(t, r.HookCalls, 40+16, "up to eight relations were under way")
	require.True(t, r.Incomplete())
	require.Equal(t, "out of hook calls (40)", findingOf(t, r, "idempotence/overlapping").Why)

	r, err = Judge(t.Context(), s.target(), Options{Budget: time.Nanosecond})
	require.NoError(t, err)
	require.Equal(t, "out of time (1ns)", findingOf(t, r, "order/refunds").Why)
	require.True(t, r.Incomplete())
}

func TestProfileStripeTellsOurPolicyAsInfo(t *testing.T) {
	t.Parallel()
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
	for profile, verdict := range map[string]Verdict{"strict": Fail, "stripe": Info} {
		r, err := Judge(t.Context(), openStall(t, gullible).target(), Options{Only: []string{"authenticity/future"}, Profile: profile})
		require.NoError(t, err)
		require.Equal(t, verdict, findingOf(t, r, "authenticity/future").Verdict)
	}
}

func TestUnhandledTypesAreLeftOut(t *testing.T) {
	t.Parallel()
	deaf := func(s *stall) {
		s.before = func(e stallEvent, _ *stallOrder) bool { return strings.HasPrefix(e.Type, "charge.dispute.") }
	}
	target := openStall(t, deaf).target()
	r, err := Judge(t.Context(), target, Options{Only: []string{"meaning/dispute"}})
	require.NoError(t, err)
	require.Equal(t, NotRun, findingOf(t, r, "meaning/dispute").Verdict)
	require.True(t, r.Incomplete(), "no evidence is never a pass")
	target.Unhandled = []string{"charge.dispute.created"}
	r, err = Judge(t.Context(), target, Options{Only: []string{"meaning/dispute", "order/dispute", "authenticity/genuine"}})
	require.NoError(t, err)
	require.Contains(t, findingOf(t, r, "meaning/dispute").Why, "means to ignore charge.dispute.created")
	require.Equal(t, Pass, findingOf(t, r, "order/dispute").Verdict)
	require.False(t, r.Incomplete())
}

func TestOverlapIsMeasured(t *testing.T) {
	t.Parallel()
	at := func(from, took int) Delivery {
		return Delivery{SentAt: time.Unix(0, 0).Add(time.Duration(from) * time.Millisecond), Latency: time.Duration(took) * time.Millisecond}
	}
	require.Equal(t, 1, overlap([]Delivery{at(0, 10), at(10, 10), at(20, 10)}))
	require.Equal(t, 2, overlap([]Delivery{at(0, 11), at(10, 10), at(20, 10)}))
	require.Equal(t, 3, overlap([]Delivery{at(0, 100), at(10, 10), at(15, 1), at(50, 1)}))
}

// An endpoint that fulfils whatever is completed is told that, and not that it gives nothing for a voucher.
func TestWhatIsFulfilledUnpaidDoesNotCondemnWhatIsFree(t *testing.T) {
	t.Parallel()
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
	require.Equal(t, Fail, findingOf(t, r, "meaning/unpaid").Verdict)
	require.Equal(t, NotRun, findingOf(t, r, "meaning/free").Verdict)
}

// A relation that is made up is known to all that read relations: the judge, the shrinker, explain, the
// command that runs it again, and the documentation.
func TestAMadeUpRelation(t *testing.T) {
	t.Parallel()
	made := Check{
		Name: "order/made-up", Demand: "An expiry does not matter.", Source: "this test", Why: "nothing", Mend: "do not",
		Relations: []Relation{{Left: "paid refund-10 refund-25 expired dispute", Op: "=", Right: "paid refund-10 refund-25 dispute"}},
	}
	forgetful := func(s *stall) {
		s.before = func(e stallEvent, o *stallOrder) bool {
			if e.Type == "checkout.session.expired" && o.rank == 4 {
				o.rank = 2
				return true
			}
			return false
		}
	}
	r, err := Judge(t.Context(), openStall(t, forgetful).target(), Options{Checks: []Check{made}, Only: []string{"order"}, Seed: 3})
	require.NoError(t, err)
	f := findingOf(t, r, "order/made-up")
	require.Equal(t, Fail, f.Verdict)
	require.Equal(t, "paid expired", f.Schedule, "the shortest that shows it")
	require.Equal(t, "S(paid expired) = S(paid)", f.Relation)
	require.Empty(t, f.Unshrunk)
	require.Contains(t, made.Relations[0].Words(), "expired: the session has expired")
	require.Equal(t, uint64(3), r.Seed)
	require.Contains(t, r.Command, "hookproof check")
	require.NotContains(t, r.Command, "--budget")
	require.Contains(t, Table([]Check{made}), "| `order/made-up` | An expiry does not matter. | this test |")
}

// A copy that waits for the end of another's lease is no copy that is refused for good.
func TestALeaseIsWaitedFor(t *testing.T) {
	t.Parallel()
	began, asked := time.Now(), 0
	s := openStall(t, func(s *stall) {
		s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
			if strings.Contains(string(body), "topup.created") {
				asked++
			} else if time.Since(began) < lastWord+time.Second {
				w.WriteHeader(http.StatusConflict)
				return true
			}
			return false
		}
	})
	r := &run{target: s.target()}
	r.sender = newSender(r.target, &r.journal)
	t.Cleanup(r.sender.close)
	events := map[string]Event{}
	for _, name := range []string{"paid", "unhandled"} {
		var err error
		events[name], err = eventOf(vocabulary[name], stranger(nil, true), false, time.Now(), false)
		require.NoError(t, err)
	}
	r.good = shipment{event: events["unhandled"], label: "unhandled", sign: "genuine"}
	trial := &Trial{events: events, pending: []string{"paid"}}
	require.NoError(t, r.redeliver(t.Context(), trial, recovery))
	require.Empty(t, trial.Unanswered)
	require.Equal(t, 1, asked, "whether it takes copies of what is done")
}

// The line that reruns a failure gives it the time that the run had.
func TestARerunKeepsTheBudget(t *testing.T) {
	t.Parallel()
	r, err := Judge(t.Context(), openStall(t, nil).target(), Options{Only: []string{"authenticity/genuine"}, Budget: 3 * time.Minute})
	require.NoError(t, err)
	require.Contains(t, r.Command, " --profile strict --budget 3m0s")
}
