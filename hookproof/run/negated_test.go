package run

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// unreached are the checks, and single relations of others, that TestEveryRelationCanFail does not turn round, and why.
var unreached = map[string]string{
	"ack-policy/life: half-amount=ack?":                noFailure,
	"authenticity/large-body: huge=ack?":               noFailure,
	"ack-policy/other-shapes: spaced-header:paid=ack?": noFailure,
	"ack-policy/in-time":                               overAll,
	"ack-policy/no-leak":                               overAll,
	"ack-policy/no-rate-limit":                         overAll,
	"ack-policy/no-redirect":                           overAll,
	"ack-policy/steady":                                overAll,
	"faults/acknowledged-in-memory":                    noHookAtAll,
	"faults/bandwidth":                                 noHookAtAll,
	"faults/cut-after":                                 noHookAtAll,
	"faults/cut-before":                                noHookAtAll,
	"faults/database-away":                             noHookAtAll,
	"faults/database-frozen":                           noHookAtAll,
	"faults/half-open":                                 noHookAtAll,
	"faults/killed":                                    noHookAtAll,
	"faults/latency":                                   noHookAtAll,
	"faults/slow-answer":                               noHookAtAll,
	"meaning/account":                                  noHookAtAll,
	"meaning/account-secret":                           noHookAtAll,
	"faults/api-429":                                   noHookAtAll,
	"faults/api-500":                                   noHookAtAll,
	"faults/api-hang":                                  noHookAtAll,
	"faults/api-lock-timeout":                          noHookAtAll,
	"idempotence/asked-twice":                          noHookAtAll,
	"order/api-ahead":                                  noHookAtAll,
	"idempotence/replicas":                             noHookAtAll,
	"meaning/taxed: taxed":                             noFailure,
	"meaning/discounted: discounted":                   noFailure,
	"meaning/discounted: discounted-charge-paid discounted-intent-paid discounted discounted-invoice discounted-invoice-2": noFailure,
	"meaning/refund-failed: paid refund refund-failed refund-failed-2 refund-failed-3":                                     noFailure,
	"meaning/dispute-then-refund: paid dispute dispute-money-out dispute-won dispute-money-back":                           "a dispute takes nothing at the stall: TestADeskThatIsWrongIsSeen sees it fail",
}

const (
	noFailure   = "another answer is told as info, and never fails it"
	overAll     = "it judges the whole run: TestOverallChecksCanFail sees it fail"
	notOfStall  = "the stall has nothing of what is asked about: endpoints in tests of their own do"
	noHookAtAll = "the stall has no hook for it"
)

// TestEveryRelationCanFail turns relations round and sees a correct target fail them: a relation that holds either way
// says nothing. It turns all but those that unreached names; of several answers that one demands, one that fails will do.
func TestEveryRelationCanFail(t *testing.T) {
	t.Parallel()
	target := openStall(t, nil).target()
	left := map[string]bool{}
	for _, c := range check.All() {
		if c.WholeRun != "" || target.Lacks(c.Needs()) != "" {
			left[c.Name] = true
			continue
		}
		var turned []check.Relation
		for _, relation := range c.Relations {
			if key := c.Name + ": " + relation.Left; unreached[key] != "" {
				left[key] = true
			} else if negated := relation.Negated(); negated.String() != relation.String() || negated.Counts != nil {
				turned = append(turned, negated)
			} else {
				left[c.Name+": "+relation.Left] = true
			}
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				for _, relation := range turned {
					one := c
					one.Relations = []check.Relation{relation}
					r, err := Judge(t.Context(), openStall(t, nil).target(), Options{Checks: []check.Check{one}, Only: []string{c.Name}, Seed: 1})
					require.NoError(t, err)
					require.Equal(t, result.Fail, findingOf(t, r, c.Name).Verdict, "%s: %s", relation, findingOf(t, r, c.Name).Why)
				}
			})
		})
	}
	require.ElementsMatch(t, slices.Sorted(maps.Keys(unreached)), slices.Sorted(maps.Keys(left)), "each is named, and none that is turned round is")
}

