package run

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
)

// What a run sends to find out whether answers flap must not become a part of the state that others are compared with,
// where a target counts every copy.
func TestTheReferenceIsLeftAlone(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		var s *stall
		s = openStall(t, func(lie *stall) {
			lie.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
				s.forget()
				if len(body) < 100<<10 {
					return false
				}
				w.WriteHeader(http.StatusInternalServerError) // early in the run, so that flapping is looked for
				return true
			}
			lie.before = func(e stallEvent, o *stallOrder) bool {
				if e.Type != "checkout.session.completed" || e.Data.Object.PaymentStatus != "paid" {
					return false
				}
				o.rank = max(o.rank, 4)
				o.shipped++
				return true
			}
		})
		report, err := Judge(t.Context(), s.target(), Options{Only: []string{"authenticity/large-body", "authenticity/forgery-burns-nothing", "idempotence/redelivered"}})
		require.NoError(t, err)
		require.Len(t, report.Findings, 3)
		require.Equal(t, result.Fail, report.Findings[0].Verdict)
		burnt, redelivered := report.Findings[1], report.Findings[2]
		require.Equal(t, result.Pass, burnt.Verdict, burnt.Why)
		require.Equal(t, result.Fail, redelivered.Verdict)
		require.EqualValues(t, 1, redelivered.Expected["/shipped"])
	})
}
