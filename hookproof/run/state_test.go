package run

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

func TestStatesAreMadeCanonical(t *testing.T) {
	t.Parallel()
	s := event.Subject{"sessionId": "cs_test_123456", "metadata.order": "order-123456", "amount": 4500, "currency": "usd", "paymentIntent": "pi_abcdef"}
	c, err := normalize(map[string]any{
		"id": "order-123456", "url": "/pay/cs_test_123456", "by": "evt_1abc and evt_2def", "amount": 4500, "currency": "usd",
		"items": []any{map[string]any{"n": 1, "readAt": "now"}, "x"}, "none": nil, "empty": map[string]any{}, "list": []any{},
		"of order-123456": true, "a/b": 1.50, "updatedAt": "now", "charge": "ch_abcdef of pi_abcdef",
	}, idNames(life.Payment, s), []string{"/updatedAt", "/items/*/readAt"})
	require.NoError(t, err)
	require.Equal(t, normalized{
		"/id": `"{{metadata.order}}"`, "/url": `"/pay/{{sessionId}}"`, "/by": `"evt_… and evt_…"`, "/amount": "4500", "/currency": `"usd"`,
		"/items/0/n": "1", "/items/1": `"x"`, "/none": "null", "/empty": "{}", "/list": "[]", "/of {{metadata.order}}": "true", "/a~1b": "1.5",
		"/charge": `"{{charge}} of {{paymentIntent}}"`, "/updatedAt": ignored, "/items/0/readAt": ignored,
	}, c)
	require.Equal(t, result.State{"/id": "{{metadata.order}}"}, normalized{"/id": `"{{metadata.order}}"`}.decoded())

	whole, err := normalize("open", idNames(life.Payment, s), nil)
	require.NoError(t, err)
	require.Equal(t, normalized{"": `"open"`}, whole, "a state can be any JSON")
}

// When something was done is another time for each subject, and that it was done is an effect.
func TestTimesAreAlike(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, value := range []any{now, now.UTC().Format(time.DateTime), "at " + now.Format("2006-01-02 15:04:05.999999-07"), now.Unix(), now.AddDate(1, 0, 0).UnixMilli()} {
		c, err := normalize(map[string]any{"at": value}, idNames(life.Payment, nil), nil)
		require.NoError(t, err)
		require.NotContains(t, c["/at"], "{{time}}", "%v: a fresh subject's is told", value)
		require.Contains(t, c.timesNamed(nil)["/at"], "{{time}}", "%v", value)
	}
	for _, value := range []any{nil, 4500, 1_600_000_000, 17_000_000_001, "2026-11-25", "13:07", ""} {
		c, err := normalize(map[string]any{"at": value}, idNames(life.Payment, nil), nil)
		require.NoError(t, err)
		require.Equal(t, c, c.timesNamed(nil), "%v", value)
	}
}

// An order that says when it was paid is no worse than one that does not.
func TestATimeOfPaymentAccusesNobody(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, nil).target()
		var mu sync.Mutex
		paid, state := map[string]time.Time{}, target.State
		target.State = func(ctx context.Context, o event.Subject) (any, error) {
			said, err := state(ctx, o)
			mu.Lock()
			defer mu.Unlock()
			if id := o.Text("sessionId"); err == nil && said.(map[string]any)["shipped"] != 0 {
				if paid[id].IsZero() {
					paid[id] = time.Now()
				}
				said.(map[string]any)["paidAt"] = paid[id]
			}
			return said, err
		}
		r, err := Judge(t.Context(), target, Options{Only: []string{"idempotence/redelivered", "meaning/refund", "meaning/amount"}})
		require.NoError(t, err)
		require.Equal(t, 3, r.Count(result.Pass))
	})
}

// A key that each payment brings is named for ignore, instead of being told as a fault of every check.
func TestWhatEachPaymentBringsIsNamed(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		judged := func(key string) error {
			target := openStall(t, nil).target()
			state := target.State
			target.State = func(ctx context.Context, o event.Subject) (any, error) {
				said, err := state(ctx, o)
				if id := o.Text("sessionId"); err == nil && said.(map[string]any)["shipped"] != 0 {
					said.(map[string]any)["licence"] = strings.ReplaceAll(key, "ID", id[len(id)-8:])
				}
				return said, err
			}
			_, err := Judge(t.Context(), target, Options{Only: []string{"idempotence/redelivered"}})
			return err
		}
		var unusable *Unusable
		require.ErrorAs(t, judged("LIC-7ID"), &unusable)
		require.ErrorContains(t, unusable, "two subjects that were paid differ at /licence")
		require.NoError(t, judged("LIC-0000-1"), "one that all have in common")
	})
}

