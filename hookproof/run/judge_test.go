package run

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// find is the finding on a check.
func findingOf(t *testing.T, r result.Report, check string) result.Finding {
	t.Helper()
	for _, f := range r.Findings {
		if f.Check == check {
			return f
		}
	}
	require.Fail(t, "there is no finding on "+check)
	return result.Finding{}
}

func requireNone(t *testing.T, r result.Report, verdicts ...result.Verdict) {
	t.Helper()
	for _, f := range r.Findings {
		if slices.Contains(f.Missing, "connect") || slices.Contains(f.Missing, "api") { // no stall has connected accounts or asks Stripe, unless it says so
			continue
		}
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
			memnet.Virtual(t, func(t *testing.T) {
				r, err := Judge(t.Context(), openStall(t, lie).target(), Options{Seed: 1, Skip: []string{"idempotence/restart", "faults/stopped"}})
				require.NoError(t, err)
				requireNone(t, r, result.Fail, result.Info)
				for _, f := range r.Findings {
					require.False(t, f.Incomplete(), "%s: %s %s", f.Check, f.Why, f.NotRun)
				}
				require.Greater(t, r.Count(result.Pass), 50)
				require.LessOrEqual(t, r.HookCalls, 800)
			})
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
	for hook, with := range map[string]func(*target.Target){
		"subject": func(t *target.Target) {
			t.Subject = func(context.Context) (event.Subject, error) { return nil, broken }
		},
		"state": func(t *target.Target) {
			t.State = func(context.Context, event.Subject) (any, error) { return nil, broken }
		},
		"counters": func(t *target.Target) {
			t.Counters = func(context.Context) (result.Counters, error) { return result.Counters{}, broken }
		},
		"stop": func(t *target.Target) { t.Stop = func(context.Context, string) error { return broken } },
	} {
		t.Run(hook, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				endpoint := openStall(t, nil).target()
				with(endpoint)
				_, err := Judge(t.Context(), endpoint, Options{Only: []string{"authenticity/genuine", "bookkeeping/received", "idempotence/restart"}})
				var failed *target.HookError
				require.ErrorAs(t, err, &failed)
				require.Equal(t, hook, failed.Hook)
				require.ErrorIs(t, err, broken)
			})
		})
	}
}

func TestFlakyAnswersAreReported(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
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
		require.Equal(t, result.Fail, f.Verdict)
		require.Regexp(t, `sent 20 times with nothing else on its way, 10 were acknowledged`, f.Why)
		require.Contains(t, findingOf(t, r, "ack-policy/duplicate").Why, "flaky", "it proves nothing")
	})
}

func TestTheBudgetIsKept(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, nil)
		r, err := Judge(t.Context(), s.target(), Options{HookCalls: 40})
		require.NoError(t, err)
		require.LessOrEqual(t, r.HookCalls, 40+callsOfCase*atMost, "as many cases as that were under way")
		require.True(t, r.Incomplete())
		require.Equal(t, "out of hook calls (40)", findingOf(t, r, "idempotence/overlapping").Why)

		r, err = Judge(t.Context(), s.target(), Options{Budget: time.Nanosecond})
		require.NoError(t, err)
		require.Equal(t, "out of time (1ns)", findingOf(t, r, "order/refunds").Why)
		require.True(t, r.Incomplete())
	})
}

// No demand takes what another is there to refuse.
func TestAnswersAreJudgedByWhatIsDemanded(t *testing.T) {
	t.Parallel()
	statuses := []int{200, 302, 400, 500, 0}
	for want, verdicts := range map[string][]result.Verdict{
		"ack":      {result.Pass, result.Fail, result.Fail, result.Fail, result.Fail},
		"ack?":     {result.Pass, result.Info, result.Info, result.Info, result.Info},
		"refused":  {result.Fail, result.Fail, result.Pass, result.Fail, result.Fail},
		"refused?": {result.Info, result.Info, result.Pass, result.Info, result.Fail},
		"rejected": {result.Fail, result.Fail, result.Pass, result.Info, result.Fail},
		"any":      {result.Pass, result.Pass, result.Pass, result.Pass, result.Fail},
		"":         {result.Pass, result.Pass, result.Pass, result.Pass, result.Pass},
	} {
		for n, status := range statuses {
			verdict, why := usualRules.answered(check.Step{Event: "paid", Spec: life.Payment.Vocabulary["paid"], Copies: 1, Want: want}, target.Delivery{Status: status})
			require.Equal(t, verdicts[n], verdict, "%q answered %d: %s", want, status, why)
		}
	}
}

func TestOverlapIsMeasured(t *testing.T) {
	t.Parallel()
	at := func(from, took int) target.Delivery {
		return target.Delivery{SentAt: time.Unix(0, 0).Add(time.Duration(from) * time.Millisecond), Latency: time.Duration(took) * time.Millisecond}
	}
	require.Equal(t, 1, overlap([]target.Delivery{at(0, 10), at(10, 10), at(20, 10)}))
	require.Equal(t, 2, overlap([]target.Delivery{at(0, 11), at(10, 10), at(20, 10)}))
	require.Equal(t, 3, overlap([]target.Delivery{at(0, 100), at(10, 10), at(15, 1), at(50, 1)}))
}

// A relation that is made up is known to all that read relations: the judge, the shrinker, explain, the
// command that runs it again, and the documentation.
func TestAMadeUpRelation(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		made := check.Check{
			Name: "order/made-up", Demand: "An expiry does not matter.", Source: "this test", Why: "nothing", Fix: "do not",
			Relations: []check.Relation{{Left: "paid refund-10 refund-25 expired dispute", Op: "=", Right: "paid refund-10 refund-25 dispute"}},
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
		r, err := Judge(t.Context(), openStall(t, forgetful).target(), Options{Checks: []check.Check{made}, Only: []string{"order"}, Seed: 3})
		require.NoError(t, err)
		f := findingOf(t, r, "order/made-up")
		require.Equal(t, result.Fail, f.Verdict)
		require.Equal(t, "paid expired", f.Schedule, "the shortest that shows it")
		require.Equal(t, "S(paid expired) = S(paid)", f.Relation)
		require.Empty(t, f.ShrinkStopped)
		require.Contains(t, made.Relations[0].Words(life.Payment), "expired: the session has expired")
		require.Equal(t, uint64(3), r.Seed)
		require.Contains(t, r.Command, "hookproof check")
		require.NotContains(t, r.Command, "--budget")
		require.NotContains(t, r.Command, "--hook-calls")
		page := check.Table([]check.Check{made})
		require.Contains(t, page, "## order/made-up\n\nAn expiry does not matter.\n\n")
		require.Contains(t, page, "\n- demanded by: this test\n")
	})
}

// The line that reruns a failure gives it the time and the calls of hooks that the run had.
func TestARerunKeepsTheBudget(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		r, err := Judge(t.Context(), openStall(t, nil).target(), Options{Only: []string{"authenticity/genuine"}, Budget: 3 * time.Minute, HookCalls: 500})
		require.NoError(t, err)
		require.Contains(t, r.Command, " --profile strict --budget 3m0s --hook-calls 500")
	})
}

var usualRules = rules{profile: "strict", timings: target.DefaultTimings}
