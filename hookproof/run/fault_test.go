package run

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/dbproxy"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// What the executor does while a fault strikes. Each is a clerk over a ledger.

// struckClerk is a clerk that can be stopped and started, and an executor that is taken to have calibrated it. The
// clerk's delivery has four messages, unless it says otherwise: whether it has been seen, two lines, and a commit.
func struckClerk(t *testing.T, c clerk) (*executor, *clerkCounts) {
	t.Helper()
	if c.lines == nil {
		c.lines = []string{"add seen {event}", "add paid {order}", "commit"}
	}
	c.onError, c.within = cmp.Or(c.onError, 500), cmp.Or(c.within, time.Minute)
	counts := &clerkCounts{}
	target, front := openDoorOver(t, func(dial string) http.Handler {
		c.dial = dial
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { counts.deliveries.Add(1); c.ServeHTTP(w, r) })
	})
	target.Stop = func(context.Context, string) error { counts.stops.Add(1); front.Close(); return nil }
	target.Start = func(context.Context) error { counts.starts.Add(1); return front.Open() }
	x := pipelineOf(t, target).executor
	x.timings.Redeliver, x.timings.Recover = time.Minute, time.Minute
	x.timings.Quiet = 20 * time.Millisecond // the clerk's work is over by then
	return x, counts
}

type clerkCounts struct{ deliveries, stops, starts atomic.Int64 }

// histories are those of a case.
func histories(t *testing.T, x *executor, c Case) (all []History) {
	t.Helper()
	for h, err := range x.execute(t.Context(), c) {
		require.NoError(t, err)
		all = append(all, h)
	}
	return all
}

func faultsTold(all []History) (told []string) {
	for _, h := range all {
		for _, d := range h.Deliveries {
			if d.Fault != "" {
				told = append(told, d.Fault)
			}
		}
	}
	return told
}

func faultOn(t *testing.T, left, fault string) Case {
	t.Helper()
	return caseOf(t, check.Relation{Left: left, Op: "=", Right: "paid", Fault: fault})
}

// A cut is made at each message in turn, on as many subjects as it takes, or at one that is asked for.
func TestACutIsMadeAtEachMessage(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		left, fault string
		message     int
		told        []string
		subjects    int
	}{
		// Each failure is tried again on the same subject. What the last message did is answered, so that no more is cut.
		"before each":    {"paid", "cut-before", 0, []string{"cut before message 1 of 4", "cut before message 2 of 4", "cut before message 3 of 4", "cut before message 4 of 4"}, 1},
		"after each":     {"paid", "cut-after", 0, []string{"answer lost to message 1 of 4", "answer lost to message 2 of 4", "answer lost to message 3 of 4", "answer lost to message 4 of 4"}, 1},
		"before one":     {"paid", "cut-before", 3, []string{"cut before message 3 of 3"}, 1},
		"of a duplicate": {"paid paid", "cut-before", 0, []string{"cut before message 1 of 1"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				x, _ := struckClerk(t, clerk{})
				c := faultOn(t, row.left, row.fault)
				c.Message = row.message
				all := histories(t, x, c)
				require.Equal(t, row.told, faultsTold(all))
				require.Len(t, all, row.subjects)
				require.Equal(t, len(row.told), x.struck)
				require.True(t, all[0].Faulty)
				require.Empty(t, all[0].Unacknowledged)
				require.True(t, x.recovering())
			})
		})
	}
}

// Places that one subject does not come to, since its delivery was acknowledged in spite of a cut, are another's.
func TestTheNextSubjectIsCutFurther(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		x, _ := struckClerk(t, clerk{onError: 200})
		all := histories(t, x, faultOn(t, "paid", "cut-before"))
		require.Equal(t, []string{"cut before message 1 of 4", "cut before message 2 of 4", "cut before message 3 of 4", "cut before message 4 of 4"}, faultsTold(all))
		require.Len(t, all, 4)
		for n, h := range all {
			require.Equal(t, n+2, h.message)
			require.Equal(t, 4, h.messages)
			require.Equal(t, 1, h.struck)
		}
	})
}

// Of a duplicate, an ACK ends nothing: it was acknowledged before, and each of its messages is to be cut.
func TestEachMessageOfADuplicateIsCut(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		x, _ := struckClerk(t, clerk{onError: 200})
		x.messages["paid paid"] = 3
		h := &History{message: 1, messages: 3}
		s, err := check.ParseSchedule(life.Payment, "paid paid")
		require.NoError(t, err)
		require.NoError(t, x.deliverStruck(t.Context(), h, s, cutting("cut before message", (*dbproxy.Proxy).StrikeBefore)))
		require.Equal(t, 4, h.message)
		require.Equal(t, 1, h.struck, "a copy asks once whether it was seen")
	})
}

