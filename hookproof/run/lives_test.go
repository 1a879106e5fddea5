package run

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// Several lives are judged in one run. What is the same for all is asked once, and a finding bears its life.
func TestSeveralLivesInOneRun(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		all := openBook(t, bookLie{})
		all.Lives["drafts"] = all.Lives["invoices"]
		only := Options{Only: []string{"authenticity/unsigned", "idempotence/redelivered"}}
		var told []string
		only.Progress = func(f result.Finding) { told = append(told, f.Life+" "+f.Check) }
		r, err := Judge(t.Context(), all, only)
		require.NoError(t, err)
		var found []string
		for _, f := range r.Findings {
			require.Equal(t, result.Pass, f.Verdict, f.Why)
			found = append(found, f.Life+" "+f.Check)
		}
		require.Equal(t, []string{"drafts authenticity/unsigned", "drafts idempotence/redelivered", "invoices idempotence/redelivered"}, found)
		require.ElementsMatch(t, found, told)
		lives := map[string]bool{}
		for _, p := range r.Phases {
			lives[p.Life] = true
		}
		require.Equal(t, map[string]bool{"drafts": true, "invoices": true}, lives)

		only.Lives = []string{"invoices"}
		r, err = Judge(t.Context(), all, only)
		require.NoError(t, err)
		require.Len(t, r.Findings, 2)
		require.Contains(t, r.Command, " --life invoices")
		only.Lives = []string{"invoice"}
		_, err = Judge(t.Context(), all, only)
		require.EqualError(t, err, `the target has no life "invoice"; did you mean invoices?; it has drafts, invoices`)
	})
}

// A life whose events could be about no object ends the run before anything is delivered, also for the lives before it.
func TestNothingIsHalfRun(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		all := openBook(t, bookLie{})
		wrong := all.Lives["invoices"]
		wrong.Subject = func(context.Context) (event.Subject, error) { return event.Subject{"amount": 4900}, nil }
		all.Lives["later"] = wrong
		r, err := Judge(t.Context(), all, Options{})
		require.EqualError(t, err, "life later: the hook subject: it gives amount, none of which ties an event to the object; give what Stripe's object has, under the name invoice or metadata.KEY")
		require.Empty(t, r.Findings)
		counted, err := all.Counters(t.Context())
		require.NoError(t, err)
		require.Zero(t, counted.Received)
	})
}

// A name that a relation needs, and that the subject does not bind, is named.
func TestWhatASubjectDoesNotBindIsNamed(t *testing.T) {
	t.Parallel()
	subscription, err := life.BuiltIn("subscription")
	require.NoError(t, err)
	hook := &target.Target{Life: subscription, Subject: func(context.Context) (event.Subject, error) { return nil, nil }, State: func(context.Context, event.Subject) (any, error) { return nil, nil }}
	for name, row := range map[string]struct {
		subject event.Subject
		check   string
		why     string // "" is asked
	}{
		"the other price":   {event.Subject{"clientReferenceId": "u", "price": "price_1"}, "meaning/plan-by-turns", "needs otherPrice from the `subject` hook"},
		"both":              {event.Subject{"clientReferenceId": "u", "price": "price_1", "otherPrice": "price_2"}, "meaning/plan-by-turns", ""},
		"it is not for all": {event.Subject{"clientReferenceId": "u"}, "meaning/ends", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := planFor(check.Of(subscription), hook, facts{sample: row.subject}, Options{Seed: 1}, 12)
			require.NoError(t, err)
			for _, one := range p.checks {
				if one.check.Name != row.check {
					continue
				}
				if row.why == "" {
					require.Nil(t, one.reason)
					require.Positive(t, one.cases)
					return
				}
				require.Equal(t, &result.NotJudged{Kind: result.NothingToAsk, Text: row.why}, one.reason)
				return
			}
			require.Fail(t, "the check is not asked")
		})
	}
}
