package run

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
)

// An answer that comes late is met at each message of a delivery. Who gives up and goes on as if all were done loses the payment.
func TestAnswersThatComeLate(t *testing.T) {
	t.Parallel()
	lines := []string{"add seen {event}", "add paid {order}", "commit"}
	for name, row := range map[string]struct {
		clerk clerk
		want  result.Verdict
		why   string
	}{
		"patient":              {clerk{lines: lines, onError: 500}, result.Pass, ""},
		"gives up and fails":   {clerk{lines: lines, onError: 500, within: time.Second / 2}, result.Pass, ""},
		"gives up and goes on": {clerk{lines: lines, onError: 200, within: time.Second / 2}, result.Fail, "after paid, /paid is 0 instead of 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				r, err := Judge(t.Context(), openLedger(t, row.clerk), Options{Only: []string{"faults/slow-answer"}})
				require.NoError(t, err)
				f := findingOf(t, r, "faults/slow-answer")
				require.Equal(t, row.want, f.Verdict, f.Why)
				require.Contains(t, f.Why, row.why)
				if row.want == result.Fail {
					require.Contains(t, f.Timeline[len(f.Timeline)-1].Fault+f.Timeline[0].Fault, "a second late")
				}
			})
		})
	}
}

// Each message of a delivery is met once, all in little more than the time of one.
func TestEachAnswerComesLate(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		x, counts := struckClerk(t, clerk{})
		began := time.Now()
		all := histories(t, x, faultOn(t, "paid", "slow-answer"))
		require.Equal(t, []string{"answer to message 1 of 4 a second late", "answer to message 2 of 4 a second late", "answer to message 3 of 4 a second late", "answer to message 4 of 4 a second late"}, faultsTold(all))
		require.Equal(t, 4, x.struck)
		require.EqualValues(t, 6, counts.deliveries.Load(), "one is compared with, and one counts the messages")
		require.Less(t, time.Since(began), 3*x.timings.SlowAnswer, "virtual time")
	})
}

// Where several events grant, the answers that come late are those to the one that matters.
func TestAnswersToWhatMattersComeLate(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		x, _ := struckClerk(t, clerk{})
		x.roles.grant = "unpaid paid"
		_, err := x.decisive.get(t.Context(), func() (string, error) { return "unpaid", nil })
		require.NoError(t, err)
		all := histories(t, x, faultOn(t, "unpaid paid", "slow-answer"))
		require.Len(t, all, 4)
		for _, h := range all {
			require.Equal(t, "paid unpaid", h.Schedule)
		}
	})
}