// The run's time is over before a message: then it is said how many were cut.
func TestCutsAreMadeInTime(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		x, counts := struckClerk(t, clerk{})
		c := faultOn(t, "paid", "cut-before")
		_, err := x.reference(t.Context(), "paid")
		require.NoError(t, err)
		last, err := x.messagesOf(t.Context(), c.Delivered)
		require.NoError(t, err)
		require.Equal(t, 4, last)
		before := counts.deliveries.Load()
		x.budget.options.Budget = time.Nanosecond
		all := histories(t, x, c)
		require.Len(t, all, 1)
		require.Equal(t, &result.NotJudged{Kind: result.OverBudget, Text: "out of time (1ns) after 0 of 4 messages"}, all[0].Withheld)
		require.Equal(t, before, counts.deliveries.Load())
	})
}

// The messages of a delivery are counted once, and no more of them are cut than there is time for.
func TestMessagesOfADeliveryAreCounted(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		x, counts := struckClerk(t, clerk{lines: append(slices.Repeat([]string{"get something"}, 40), "commit")})
		s := check.Schedule{{Event: "paid", Spec: life.Payment.Vocabulary["paid"], Copies: 1}}
		for range 2 {
			n, err := x.messagesOf(t.Context(), s)
			require.NoError(t, err)
			require.Equal(t, mostMessages, n)
			require.EqualValues(t, 1, counts.deliveries.Load())
		}
		_, err := x.messagesOf(t.Context(), check.Schedule{{Event: "refund", Spec: life.Payment.Vocabulary["refund"], Copies: 1}})
		require.Equal(t, &result.NotJudged{Kind: result.NothingToAsk, Text: "when charge.refunded is delivered, the target sends its database nothing, so there is nothing to cut"}, result.AsReason(err))
	})
}

// Where not even a payment comes to the database through the proxy, nothing is known.
func TestNoMessageIsNoEvidence(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		x, _ := struckClerk(t, clerk{})
		x.target.Proxy = openProxy(t, memnet.InMemory.Dialing(x.target.Proxy.Addr()))
		for _, event := range []string{"paid", "refund"} {
			_, err := x.messagesOf(t.Context(), check.Schedule{{Event: event, Spec: life.Payment.Vocabulary[event], Copies: 1}})
			require.Equal(t, result.NoEvidence, result.AsReason(err).Kind)
			require.ErrorContains(t, err, "does the endpoint dial the address that database.listen names?")
		}
	})
}

// A fault strikes at most as it says: at a message that the delivery comes to no more, at none.
func TestAFaultThatStrikesNothingProvesNothing(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		x, _ := struckClerk(t, clerk{})
		c := faultOn(t, "paid", "cut-before")
		c.Message = 9
		all := histories(t, x, c)
		require.Equal(t, result.NoEvidenceOf("no delivery sent a message that could be cut"), all[len(all)-1].Withheld)
		require.Zero(t, x.struck)
	})
}

// A target is stopped in the middle of its messages, or when the last is done, and started again.
func TestATargetIsStoppedAtWork(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fault     string
		with      func(*target.Target)
		says      string
		struck    int // of the run's messages
		unchanged bool
	}{
		"in the middle":      {fault: "stopped", says: "stopped in the middle of its work"},
		"without a database": {fault: "stopped", with: func(t *target.Target) { t.Proxy = nil }, says: "stopped meanwhile"},
		"after its commit":   {fault: "killed", says: "killed when the database had done its work, or the target had answered", struck: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				x, counts := struckClerk(t, clerk{})
				if row.with != nil {
					row.with(x.target)
				}
				all := histories(t, x, faultOn(t, "paid", row.fault))
				require.Len(t, all, 1)
				require.Nil(t, all[0].Withheld)
				require.Equal(t, []string{row.says}, faultsTold(all))
				require.EqualValues(t, 1, counts.stops.Load())
				require.EqualValues(t, 1, counts.starts.Load())
				require.Empty(t, all[0].Unacknowledged)
				require.Equal(t, row.struck, x.struck)
				require.True(t, x.recovering())
				require.False(t, all[0].Ended, "we have stopped it")
				state, err := x.target.State(t.Context(), all[0].Subject)
				require.NoError(t, err)
				require.Equal(t, map[string]any{"paid": 1}, state)
			})
		})
	}
}

// What cannot be stopped in the middle of its messages, since it sends none, is stopped while it works.
func TestWhatSendsNothingIsStoppedMeanwhile(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		x, _ := struckClerk(t, clerk{})
		x.target.Proxy = openProxy(t, memnet.InMemory.Dialing(x.target.Proxy.Addr()))
		require.Equal(t, []string{"stopped meanwhile"}, faultsTold(histories(t, x, faultOn(t, "paid", "stopped"))))
	})
}

// A stop hook that fails during a fault ends the run, and nothing is started.
func TestAStopHookThatFailsDuringAFault(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		for _, fault := range []string{"stopped", "killed", "away-and-killed"} {
			x, counts := struckClerk(t, clerk{})
			x.target.Stop = func(context.Context, string) error { return errors.New("out of order") }
			var failed *target.HookError
			for _, err := range x.execute(t.Context(), faultOn(t, "paid", fault)) {
				require.ErrorAs(t, err, &failed, fault)
			}
			require.Equal(t, "stop", failed.Hook)
			require.Zero(t, counts.starts.Load())
		}
	})
}

