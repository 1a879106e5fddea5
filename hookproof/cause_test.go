package hookproof

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// An endpoint that keeps an order's one payment by a unique constraint, and answers 500 to the second, has one fault. It
// is told as that: no check about signatures or order fails, and what fails beside it is told under it.
func TestOneFaultIsToldAsOne(t *testing.T) {
	t.Parallel()
	s := openStall(t, nil)
	var mu sync.Mutex
	paid := map[string]bool{}
	s.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) bool {
		var e stallEvent
		if !verifies(r.Header.Get("Stripe-Signature"), body) || json.Unmarshal(body, &e) != nil {
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
	require.Equal(t, Fail, f.Verdict, f.Why)
	require.Empty(t, f.Because)
	for _, other := range r.Findings {
		if other.Verdict == Fail && other.Check != f.Check {
			require.Equal(t, f.Check, other.Because, "%s: %s", other.Check, other.Why)
		}
		if other.Check != f.Check && other.Check != "ack-policy/conflicts" {
			require.NotEqual(t, Fail, other.Verdict, "%s: %s", other.Check, other.Why)
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	duplicate := evidence{check: "ack-policy/duplicate", refused: 500}
	redelivered := evidence{check: "idempotence/redelivered", places: []string{"/licences", "/mails"}, doubled: true}
	forged := evidence{check: "authenticity/wrong-secret", taken: true}
	for name, row := range map[string]struct {
		failed  []evidence
		because map[string]string
	}{
		"nothing":                    {nil, map[string]string{}},
		"a cause alone":              {[]evidence{duplicate}, map[string]string{}},
		"the same answer to copies":  {[]evidence{{check: "faults/killed", refused: 500}, duplicate}, map[string]string{"faults/killed": "ack-policy/duplicate"}},
		"another answer to copies":   {[]evidence{duplicate, {check: "faults/killed", refused: 409}}, map[string]string{}},
		"an answer to something new": {[]evidence{duplicate, {check: "ack-policy/life"}}, map[string]string{}},
		"a wrong state beside it":    {[]evidence{duplicate, {check: "order/tie", places: []string{"/status"}}}, map[string]string{}},
		"doubled in the same place": {[]evidence{redelivered, {check: "idempotence/restart", places: []string{"/licences"}, doubled: true}},
			map[string]string{"idempotence/restart": "idempotence/redelivered"}},
		"doubled elsewhere": {[]evidence{redelivered, {check: "idempotence/refund-redelivered", places: []string{"/refunded"}, doubled: true}}, map[string]string{}},
		"lost":              {[]evidence{redelivered, {check: "faults/cut-before", places: []string{"/licences"}}}, map[string]string{}},
		"forged in another way": {[]evidence{{check: "authenticity/tampered", taken: true}, forged},
			map[string]string{"authenticity/tampered": "authenticity/wrong-secret"}},
		"neither signature nor time": {[]evidence{forged, {check: "authenticity/unsigned", taken: true}, {check: "authenticity/stale", taken: true}},
			map[string]string{"authenticity/unsigned": "authenticity/wrong-secret", "authenticity/stale": "authenticity/wrong-secret"}},
		"too old": {[]evidence{forged, {check: "authenticity/stale", taken: true}}, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, row.because, explain(row.failed))
		})
	}
}

func TestDoubled(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		expected, seen State
		places         []string
		more           bool
	}{
		"no states":        {nil, nil, nil, false},
		"equal":            {State{"/n": 1.0}, State{"/n": 1.0}, nil, false},
		"a larger number":  {State{"/n": 1.0, "/s": "paid"}, State{"/n": 2.0, "/s": "paid"}, []string{"/n"}, true},
		"a smaller number": {State{"/n": 1.0}, State{"/n": 0.0}, []string{"/n"}, false},
		"one more element": {State{"/l/0": "a"}, State{"/l/0": "a", "/l/1": "a"}, []string{"/l/1"}, true},
		"one less":         {State{"/l/0": "a"}, State{}, []string{"/l/0"}, false},
		"another text":     {State{"/s": "paid"}, State{"/s": "open"}, []string{"/s"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			places, more := doubled(row.expected, row.seen)
			require.Equal(t, row.places, places)
			require.Equal(t, row.more, more)
		})
	}
}