// TestOverallChecksCanFail shows each a run in which one delivery is wrong.
func TestOverallChecksCanFail(t *testing.T) {
	t.Parallel()
	fine := target.Delivery{Label: "paid", Sign: "genuine", Status: 200, Answer: `{"received":true}`, Latency: time.Millisecond}
	with := func(change func(*target.Delivery)) Observation {
		wrong := fine
		change(&wrong)
		again := wrong
		again.SentAt = wrong.SentAt.Add(time.Minute)
		return Observation{Deliveries: []target.Delivery{fine, wrong, again}}
	}
	for name, wrong := range map[string][]Observation{
		"ack-policy/no-redirect":   {with(func(d *target.Delivery) { d.Status = 301 }), with(func(d *target.Delivery) { d.Status = 308 })},
		"ack-policy/no-rate-limit": {with(func(d *target.Delivery) { d.Status = 429 })},
		"ack-policy/in-time":       {with(func(d *target.Delivery) { d.Latency = 11 * time.Second })},
		"ack-policy/steady":        {with(func(d *target.Delivery) { d.Status = 0 }), {Deliveries: []target.Delivery{fine}, Flaky: "it flaps"}},
		"ack-policy/no-leak": {
			with(func(d *target.Delivery) { d.Inside = target.Leak("the secret is whsec_x", []string{"whsec_x"}) }),
			with(func(d *target.Delivery) {
				d.Inside = target.Leak("Error: x\n    at handler (/srv/app.js:12:3)", []string{"whsec_x"})
			}),
			with(func(d *target.Delivery) {
				d.Inside = target.Leak(`pq: duplicate key value violates unique constraint "events_pkey"`, []string{"whsec_x"})
			}),
			with(func(d *target.Delivery) {
				d.Inside = target.Leak("Traceback (most recent call last):", []string{"whsec_x"})
			}),
			with(func(d *target.Delivery) { d.Inside = target.Leak("goroutine 12 [running]:", []string{"whsec_x"}) }),
		},
	} {
		for _, c := range check.Named(name) {
			for _, j := range wrong {
				seen := wholeRun[c.WholeRun](j)
				require.Equal(t, result.Fail, seen.Verdict, name)
				require.NotEmpty(t, seen.Why)
				if j.Flaky == "" {
					require.Len(t, seen.Deliveries, 2, "the evidence")
				}
			}
			require.Equal(t, result.Pass, wholeRun[c.WholeRun](Observation{Deliveries: []target.Delivery{fine}}).Verdict, name)
			require.Equal(t, result.NotRun, wholeRun[c.WholeRun](Observation{}).Verdict, "%s: no evidence is never a pass", name)
		}
	}
	require.Equal(t, result.Info, inTime(with(func(d *target.Delivery) { d.Latency = 7 * time.Second })).Verdict)
}

// Duplicates that are always refused have a check of their own, which hides no answer that never came.
func TestRefusedDuplicatesHideNoSilence(t *testing.T) {
	t.Parallel()
	began := time.Now()
	at := func(after time.Duration, id string, status int) target.Delivery {
		return target.Delivery{Label: "paid", Sign: "genuine", Genuine: true, EventID: id, Status: status, SentAt: began.Add(after), Latency: time.Millisecond}
	}
	refused := []target.Delivery{at(0, "evt_1", 200), at(time.Second, "evt_1", 500), at(2*time.Second, "evt_1", 500)}
	require.Equal(t, result.Info, steadyAnswers(Observation{Deliveries: refused}).Verdict, "until it was asked whether answers flap")
	require.Equal(t, result.Pass, steadyAnswers(Observation{Deliveries: refused, Asked: true}).Verdict)
	seen := steadyAnswers(Observation{Deliveries: append(refused, at(3*time.Second, "evt_2", 0), at(4*time.Second, "evt_3", 0))})
	require.Equal(t, result.Fail, seen.Verdict)
	require.Contains(t, seen.Why, "2 of 5 answers never came")
}

// What is late each time is late again when it is asked once more: many deliveries of it can share one moment.
func TestWhatIsAlwaysLateIsAskedOnceMore(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		endpoint := openStall(t, func(s *stall) {
			s.answer = func(_ int, _ http.ResponseWriter, _ *http.Request, body []byte) bool {
				if strings.Contains(string(body), `"charge.dispute.created"`) {
					time.Sleep(target.DefaultTimings.TooSlow + 100*time.Millisecond)
				}
				return false
			}
		}).target()
		endpoint.Timings.Answer = 30 * time.Second
		r, err := Judge(t.Context(), endpoint, Options{Only: []string{"ack-policy/in-time", "ack-policy/foreign-object"}})
		require.NoError(t, err)
		f := findingOf(t, r, "ack-policy/in-time")
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.Contains(t, f.Why, "2 of ")
	})
}