// The database is away while a delivery is answered, and back before it is delivered again.
func TestADatabaseIsAway(t *testing.T) {
	t.Parallel()
	for fault, says := range map[string]string{"away": "the database away", "away-and-killed": "killed while the database was away"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				x, counts := struckClerk(t, clerk{})
				all := histories(t, x, faultOn(t, "paid", fault))
				require.Equal(t, []string{says}, faultsTold(all))
				require.Equal(t, http.StatusInternalServerError, all[0].Deliveries[0].Status)
				require.Empty(t, all[0].Unacknowledged)
				require.Equal(t, fault != "away", counts.stops.Load() == 1)
				require.Equal(t, counts.stops.Load(), counts.starts.Load())
				require.True(t, x.recovering())
				require.Zero(t, x.struck, "nothing was cut at a message")
			})
		})
	}
}

// Where hooks break and mend the store, they are counted, and one that fails ends the run.
func TestHooksBreakAndMend(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		broken := errors.New("out of order")
		for hook, row := range map[string]struct{ breaks, mends error }{"": {}, "break": {breaks: broken}, "mend": {mends: broken}} {
			var mu sync.Mutex
			var did []string
			do := func(what string, err error) error {
				mu.Lock()
				defer mu.Unlock()
				did = append(did, what)
				return err
			}
			endpoint := openStall(t, func(s *stall) {
				s.answer = func(int, http.ResponseWriter, *http.Request, []byte) bool { return do("delivered", nil) != nil }
			}).target()
			endpoint.Break = func(context.Context) error { return do("broken", row.breaks) }
			endpoint.Mend = func(context.Context) error { return do("mended", row.mends) }
			x := pipelineOf(t, endpoint).executor
			err := x.whileAway(t.Context(), func() { _ = do("done", nil) })
			require.EqualValues(t, 2, x.budget.calls.Load())
			if hook == "" {
				require.NoError(t, err)
				require.Equal(t, []string{"delivered", "broken", "done", "mended"}, did, "its connections are there before it is broken")
				require.True(t, x.recovering())
				continue
			}
			var failed *target.HookError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, hook, failed.Hook)
			require.Equal(t, hook == "mend", slices.Contains(did, "done"))
		}
	})
}

// A bad line is mended when the time is over or the delivery was answered, and a word for it that there is not is an error.
func TestABadLineIsMended(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		x, _ := struckClerk(t, clerk{within: 30 * time.Second})
		x.timings.BadLine = time.Millisecond
		all := histories(t, x, faultOn(t, "paid", "half-open"))
		require.Equal(t, []string{"the line to the database: half-open"}, faultsTold(all))
		require.Empty(t, all[0].Unacknowledged, "what is delivered again comes over a good one")
		require.True(t, x.recovering())
		require.ErrorContains(t, badLine("luck")(t.Context(), x, &History{}, 0), `a link cannot be "luck"`)
	})
}

// A database that is frozen is so until the answer is there, or until it is too late.
func TestAFrozenDatabaseThaws(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		tooSlow time.Duration
		within  time.Duration // the clerk must have an answer of its database
		overdue bool
		status  int
	}{"it gives up": {time.Hour, 50 * time.Millisecond, false, 500}, "it waits": {50 * time.Millisecond, time.Hour, true, 200}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				x, _ := struckClerk(t, clerk{within: row.within})
				x.target.Timings.Answer, x.timings.TooSlow = time.Hour, row.tooSlow
				x.sender.Timings.Answer = time.Hour
				h := &History{message: 1, messages: 1}
				require.NoError(t, x.deliverStruck(t.Context(), h, check.Schedule{{Event: "paid", Spec: life.Payment.Vocabulary["paid"], Copies: 1}}, frozenDatabase))
				require.Equal(t, row.overdue, h.Overdue)
				require.Equal(t, row.status, h.Deliveries[0].Status)
				require.Equal(t, "the database frozen", h.Deliveries[0].Fault)
				require.Empty(t, h.Unacknowledged)
				require.True(t, x.recovering())
			})
		})
	}
}

// Before a fault strikes, an event that has long been done is sent until it is no failure. A refusal is none.
func TestConnectionsAreWarmedUp(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		for sent, statuses := range map[int][]int{1: {409, 409}, 3: {503, 500, 200}} {
			var n atomic.Int64
			x := pipelineOf(t, openStall(t, func(s *stall) {
				s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, _ []byte) bool {
					w.WriteHeader(statuses[n.Add(1)-1])
					return true
				}
			}).target()).executor
			require.NoError(t, x.warmUp(t.Context()))
			require.EqualValues(t, sent, n.Load())
		}
		x := pipelineOf(t, openStall(t, func(s *stall) { s.answer = answering(503) }).target()).executor
		x.timings.CoolDown = time.Millisecond
		require.NoError(t, x.warmUp(t.Context()), "what fails for long is judged as it is")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		x.timings.CoolDown = time.Hour
		require.ErrorIs(t, x.warmUp(ctx), context.Canceled)
	})
}
