package run

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// An amount that nobody gave is made up, and that is said: in the report, and where a payment shows nothing.
func TestAnAmountThatNobodyGaveIsSaid(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		for missing, want := range map[string]string{
			"": "", "amount": "gives no amount, so events have 4500;", "currency": `gives no currency, so events have usd;`, "amount currency": `gives no amount and no currency, so events have 4500 usd;`,
		} {
			s := event.Subject{"sessionId": "cs_1", "amount": 4900, "currency": "usd"}
			for name := range strings.FieldsSeq(missing) {
				delete(s, name)
			}
			require.Contains(t, assumedMoney(life.Payment, s), want)
			require.Equal(t, missing == "", assumedMoney(life.Payment, s) == "")
		}
		judged := func(lie func(*stall)) (result.Report, error) {
			target := openStall(t, lie).target()
			subject := target.Subject
			target.Subject = func(ctx context.Context) (event.Subject, error) {
				s, err := subject(ctx)
				delete(s, "amount")
				return s, err
			}
			return Judge(t.Context(), target, Options{Only: []string{"authenticity/genuine", "meaning/unpaid"}})
		}
		r, err := judged(nil)
		require.NoError(t, err)
		require.Len(t, r.Notes, 1)
		require.Contains(t, r.Notes[0], `no amount, so events have 4500; if that is not the price, pick it from the hook's answer, or give it as a constant: "amount": {"value": 4500}`)
		_, err = judged(func(s *stall) { s.shows = func(map[string]any) any { return "open" } })
		require.ErrorContains(t, err, "its log may say why. Also, the subject hook gives no amount")
	})
}
