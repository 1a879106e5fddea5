package run

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// An endpoint that waits for other types is told which were sent, in Stripe's names, before its hooks are doubted.
func TestATargetWithoutEffectIsToldWhatWasSent(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, func(s *stall) {
			s.before = func(stallEvent, *stallOrder) bool { return true } // as an endpoint for subscriptions does
		}).target()
		r, err := Judge(t.Context(), target, Options{})
		require.Error(t, err)
		require.True(t, r.NoEffect)
		require.Contains(t, r.Sent, "checkout.session.completed")
		require.NotContains(t, r.Sent, "customer.subscription.trial_will_end")
		sent := strings.Index(err.Error(), "Sent were topup.created and checkout.session.completed.")
		page := strings.Index(err.Error(), "docs/lives.md")
		hooks := strings.Index(err.Error(), "does the state hook show")
		require.Positive(t, sent, err)
		require.Greater(t, page, sent, err)
		require.Greater(t, hooks, page, err)
	})
}

// A run that a hook ends tells of every check: those whose turn had not come are not judged, and none is left out.
func TestARunThatEndsEarlyTellsOfEveryCheck(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		endpoint := openStall(t, nil).target()
		endpoint.Counters = func(context.Context) (result.Counters, error) { return result.Counters{}, errors.New("lost count") }
		only := []string{"authenticity/genuine", "idempotence/replicas", "bookkeeping", "faults/poisoned-by-garbage", "ack-policy/steady"}
		r, err := Judge(t.Context(), endpoint, Options{Only: only})
		var failed *target.HookError
		require.ErrorAs(t, err, &failed)
		require.Len(t, r.Findings, 8)
		require.Equal(t, result.Pass, findingOf(t, r, "authenticity/genuine").Verdict)
		replicas := findingOf(t, r, "idempotence/replicas")
		require.Equal(t, []string{"replicas"}, replicas.Missing, "it could not have been judged in any case")
		require.False(t, replicas.Incomplete())
		for _, check := range []string{"bookkeeping/received", "bookkeeping/sum", "faults/poisoned-by-garbage", "ack-policy/steady"} {
			f := findingOf(t, r, check)
			require.Equal(t, result.NotRun, f.Verdict, check)
			require.True(t, f.Incomplete(), check)
			require.Equal(t, "the run ended before it was decided: the hook counters failed", f.Why, check)
		}
	})
}

// Where no state ever changes, what needs none is judged as with a URL alone: here that every forgery is taken.
func TestATargetWithoutEffectIsJudgedByItsAnswers(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		endpoint := openStall(t, func(s *stall) {
			s.before = func(stallEvent, *stallOrder) bool { return true }
			s.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) bool {
				return !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) // it takes every forgery
			}
		}).target()
		alone := &target.Target{URL: endpoint.URL, Dialer: memnet.InMemory.Dial, Secret: endpoint.Secret, Timings: endpoint.Timings}
		only := []string{"authenticity/wrong-secret", "authenticity/genuine", "authenticity/no-effect", "ack-policy/duplicate", "idempotence/redelivered", "meaning/unpaid"}
		byURL, err := Judge(t.Context(), alone, Options{Only: only})
		require.NoError(t, err)
		r, err := Judge(t.Context(), endpoint, Options{Only: only})
		var unusable *Unusable
		require.ErrorAs(t, err, &unusable)
		require.ErrorContains(t, err, "the endpoint acknowledges a payment and does nothing with it")
		for _, f := range byURL.Findings {
			if f.Verdict != result.NotRun {
				require.Equal(t, f.Verdict, findingOf(t, r, f.Check).Verdict, f.Check)
			}
		}
		require.Equal(t, result.Fail, findingOf(t, r, "authenticity/wrong-secret").Verdict)
		for _, check := range []string{"authenticity/no-effect", "idempotence/redelivered", "meaning/unpaid"} {
			f := findingOf(t, r, check)
			require.Equal(t, result.NotRun, f.Verdict, check)
			require.True(t, f.Incomplete(), "%s: no evidence is never a pass", check)
			require.Equal(t, life.Payment.Nouns.In(unseenEffect)+unseenAsked, f.Why, check)
		}
	})
}

// What asks for no effect is judged to the end.
func TestATargetWithoutEffectPassesWhatAsksForNone(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, func(s *stall) {
			s.before = func(stallEvent, *stallOrder) bool { return true }
		}).target()
		r, err := Judge(t.Context(), target, Options{Only: []string{"authenticity/wrong-secret", "ack-policy/life"}})
		require.NoError(t, err)
		require.Equal(t, 2, r.Count(result.Pass))
		require.True(t, r.NoEffect)
		r, err = Judge(t.Context(), openStall(t, nil).target(), Options{Only: []string{"authenticity/wrong-secret"}})
		require.NoError(t, err)
		require.False(t, r.NoEffect, "its state shows what was paid")
	})
}

// What can be struck is struck where no state changes. That an event is never acknowledged again shows all the same; what
// was lost or doubled does not, so nothing passes.
func TestATargetWithoutEffectIsStruck(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		only := Options{Only: []string{"faults/cut-before"}}
		right := clerk{lines: []string{"add seen {event}", "commit"}, onError: 500}
		r, err := Judge(t.Context(), openLedger(t, right), only)
		require.Error(t, err)
		f := findingOf(t, r, "faults/cut-before")
		require.Equal(t, result.NotRun, f.Verdict, f.Why)
		require.Equal(t, unseenStruck+life.Payment.Nouns.In(unseenEffect)+unseenAsked, f.Why)
		require.True(t, f.Incomplete())
		require.Positive(t, r.Struck)

		r, err = Judge(t.Context(), openOver(t, func(dial string) http.Handler {
			right.dial = dial
			var failed sync.Map // events that failed once, and are refused ever after
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body := endpointtest.Body(r)
				id := event.Raw(string(body)).ID
				if _, before := failed.Load(id); before {
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				r.Body = io.NopCloser(bytes.NewReader(body))
				answer := httptest.NewRecorder()
				right.ServeHTTP(answer, r)
				if answer.Code == http.StatusInternalServerError {
					failed.Store(id, true)
				}
				w.WriteHeader(answer.Code)
			})
		}), only)
		require.NoError(t, err, "nothing was left to be asked of a state")
		f = findingOf(t, r, "faults/cut-before")
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.Contains(t, f.Why, "paid was never acknowledged: the last answer was 400")
	})
}
