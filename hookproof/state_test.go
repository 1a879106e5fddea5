package hookproof

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStatesAreMadeCanonical(t *testing.T) {
	t.Parallel()
	s := Subject{"sessionId": "cs_test_123456", "metadata.order": "order-123456", "amount": 4500, "currency": "usd", "paymentIntent": "pi_abcdef"}
	c, err := canonicalOf(map[string]any{
		"id": "order-123456", "url": "/pay/cs_test_123456", "by": "evt_1abc and evt_2def", "amount": 4500, "currency": "usd",
		"items": []any{map[string]any{"n": 1, "readAt": "now"}, "x"}, "none": nil, "empty": map[string]any{}, "list": []any{},
		"of order-123456": true, "a/b": 1.50, "updatedAt": "now", "charge": "ch_abcdef of pi_abcdef",
	}, s, []string{"/updatedAt", "/items/*/readAt"})
	require.NoError(t, err)
	require.Equal(t, canonical{
		"/id": `"{{metadata.order}}"`, "/url": `"/pay/{{sessionId}}"`, "/by": `"evt_… and evt_…"`, "/amount": "4500", "/currency": `"usd"`,
		"/items/0/n": "1", "/items/1": `"x"`, "/none": "null", "/empty": "{}", "/list": "[]", "/of {{metadata.order}}": "true", "/a~1b": "1.5",
		"/charge": `"{{charge}} of {{paymentIntent}}"`,
	}, c)
	require.Equal(t, State{"/id": "{{metadata.order}}"}, canonical{"/id": `"{{metadata.order}}"`}.decoded())

	whole, err := canonicalOf("open", s, nil)
	require.NoError(t, err)
	require.Equal(t, canonical{"": `"open"`}, whole, "a state can be any JSON")
}

func TestStatesDifferBothWays(t *testing.T) {
	t.Parallel()
	a, b := canonical{"/x": "1", "/y": "2"}, canonical{"/x": "1", "/z": "3"}
	require.Equal(t, []string{"/y", "/z"}, a.difference(b))
	require.False(t, a.equal(b))
	require.False(t, canonical{}.equal(b), "what is missing differs")
	require.False(t, b.equal(canonical{}))
	require.True(t, a.equal(canonical{"/y": "2", "/x": "1"}))
	require.Equal(t, "/y is 2 instead of absent, /z is absent instead of 3", a.tells(b))
}

// What is answered while faults are made, and shortly after, is no evidence of how the target answers.
func TestAnswersAreJudgedInCalmOnly(t *testing.T) {
	t.Parallel()
	began := time.Unix(1000, 0)
	r := &run{target: &Target{Secret: "whsec_x"}}
	for second, status := range map[int]int{1: 200, 5: 500, 9: 503, 20: 202} {
		r.journal.add(Delivery{SentAt: began.Add(time.Duration(second) * time.Second), Latency: time.Millisecond, Status: status})
	}
	require.Len(t, r.journaled().Deliveries, 4, "no faults were made")
	r.unrest = period{began.Add(4 * time.Second), began.Add(12 * time.Second)}
	var left []int
	for _, d := range r.journaled().Deliveries {
		left = append(left, d.Status)
	}
	require.ElementsMatch(t, []int{200, 202}, left)
}
