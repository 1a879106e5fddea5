package run

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// An endpoint that means to ignore a type and says so has nothing left to be judged for it: each check that asks for the
// type's effect says the same, and the run is complete.
func TestWhatIsIgnoredOnPurposeIsNotAskedFor(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		unhandled []string
		checks    []string // that ask for an effect of these
	}{
		"refunds": {[]string{"charge.refunded"}, []string{
			"idempotence/refund-redelivered", "idempotence/overlapping-refund", "meaning/refund", "meaning/partial-refund",
			"meaning/partly-refunded", "meaning/refunds-add-up", "meaning/refund-checked",
		}},
		"disputes":      {[]string{"charge.dispute.created", "charge.dispute.closed"}, []string{"meaning/dispute", "meaning/dispute-outcome"}},
		"slow payments": {[]string{"checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed"}, []string{"meaning/slow-payment"}},
		"expiries":      {[]string{"checkout.session.expired"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				target := openStall(t, func(s *stall) {
					s.before = func(e stallEvent, _ *stallOrder) bool { return slices.Contains(row.unhandled, e.Type) }
				}).target()
				target.Unhandled = row.unhandled
				r, err := Judge(t.Context(), target, Options{Only: []string{"idempotence", "order", "meaning"}, Skip: []string{"idempotence/restart", "idempotence/later"}})
				require.NoError(t, err)
				for _, f := range r.Findings {
					require.NotEqual(t, result.Fail, f.Verdict, "%s: %s", f.Check, f.Why)
					require.False(t, f.Incomplete(), "%s: %s", f.Check, f.Why)
				}
				for _, check := range row.checks {
					f := findingOf(t, r, check)
					require.Equal(t, result.NotRun, f.Verdict, check)
					require.Contains(t, row.unhandled, strings.TrimPrefix(f.Why, "unhandled lists "), check)
				}
			})
		})
	}
}

// Where the state does not show a type and nothing says that it is ignored, the message names the type to list.
func TestWhatDoesNotShowIsNamedForUnhandled(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		for left, row := range map[string]struct{ right, why string }{
			"paid refund":         {"paid", "the state is the same after paid refund as after paid, so it does not show charge.refunded; let the state hook show it, or list charge.refunded under unhandled if the endpoint ignores it on purpose. If the endpoint does handle it, it may find no object: such an event has the payment_intent of the session, which must be stored when the session is paid, and has metadata only where pick has charge.metadata.KEY"},
			"paid dispute":        {"paid", "the state is the same after paid dispute as after paid, so it does not show charge.dispute.created; let the state hook show it, or list charge.dispute.created under unhandled if the endpoint ignores it on purpose. If the endpoint does handle it, it may find no object: such an event has the payment_intent of the session, which must be stored when the session is paid, and has no metadata"},
			"unpaid async-failed": {"unpaid", "the state is the same after unpaid async-failed as after unpaid, so it does not show checkout.session.async_payment_failed; let the state hook show it, or list checkout.session.async_payment_failed under unhandled if the endpoint ignores it on purpose"},
			"paid":                {"unpaid", "the state is the same after paid as after unpaid, so their difference is no evidence"},
		} {
			require.Equal(t, row.why, notShown(life.Payment, left, row.right))
		}
		target := openStall(t, func(s *stall) {
			s.before = func(e stallEvent, _ *stallOrder) bool { return e.Type == "charge.refunded" }
		}).target()
		r, err := Judge(t.Context(), target, Options{Only: []string{"idempotence/refund-redelivered", "meaning/refunds-add-up", "meaning/refund-checked"}})
		require.NoError(t, err)
		for _, f := range r.Findings {
			require.True(t, f.Incomplete(), "%s: no evidence is never a pass", f.Check)
			require.Contains(t, f.Why, "list charge.refunded under unhandled", f.Check)
		}
	})
}

// A refund handler that looks for its order by a payment intent that nobody has stored acknowledges, and does nothing: that
// is a fault, and none that unhandled mends.
func TestARefundThatFindsNoOrder(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, func(s *stall) {
			orders := map[string]string{} // by payment intent, which nothing is ever put into
			s.before = func(e stallEvent, _ *stallOrder) bool {
				return e.Type == "charge.refunded" && orders[string(e.Data.Object.PaymentIntent)] == ""
			}
		}).target()
		r, err := Judge(t.Context(), target, Options{Only: []string{"idempotence/refund-redelivered"}})
		require.NoError(t, err)
		f := findingOf(t, r, "idempotence/refund-redelivered")
		require.Equal(t, result.NotRun, f.Verdict, f.Why)
		require.True(t, f.Incomplete())
		require.Contains(t, f.Why, "it may find no object: such an event has the payment_intent of the session, which must be stored when the session is paid")
	})
}
