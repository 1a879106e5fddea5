package run

import (
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
)

// An endpoint that keeps an order's one payment by a unique constraint, and answers 500 to the second, has one fault. It
// is told as that: no check about signatures or order fails, and what fails beside it is told under it.
func TestOneFaultIsToldAsOne(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, nil)
		var mu sync.Mutex
		paid := map[string]bool{}
		s.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) bool {
			var e stallEvent
			if !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) || endpointtest.Unmarshal(body, &e) != nil {
				return false
			}
			order, session := e.Data.Object.Metadata["order"], e.Data.Object
			pays := e.Type == "checkout.session.completed" && session.PaymentStatus != "unpaid" || e.Type == "checkout.session.async_payment_succeeded"
			mu.Lock()
			defer mu.Unlock()
			if pays && order != "" && s.fits(e) {
				s.mu.Lock()
				known := s.orders[order] != nil
				s.mu.Unlock()
				if paid[order] {
					w.WriteHeader(http.StatusInternalServerError)
					return true
				}
				paid[order] = known
			}
			return false
		}
		target := s.target()
		target.Counters = nil
		r, err := Judge(t.Context(), target, Options{Seed: 1})
		require.NoError(t, err)
		f := findingOf(t, r, "ack-policy/duplicate")
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.Empty(t, f.Because)
		for _, other := range r.Findings {
			if other.Verdict == result.Fail && other.Check != f.Check {
				require.Equal(t, f.Check, other.Because, "%s: %s", other.Check, other.Why)
			}
			if !slices.Contains([]string{f.Check, "ack-policy/conflicts", "meaning/second-payment"}, other.Check) {
				require.NotEqual(t, result.Fail, other.Verdict, "%s: %s", other.Check, other.Why)
			}
		}
	})
}

