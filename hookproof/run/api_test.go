package run

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

func rowOf(t *testing.T, name string) check.Check {
	t.Helper()
	l, err := life.BuiltIn("subscription")
	require.NoError(t, err)
	for _, c := range check.Of(l) {
		if c.Name == name {
			return c
		}
	}
	require.Fail(t, "there is no check "+name)
	return check.Check{}
}

// judgeAsker judges an endpoint that asks Stripe's API.
func judgeAsker(t *testing.T, change func(*asker), only ...string) result.Report {
	t.Helper()
	r, err := Judge(t.Context(), openAsker(t, change).target(t), Options{Only: only, Seed: 1})
	require.NoError(t, err)
	return r
}

func TestWhoAsksStripesAPIIsJudgedWhole(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		r := judgeAsker(t, nil)
		for _, f := range r.Findings {
			require.NotEqual(t, result.Fail, f.Verdict, "%s: %s: %s", f.Check, f.Relation, f.Why)
			require.False(t, f.Incomplete(), "%s: %s", f.Check, f.Why)
		}
		for _, name := range []string{"idempotence/asked-twice", "order/api-ahead", "order/begins", "order/late-after-end", "meaning/ends", "meaning/recovers", "meaning/not-yet",
			"faults/api-429", "faults/api-500", "faults/api-lock-timeout", "faults/api-hang"} {
			require.Equal(t, result.Pass, findingOf(t, r, name).Verdict, "%s: %s", name, findingOf(t, r, name).Why)
		}
	})
}

// Each fault is named by the checks that are about it, and by no other of those.
func TestWhatGoesWrongWithStripesAPI(t *testing.T) {
	t.Parallel()
	about := []string{"idempotence/asked-twice", "order/api-ahead", "meaning/ends", "faults/api-429", "faults/api-500", "faults/api-lock-timeout", "faults/api-hang"}
	for name, row := range map[string]struct {
		change  func(*asker)
		fails   map[string]string // checks with the relation that shows it
		because map[string]string // checks with the check that explains them
	}{
		"no key": {func(a *asker) { a.key = func(string) string { return "" } },
			map[string]string{"idempotence/asked-twice": "S(in-step sub-active, api-answer-lost) asks Stripe for nothing twice"}, nil},
		"a new key for each request": {func(a *asker) { a.key = func(string) string { return uuid.NewString() } },
			map[string]string{"idempotence/asked-twice": "S(in-step sub-active, api-answer-lost) asks Stripe for nothing twice"}, nil},
		"a failure is an answer": {func(a *asker) { a.fails = func(error) int { return http.StatusOK } }, map[string]string{
			"faults/api-429": "S(in-step sub-incomplete, api-429) = S(in-step sub-incomplete)", "faults/api-500": "S(in-step sub-bought, api-500) = S(in-step sub-bought)",
			"faults/api-lock-timeout": "S(in-step sub-bought, api-lock-timeout) = S(in-step sub-bought)", "faults/api-hang": "S(in-step sub-bought, api-hang) = S(in-step sub-bought)",
		}, map[string]string{"faults/api-429": "faults/api-500", "faults/api-lock-timeout": "faults/api-500", "faults/api-hang": "faults/api-500"}},
		"too many requests are an answer": {func(a *asker) {
			a.fails = func(failed error) int {
				if strings.Contains(failed.Error(), "429") {
					return http.StatusOK
				}
				return http.StatusInternalServerError
			}
		}, map[string]string{
			"faults/api-429": "S(in-step sub-incomplete, api-429) = S(in-step sub-incomplete)", "faults/api-lock-timeout": "S(in-step sub-bought, api-lock-timeout) = S(in-step sub-bought)",
		}, map[string]string{"faults/api-lock-timeout": "faults/api-429"}},
		"the first answer is kept": {func(a *asker) {
			a.stores = func(old, fetched askerUser, _ askerEvent) askerUser {
				if old.Status == "active" {
					return old
				}
				return fetched
			}
		}, map[string]string{"meaning/ends": "S(in-step bought deleted) ≠ S(in-step bought)"}, nil},
		"only a change that it has seen is one": {func(a *asker) {
			a.stores = func(old, fetched askerUser, _ askerEvent) askerUser {
				if fetched.access() && old.Status != "incomplete" && !old.access() {
					fetched.Status = "not seen"
				}
				return fetched
			}
		}, map[string]string{"order/api-ahead": "S(ahead bought) = S(in-step bought), in what shows that it is allowed and in what being paid adds to"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				r := judgeAsker(t, row.change, about...)
				for _, name := range about {
					f := findingOf(t, r, name)
					relation, wrong := row.fails[name]
					if !wrong {
						require.NotEqual(t, result.Fail, f.Verdict, "%s: %s: %s", name, f.Relation, f.Why)
						continue
					}
					require.Equal(t, result.Fail, f.Verdict, "%s: %s", name, f.Why)
					require.Equal(t, relation, f.Relation)
					require.Equal(t, row.because[name], f.Because, name)
					require.Equal(t, rowOf(t, name).Fix, f.Fix, name)
				}
			})
		})
	}
}

// What a target answers while Stripe's API fails is no example of its answers.
func TestAnswersWhileTheAPIFailsAreNotJudged(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		r := judgeAsker(t, func(a *asker) {
			a.http.Timeout = 20 * time.Second
			a.fails = func(failed error) int {
				if strings.Contains(failed.Error(), "429") {
					return http.StatusTooManyRequests
				}
				return http.StatusInternalServerError
			}
		}, "faults/api-429", "faults/api-hang", "ack-policy/no-rate-limit", "ack-policy/in-time", "ack-policy/steady")
		requireNone(t, r, result.Fail, result.Info, result.NotRun)
	})
}