// licensing gives every order that is shipped a serial number, which its state shows.
func licensing(t *target.Target) *target.Target {
	var mu sync.Mutex
	issued, licences := 0, map[any]int{}
	state := t.State
	t.State = func(ctx context.Context, o event.Subject) (any, error) {
		said, err := state(ctx, o)
		mu.Lock()
		defer mu.Unlock()
		if order := o["metadata.order"]; said.(map[string]any)["shipped"] != 0 {
			if licences[order] == 0 {
				issued++
				licences[order] = issued
			}
			said.(map[string]any)["licence"] = licences[order]
		}
		return said, err
	}
	return t
}

// A number that is each order's own, and comes with its payment, is no fault, and hides none.
func TestASerialNumberAccusesNobody(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		lie     func(*stall)
		verdict result.Verdict
		why     string
	}{
		"correct": {nil, result.NotRun, "two subjects differ at /licence"},
		"a copy that counts": {func(s *stall) {
			s.before = func(e stallEvent, o *stallOrder) bool { o.shipped++; return true }
			s.answer = func(int, http.ResponseWriter, *http.Request, []byte) bool { s.forget(); return false }
		}, result.Fail, "/shipped is 2 instead of 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				target := licensing(openStall(t, row.lie).target())
				r, err := Judge(t.Context(), target, Options{Only: []string{"idempotence/redelivered"}})
				require.NoError(t, err)
				f := findingOf(t, r, "idempotence/redelivered")
				require.Equal(t, row.verdict, f.Verdict, f.Why)
				require.Contains(t, f.Why, row.why)
				require.Equal(t, row.verdict == result.NotRun, r.Incomplete())

				target.Ignore = []string{"/licence"}
				r, err = Judge(t.Context(), target, Options{Only: []string{"idempotence/redelivered"}})
				require.NoError(t, err)
				require.Equal(t, map[result.Verdict]result.Verdict{result.NotRun: result.Pass, result.Fail: result.Fail}[row.verdict], r.Findings[0].Verdict)
			})
		})
	}
}

// One more subject that is slow, or takes nothing, has a number that no other has, and excuses nothing by it.
func TestOneMoreSubjectExcusesNoFault(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		refuses bool
		shows   func(shipped int, age time.Duration) int
	}{
		"it is slow": {false, func(shipped int, age time.Duration) int {
			return shipped + int(max(0, time.Second-age)/time.Millisecond)
		}},
		"it takes nothing": {true, func(shipped int, _ time.Duration) int { return shipped + 99 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				var mu sync.Mutex
				born, deliveries := map[string]time.Time{}, map[string]int{}
				// twice are the orders that were told of again: the one that serves where no state is read, and then the check's.
				twice, later := 0, map[string]bool{} // which subjects were made when the check had failed
				counts := func(s *stall) {
					s.before = func(_ stallEvent, o *stallOrder) bool { o.shipped++; return true }
					s.answer = func(n int, w http.ResponseWriter, r *http.Request, body []byte) bool {
						s.forget()
						var e stallEvent
						_ = endpointtest.Unmarshal(body, &e)
						mu.Lock()
						defer mu.Unlock()
						order := e.Data.Object.Metadata["order"]
						deliveries[order]++
						if order != "" && deliveries[order] == 2 {
							twice++
						}
						return row.refuses && later[order] && answering(500)(n, w, r, body)
					}
				}
				target := openStall(t, counts).target()
				subject, state := target.Subject, target.State
				target.Subject = func(ctx context.Context) (event.Subject, error) {
					o, err := subject(ctx)
					mu.Lock()
					defer mu.Unlock()
					id := o.Text("metadata.order")
					later[id], born[id] = twice >= 2, time.Now()
					return o, err
				}
				target.State = func(ctx context.Context, o event.Subject) (any, error) {
					said, err := state(ctx, o)
					mu.Lock()
					defer mu.Unlock()
					if id := o.Text("metadata.order"); later[id] {
						shown := said.(map[string]any)
						shown["shipped"] = row.shows(shown["shipped"].(int), time.Since(born[id]))
					}
					return said, err
				}
				c := madeUp("paid paid", "paid")
				r, err := Judge(t.Context(), target, Options{Checks: []check.Check{c}})
				require.NoError(t, err)
				f := findingOf(t, r, c.Name)
				require.Equal(t, result.Fail, f.Verdict, f.Why)
				require.Contains(t, f.Why, "/shipped is 2 instead of 1")
				require.Contains(t, slices.Collect(maps.Values(later)), true, "one more subject was looked at")
			})
		})
	}
}