func TestExplain(t *testing.T) {
	t.Parallel()
	duplicate := evidence{check: "ack-policy/duplicate", refused: 500}
	redelivered := evidence{check: "idempotence/redelivered", places: []string{"/licences", "/mails"}, doubled: true, copied: []string{"paid"}, facts: "paid, paid = paid"}
	twoIDs := evidence{check: "idempotence/two-ids", places: []string{"/licences", "/mails"}, doubled: true, copied: []string{"paid+"}, facts: "paid*2+ = paid"}
	forged := evidence{check: "authenticity/wrong-secret", taken: []string{"wrong-secret"}}
	refunds := evidence{check: "order/refunds", places: []string{"/refunded", "/status"}, facts: "refund 1, paid = paid, refund 1"}
	unpaid := evidence{check: "meaning/unpaid", places: []string{"/shipped", "/status"}, begins: "unpaid"}
	taken := func(check string, signs ...string) evidence { return evidence{check: check, taken: signs} }
	for name, row := range map[string]struct {
		failed  []evidence
		because map[string]string
	}{
		"nothing":                    {nil, map[string]string{}},
		"a cause alone":              {[]evidence{duplicate}, map[string]string{}},
		"the same answer to copies":  {[]evidence{{check: "faults/killed", refused: 500}, duplicate}, map[string]string{"faults/killed": "ack-policy/duplicate"}},
		"another answer to copies":   {[]evidence{duplicate, {check: "faults/killed", refused: 409}}, map[string]string{}},
		"an answer of the same kind": {[]evidence{duplicate, {check: "faults/killed", refused: 503}}, map[string]string{}},
		"an answer to something new": {[]evidence{duplicate, {check: "ack-policy/life"}}, map[string]string{}},
		"a wrong state beside it":    {[]evidence{duplicate, {check: "order/tie", places: []string{"/status"}}}, map[string]string{}},
		"doubled in the same place": {[]evidence{redelivered, {check: "idempotence/restart", places: []string{"/licences"}, doubled: true, copied: []string{"paid"}}},
			map[string]string{"idempotence/restart": "idempotence/redelivered"}},
		"doubled elsewhere":       {[]evidence{redelivered, {check: "idempotence/restart", places: []string{"/refunded"}, doubled: true, copied: []string{"paid"}}}, map[string]string{}},
		"doubled by another copy": {[]evidence{redelivered, {check: "faults/cut-after", places: []string{"/mails"}, doubled: true, copied: []string{"refund"}}}, map[string]string{}},
		"doubled by no copy":      {[]evidence{redelivered, {check: "meaning/refunds-add-up", places: []string{"/mails"}, doubled: true}}, map[string]string{}},
		"two ids":                 {[]evidence{redelivered, twoIDs}, map[string]string{}},
		"two ids that overlap": {[]evidence{redelivered, twoIDs, {check: "idempotence/two-ids-overlapping", places: []string{"/mails"}, doubled: true, copied: []string{"paid+"}}},
			map[string]string{"idempotence/two-ids-overlapping": "idempotence/two-ids"}},
		"lost": {[]evidence{redelivered, {check: "faults/cut-before", places: []string{"/licences"}, copied: []string{"paid"}}}, map[string]string{}},
		"not by the tie": {[]evidence{refunds, {check: "order/tie", places: []string{"/refunded"}, facts: "refund 1, paid = paid, refund 1", otherFault: true}},
			map[string]string{"order/tie": "order/refunds"}},
		"not by the tie, of a cause that is told later": {[]evidence{{check: "order/tie", places: []string{"/refunded"}, facts: "x", otherFault: true}, {check: "meaning/refunds-add-up", places: []string{"/refunded"}, facts: "x"}},
			map[string]string{"order/tie": "meaning/refunds-add-up"}},
		"by the tie":                      {[]evidence{refunds, {check: "order/tie", places: []string{"/refunded"}, facts: "tie, refund 1, paid = paid, refund 1"}}, map[string]string{}},
		"the same facts, another place":   {[]evidence{refunds, {check: "order/tie", places: []string{"/mails"}, facts: "refund 1, paid = paid, refund 1", otherFault: true}}, map[string]string{}},
		"neither by the tie nor by again": {[]evidence{{check: "order/tie", places: []string{"/s"}, facts: "x", otherFault: true}, {check: "order/repeated", places: []string{"/s"}, facts: "x", otherFault: true}}, map[string]string{"order/repeated": "order/tie"}},
		"the same facts, and more before": {[]evidence{refunds, {check: "order/repeated", places: []string{"/status"}, found: []string{"/licences", "/status"}, facts: "refund 1, paid = paid, refund 1"}}, map[string]string{}},
		"the same facts, as before":       {[]evidence{refunds, {check: "order/repeated", places: []string{"/status"}, found: []string{"/refunded", "/status"}, facts: "refund 1, paid = paid, refund 1"}}, map[string]string{"order/repeated": "order/refunds"}},
		"wrong before it failed": {[]evidence{unpaid, {check: "meaning/slow-payment-failed", places: []string{"/shipped"}, begins: "unpaid async-failed"}},
			map[string]string{"meaning/slow-payment-failed": "meaning/unpaid"}},
		"wrong when it failed":       {[]evidence{unpaid, {check: "meaning/slow-payment-failed", places: []string{"/mails", "/shipped"}, begins: "unpaid async-failed"}}, map[string]string{}},
		"wrong by something else":    {[]evidence{unpaid, {check: "meaning/expired", places: []string{"/shipped"}, begins: "expired"}}, map[string]string{}},
		"forged in another way":      {[]evidence{taken("authenticity/tampered", "tampered-body"), forged}, map[string]string{"authenticity/tampered": "authenticity/wrong-secret"}},
		"forged, and not taken":      {[]evidence{forged, taken("bookkeeping/errors")}, map[string]string{}},
		"forged, and another answer": {[]evidence{taken("authenticity/wrong-secret"), taken("authenticity/unsigned", "no-header")}, map[string]string{}},
		"neither signature nor time": {[]evidence{forged, taken("authenticity/unsigned", "no-header"), taken("authenticity/stale", "stale")},
			map[string]string{"authenticity/unsigned": "authenticity/wrong-secret", "authenticity/stale": "authenticity/wrong-secret"}},
		"lost by a restart": {[]evidence{{check: "idempotence/restart", lost: true}, {check: "faults/killed", lost: true}, {check: "faults/stopped", doubled: true}},
			map[string]string{"faults/killed": "idempotence/restart"}},
		"too old": {[]evidence{forged, taken("authenticity/stale", "stale")}, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, row.because, explain(row.failed))
		})
	}
}

