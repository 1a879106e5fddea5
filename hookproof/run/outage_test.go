package run

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// A process that nobody here can start is told to have ended once, of what ended it. What was not delivered then accuses nobody.
func TestAProcessThatEndsForGoodIsOneFailure(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, func(s *stall) {
			s.answer = func(_ int, _ http.ResponseWriter, _ *http.Request, body []byte) bool {
				if string(body) == "null" {
					s.Close()
					panic(http.ErrAbortHandler)
				}
				return false
			}
		})
		target := s.target()
		target.Subject, target.State, target.Announce, target.Counters, target.Stop, target.Start = nil, nil, nil, nil, nil, nil
		r, err := Judge(t.Context(), target, Options{Seed: 1})
		require.NoError(t, err)
		var failed []string
		for _, f := range r.Findings {
			if f.Verdict == result.Fail {
				failed = append(failed, f.Check)
			}
			if f.Incomplete() {
				require.Contains(t, f.Why, endedForGood)
			}
		}
		require.Equal(t, []string{"ack-policy/garbage"}, failed)
		f := findingOf(t, r, "ack-policy/garbage")
		require.Contains(t, f.Why, "after json-null=refused? carrier=ack the target's process ended")
		require.True(t, r.Incomplete(), "the rest was not judged")
	})
}

// What was on its way when a process ended that was started again says nothing of how the target answers.
func TestAnOutageIsOneFailure(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, func(s *stall) {
			s.answer = func(_ int, _ http.ResponseWriter, _ *http.Request, body []byte) bool {
				if string(body) == "null" {
					s.Close()
					panic(http.ErrAbortHandler)
				}
				return false
			}
		})
		r, err := Judge(t.Context(), s.target(), Options{Only: []string{"ack-policy"}, Seed: 1})
		require.NoError(t, err)
		for _, f := range r.Findings {
			require.Equal(t, f.Check == "ack-policy/garbage", f.Verdict == result.Fail, "%s: %s", f.Check, f.Why)
		}
	})
}

// A fault of a database that the endpoint does not dial by the proxy strikes nothing, which is no pass.
func TestAFaultThatMeetsNobodyIsNoPass(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target, _ := openDoorOver(t, func(dial string) http.Handler {
			return clerk{lines: []string{"add seen {event}", "add paid {order}", "commit"}, onError: 500, dial: dial}
		})
		link := openLink(t, memnet.InMemory.Dialing("127.0.0.1:1"))
		target.Proxy, target.Link = openProxy(t, memnet.InMemory.Dialing(link.Addr())), link
		r, err := Judge(t.Context(), target, Options{Only: []string{"faults/database-away", "faults/database-frozen", "faults/latency", "faults/bandwidth", "faults/half-open", "faults/cut-before"}})
		require.NoError(t, err)
		for _, f := range r.Findings {
			require.Equal(t, result.NotRun, f.Verdict, "%s: %s", f.Check, f.Why)
			require.Contains(t, f.Why, "does the endpoint dial the address that database.listen names?")
		}
	})
}

// Counters are told of what was delivered, which is not shortened.
func TestCountersAreOfTheirSchedule(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, nil).target()
		counters := target.Counters
		target.Counters = func(ctx context.Context) (result.Counters, error) {
			c, err := counters(ctx)
			c.Duplicates = 0
			return c, err
		}
		r, err := Judge(t.Context(), target, Options{Only: []string{"bookkeeping/duplicates"}})
		require.NoError(t, err)
		f := findingOf(t, r, "bookkeeping/duplicates")
		require.Equal(t, result.Fail, f.Verdict)
		require.Equal(t, "after paid*3 received, duplicates and errors have moved by 3, 0 and 0 instead of 3, 2 and 0", f.Why)
		require.Equal(t, "paid*3", f.Schedule)
	})
}

// A number that is each order's own accuses nobody of what another order's events have changed, and hides no such change.
func TestASerialNumberIsNobodyElses(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		r, err := Judge(t.Context(), licensing(openStall(t, nil).target()), Options{Only: []string{"meaning/strangers", "meaning/neighbours"}})
		require.NoError(t, err)
		f := findingOf(t, r, "meaning/strangers")
		require.Equal(t, result.NotRun, f.Verdict, f.Why)
		require.Contains(t, f.Why, "two subjects differ at /licence")
		require.Equal(t, result.Pass, findingOf(t, r, "meaning/neighbours").Verdict)

		s := openStall(t, nil)
		target := s.target()
		state := target.State
		target.State = func(ctx context.Context, o event.Subject) (any, error) {
			said, err := state(ctx, o)
			s.mu.Lock()
			defer s.mu.Unlock()
			paid := 0
			for _, one := range s.orders {
				paid += one.shipped
			}
			said.(map[string]any)["credits"] = paid
			return said, err
		}
		r, err = Judge(t.Context(), target, Options{Only: []string{"meaning/neighbours"}})
		require.NoError(t, err)
		require.Equal(t, result.Fail, findingOf(t, r, "meaning/neighbours").Verdict, "a number that others' payments move")
	})
}

// A fresh subject's time is no reason to stop: points in time have one name.
func TestAFreshSubjectHasATime(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, nil).target()
		subject, state := target.Subject, target.State
		var mu sync.Mutex
		made := map[any]string{}
		target.Subject = func(ctx context.Context) (event.Subject, error) {
			s, err := subject(ctx)
			mu.Lock()
			defer mu.Unlock()
			made[s["metadata.order"]] = time.Now().Format(time.RFC3339Nano)
			return s, err
		}
		target.State = func(ctx context.Context, s event.Subject) (any, error) {
			said, err := state(ctx, s)
			mu.Lock()
			defer mu.Unlock()
			said.(map[string]any)["createdAt"] = made[s["metadata.order"]]
			return said, err
		}
		r, err := Judge(t.Context(), target, Options{Only: []string{"idempotence/redelivered"}})
		require.NoError(t, err)
		require.Equal(t, result.Pass, findingOf(t, r, "idempotence/redelivered").Verdict)
	})
}

// An API key is no signing secret, and is told so before anything is sent.
func TestAnAPIKeyIsNoSigningSecret(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"sk_test_x", "rk_test_x", "pk_test_x"} {
		err := (&target.Target{URL: "http://127.0.0.1:1", Secret: key}).Check()
		require.ErrorContains(t, err, "is an API key; an endpoint's signing secret begins with whsec_")
	}
}

// Two neutral events are about two objects.
func TestNeutralEventsAreAboutTheirOwnObjects(t *testing.T) {
	t.Parallel()
	ids := map[string]bool{}
	for range 3 {
		e, err := eventOf(life.Payment.Vocabulary["carrier"], life.Payment.Stranger(nil, true), &target.Target{}, time.Now(), false)
		require.NoError(t, err)
		at, err := event.Find(e.Body, "/data/object/id")
		require.NoError(t, err)
		ids[string(e.Body[at.Value.From:at.Value.To])] = true
	}
	require.Len(t, ids, 3)
}

// A hook that fails while nobody listens is a hook that has failed, where nobody here can start the process.
func TestAHookFailsWithoutAStartHook(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, nil)
		target := s.target()
		target.Start = nil
		s.Close()
		x := newExecutor(target, Options{})
		require.ErrorIs(t, x.ask(t.Context(), func() error { return http.ErrServerClosed }), http.ErrServerClosed)
	})
}