// What tells of any refund, be it a flag, a count, a status of its own, an event's type or an entry, does not close an order.
func TestASignOfAnyRefundClosesNothing(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, func(s *stall) {
			s.shows = func(o map[string]any) any {
				o["hasRefund"], o["refund"], o["refundStatus"], o["count"], o["last"], o["history"] = false, nil, "none", "0", "made", []any{"made"}
				if o["shipped"] != 0 {
					o["last"], o["history"] = "checkout.session.completed", []any{"paid", "made"}
				}
				if o["refunded"] != 0 {
					o["refundStatus"], o["count"], o["last"], o["history"] = "refunded", "1", "charge.refunded", []any{"refunded", "paid", "made"}
					o["hasRefund"], o["refund"], o["refunds"] = true, "booked", []any{map[string]any{"status": "succeeded", "currency": "usd"}}
				}
				return o
			}
		}).target()
		r, err := Judge(t.Context(), target, Options{Only: []string{"meaning/partly-refunded"}})
		require.NoError(t, err)
		require.Equal(t, result.Pass, findingOf(t, r, "meaning/partly-refunded").Verdict, findingOf(t, r, "meaning/partly-refunded").Why)
		target.Unhandled = []string{"charge.refunded"}
		r, err = Judge(t.Context(), target, Options{Only: []string{"meaning/partly-refunded"}})
		require.NoError(t, err)
		require.Contains(t, findingOf(t, r, "meaning/partly-refunded").Why, "unhandled lists charge.refunded")
		require.False(t, r.Incomplete())
	})
}

func TestStatesDifferBothWays(t *testing.T) {
	t.Parallel()
	a, b := normalized{"/x": "1", "/y": "2"}, normalized{"/x": "1", "/z": "3"}
	require.Equal(t, []string{"/y", "/z"}, a.difference(b))
	require.False(t, a.equal(b))
	require.False(t, normalized{}.equal(b), "what is missing differs")
	require.False(t, b.equal(normalized{}))
	require.True(t, a.equal(normalized{"/y": "2", "/x": "1"}))
	require.Equal(t, "/y is 2 instead of absent, /z is absent instead of 3", a.describe(b))
	two, four := normalized{"/l/0": "1", "/l/1": "1"}, normalized{"/l/0": "1", "/l/1": "1", "/l/2": "1", "/l/3": "1", "/x": "1"}
	require.Equal(t, "/l has 2 elements instead of 4, /x is absent instead of 1", two.describe(four), "a list is one difference, and hides no other")
	require.Equal(t, "/l is a list of 2 elements instead of an empty list", two.describe(normalized{"/l": "[]"}))
	require.Equal(t, "/keys an empty list, /x 1", normalized{"/x": "1", "/keys": "[]"}.String())
}

// What is answered while faults are made, and shortly after, is no evidence of how the target answers.
func TestAnswersAreJudgedInCalmOnly(t *testing.T) {
	t.Parallel()
	began := time.Unix(1000, 0)
	p := &pipeline{executor: newExecutor(&target.Target{Secret: "whsec_x"}, Options{}), flakiness: &lazy[string]{}}
	for second, status := range map[int]int{1: 200, 5: 500, 9: 503, 20: 202} {
		p.journal.Add(target.Delivery{SentAt: began.Add(time.Duration(second) * time.Second), Latency: time.Millisecond, Status: status})
	}
	require.Len(t, p.observation().Deliveries, 4, "no faults were made")
	p.faults = period{began.Add(4 * time.Second), began.Add(12 * time.Second)}
	var left []int
	for _, d := range p.observation().Deliveries {
		left = append(left, d.Status)
	}
	require.ElementsMatch(t, []int{200, 202}, left)
}