// The order of the same events is one fault, whichever check tells it; and so is the refusal of one event.
func TestOneOrderAndOneRefusalAreOneFault(t *testing.T) {
	t.Parallel()
	order := func(check, events string, places ...string) evidence {
		return evidence{check: check, order: events, places: places}
	}
	refused := func(check, answer string, never bool) evidence {
		return evidence{check: check, never: never, refusals: refusals{byType: map[string]string{"invoice.payment_failed": answer}}}
	}
	for name, row := range map[string]struct {
		failed []evidence
		want   map[string]string
	}{
		"the same events and places":  {[]evidence{order("order/refused-first", "a b", "/x"), order("order/begins", "a b", "/x", "/y")}, map[string]string{"order/refused-first": "order/begins"}},
		"another place":               {[]evidence{order("order/refused-first", "a b", "/z"), order("order/begins", "a b", "/x")}, map[string]string{}},
		"another story":               {[]evidence{order("order/stale-update", "a b c", "/x"), order("order/begins", "a b", "/x")}, map[string]string{}},
		"an event that is refused":    {[]evidence{refused("meaning/recovers", "400 no", true), refused("ack-policy/life", "400 no", false)}, map[string]string{"meaning/recovers": "ack-policy/life"}},
		"and in another shape":        {[]evidence{refused("ack-policy/other-shapes", "400 no", false), refused("ack-policy/life", "400 no", false)}, map[string]string{"ack-policy/other-shapes": "ack-policy/life"}},
		"with another answer":         {[]evidence{refused("meaning/recovers", "500 no", true), refused("ack-policy/life", "400 no", false)}, map[string]string{}},
		"an end that stays":           {[]evidence{{check: "meaning/items", stays: true, places: []string{"/until"}}, {check: "meaning/period", stays: true, places: []string{"/until"}}}, map[string]string{"meaning/items": "meaning/period"}},
		"a wrong answer that differs": {[]evidence{refused("authenticity/genuine", "400 no", false), refused("ack-policy/life", "400 no", false)}, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, row.want, explain(row.failed))
		})
	}
}

// The events of a case are told once if only their order differs.
func TestOrderOfACase(t *testing.T) {
	t.Parallel()
	for left, want := range map[string]string{
		"refund paid":        "paid refund",
		"paid & refund":      "paid refund",
		"paid refund":        "",
		"paid refund refund": "",
		"paid":               "",
	} {
		require.Equal(t, want, caseOf(t, check.Relation{Left: left, Op: "=", Right: "paid refund"}).order(), left)
	}
}

func TestDoubled(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		expected, seen normalized
		places         []string
		more           bool
	}{
		"no states":         {nil, nil, nil, false},
		"equal":             {normalized{"/n": "1"}, normalized{"/n": "1"}, nil, false},
		"a larger number":   {normalized{"/n": "1", "/s": `"paid"`}, normalized{"/n": "2", "/s": `"paid"`}, []string{"/n"}, true},
		"a smaller number":  {normalized{"/n": "1"}, normalized{"/n": "0"}, []string{"/n"}, false},
		"one more element":  {normalized{"/l/0": `"a"`}, normalized{"/l/0": `"a"`, "/l/1": `"a"`}, []string{"/l"}, true},
		"the first element": {normalized{"/l": "[]"}, normalized{"/l/0/k": `"a"`}, []string{"/l"}, true},
		"something new":     {normalized{"/n": "1"}, normalized{"/n": "1", "/s": `"paid"`}, []string{"/s"}, true},
		"one less":          {normalized{"/l/0": `"a"`, "/l/1": `"a"`}, normalized{"/l/0": `"a"`}, []string{"/l"}, false},
		"none left":         {normalized{"/l/0": `"a"`}, normalized{}, []string{"/l"}, false},
		"more, and another": {normalized{"/l/0": `"a"`}, normalized{"/l/0": `"b"`, "/l/1": `"a"`}, []string{"/l", "/l/0"}, false},
		"another text":      {normalized{"/s": `"paid"`}, normalized{"/s": `"open"`}, []string{"/s"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			places, more := doubled(row.expected, row.seen)
			require.Equal(t, row.places, places)
			require.Equal(t, row.more, more)
		})
	}
}