// What hookproof cannot answer is no fault, and no pass.
func TestWhatStripesAPICannotAnswer(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		path     string
		types    []string // of events at which it is asked
		notRun   []string
		verdicts map[string]result.Verdict
	}{
		"at the end": {"/v1/subscriptions/{id}/migrate", []string{"customer.subscription.deleted"}, []string{"meaning/ends", "order/late-after-end", "faults/api-429"},
			map[string]result.Verdict{"idempotence/redelivered": result.Pass, "ack-policy/duplicate": result.Pass}},
		"at what grants, about nobody": {"/v1/tax/registrations", []string{"checkout.session.completed"}, []string{"meaning/ends", "order/late-after-end", "idempotence/redelivered"},
			map[string]result.Verdict{"authenticity/wrong-secret": result.Pass}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				a := openAsker(t, func(a *asker) {
					a.beside = func(a *asker, e askerEvent) error {
						for _, one := range row.types {
							if e.Type == one {
								_ = a.ask(http.MethodGet, strings.ReplaceAll(row.path, "{id}", e.Data.Object.ID), "", nil, nil)
							}
						}
						return nil
					}
				})
				only := append([]string{"authenticity/wrong-secret"}, row.notRun...)
				for check := range row.verdicts {
					only = append(only, check)
				}
				r, _ := Judge(t.Context(), a.target(t), Options{Only: only, Seed: 1})
				for _, check := range row.notRun {
					f := findingOf(t, r, check)
					require.Equal(t, result.NotRun, f.Verdict, "%s: %s", check, f.Why)
					require.Contains(t, f.Why, "asks Stripe's API for GET "+strings.Split(row.path, "{")[0])
					require.True(t, f.Incomplete(), "what was seen proves nothing")
				}
				for check, verdict := range row.verdicts {
					require.Equal(t, verdict, findingOf(t, r, check).Verdict, "%s: %s", check, findingOf(t, r, check).Why)
				}
			})
		})
	}
}

// Who asks nobody shows nothing, and is told how to be judged.
func TestWhoHasNoAPIIsToldSo(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]func(error) int{"it acknowledges": func(error) int { return http.StatusOK }, "it fails": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				a := openAsker(t, func(a *asker) { a.fails, a.base = fails, "http://127.0.0.1:1" })
				without := a.target(t)
				without.Stripe = nil
				r, err := Judge(t.Context(), without, Options{Only: []string{"meaning/ends", "faults/api-429"}, Seed: 1})
				require.ErrorContains(t, err, `"api": {"listen": "127.0.0.1:12111"}`)
				for _, f := range r.Findings {
					require.Equal(t, result.NotRun, f.Verdict, f.Check)
				}
				_, err = Judge(t.Context(), a.target(t), Options{Only: []string{"meaning/ends"}, Seed: 1})
				require.ErrorContains(t, err, "has asked Stripe's API nothing")
			})
		})
	}
}

// An endpoint that asks nothing is judged as before, and each check of the API says so.
func TestWhoAsksNothingMeetsNoFaultOfTheAPI(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, nil).target()
		target.Stripe = openAsker(t, nil).api
		r, err := Judge(t.Context(), target, Options{Only: []string{"faults/api-429", "faults/api-hang", "idempotence/asked-twice", "idempotence/redelivered", "order/api-ahead", "order/refunds"}, Seed: 1})
		require.NoError(t, err)
		for _, check := range []string{"faults/api-429", "faults/api-hang", "idempotence/asked-twice"} {
			f := findingOf(t, r, check)
			require.Equal(t, result.NotRun, f.Verdict, f.Why)
			require.Equal(t, result.NothingToAsk, f.Reason, f.Why)
		}
		for _, check := range []string{"idempotence/redelivered", "order/api-ahead", "order/refunds"} {
			require.Equal(t, result.Pass, findingOf(t, r, check).Verdict)
		}
		require.False(t, r.Incomplete())
	})
}

// What is forged, or live, is nothing that Stripe's API has.
func TestTheAPIHasWhatIsDelivered(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		a := openAsker(t, nil)
		target := a.target(t)
		x := newExecutor(target, Options{Seed: 1})
		defer x.sender.Close()
		for text, status := range map[string]string{
			"wrong-secret:sub-bought=any": "none", "other-livemode=any": "none", "ahead wrong-secret:sub-bought=any": "none", "ahead other-livemode=any": "none",
			"in-step sub-incomplete": "incomplete", "ahead sub-incomplete": "incomplete", "in-step sub-active": "active",
			"ahead sub-active deleted": "canceled", "in-step sub-active deleted": "canceled", "in-step deleted sub-active": "canceled",
			"deleted": "canceled", "renew-paid": "active", "sub-bought": "active", "in-step sub-active deleted=any sub-active": "canceled", "sub-active sub-active*2+": "active", "sub-incomplete sub-active sub-incomplete*2+": "active",
		} {
			s, err := check.ParseSchedule(target.Life, text)
			require.NoError(t, err)
			h, err := x.deliverFresh(t.Context(), s)
			require.NoError(t, err, text)
			require.NoError(t, x.read(t.Context(), h), text)
			require.Equal(t, `"`+status+`"`, h.State["/status"], text)
			asked := a.ask(http.MethodGet, "/v1/subscriptions/"+h.Subject.Text("subscription"), "", nil, nil)
			require.Equal(t, status == "none", errors.Is(asked, errMissing), text)
		}
	})
}
